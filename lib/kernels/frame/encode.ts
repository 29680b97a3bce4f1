import type { ScalarType, Schema } from "../../collections/schema.ts";
import type { JsonObject } from "../../errors.ts";
import { PlanError } from "../../errors.ts";
import { PackedDictionary, columnOf, type Batch, type Column } from "./column.ts";
import { packStrings, withoutRepeats } from "./packed-texts.ts";

/**
 * A frame as bytes, between tasks: a JSON header, then the columns' buffers as they are, each at a multiple of 8 bytes, so that
 * reading makes views and copies nothing. (Laid out like an Arrow IPC message, without its library: loading that would cost a
 * worker more than most tasks take. Arrow is what the user gets, see client/arrow.ts.)
 *
 *     "ABF1" | u32 header length | header JSON, padded | buffer | buffer | …
 */
const MAGIC = 0x31464241; // "ABF1"

interface Header {
  readonly rows: number;
  readonly columns: readonly {
    readonly name: string;
    readonly type: ScalarType;
    readonly wide: boolean;
    /** Of texts: see `Dictionary.hasRepeats`. */
    readonly repeats?: boolean;
    readonly buffers: readonly number[];
  }[];
  readonly extra: JsonObject;
}

/** A batch with its columns in order. */
export interface Frame {
  readonly schema: Schema;
  readonly batch: Batch;
}

/** `allocate`: where the bytes shall lie. */
export function encodeFrame(
  { schema, batch }: Frame,
  extra: JsonObject = {},
  allocate: (bytes: number) => Uint8Array = (bytes) => new Uint8Array(bytes),
): Uint8Array {
  const buffers: Uint8Array[] = [];
  const columns = schema.map(({ name, type }) => {
    const column = columnOf(batch, name);
    const [parts, repeats] = buffersOf(column);
    buffers.push(...parts);
    return {
      name,
      type,
      wide: column.type !== "string" && column.values instanceof BigInt64Array,
      ...(repeats ? { repeats } : {}),
      buffers: parts.map((part) => part.byteLength),
    };
  });
  const header = new TextEncoder().encode(JSON.stringify({ rows: batch.rows, columns, extra } satisfies Header));
  const start = pad(8 + header.length);
  const out = allocate(buffers.reduce((sum, part) => sum + pad(part.byteLength), start));
  const view = new DataView(out.buffer, out.byteOffset);
  view.setUint32(0, MAGIC, true);
  view.setUint32(4, header.length, true);
  out.set(header, 8);
  let at = start;
  for (const part of buffers) {
    out.set(part, at);
    at += pad(part.byteLength);
  }
  return out;
}

/** What is larger goes to other threads by itself, in bytes. */
const LARGE_BYTES = 64 * 1024;

/** For outputs of tasks: large ones are made where all can read them. */
export function bytesForAll(bytes: number): Uint8Array {
  return bytes > LARGE_BYTES ? new Uint8Array(new SharedArrayBuffer(bytes)) : new Uint8Array(bytes);
}

/** Views on the bytes, or on a copy where they do not begin at a multiple of 8. Dictionaries with repeats stay so, if `mayRepeat`. */
export function decodeFrame(encoded: Uint8Array, mayRepeat = false): Frame & { extra: JsonObject } {
  const bytes = encoded.byteOffset % 8 === 0 ? encoded : encoded.slice();
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (bytes.byteLength < 8 || view.getUint32(0, true) !== MAGIC)
    throw new PlanError("These bytes are no frame (they do not begin with ABF1).");
  const length = view.getUint32(4, true);
  // The cast states what encodeFrame wrote behind the magic number.
  const header = JSON.parse(Buffer.from(bytes.slice(8, 8 + length)).toString()) as Header;
  let at = bytes.byteOffset + pad(8 + length);
  const take = (size: number) => {
    const part = { buffer: bytes.buffer, at, size };
    at += pad(size);
    return part;
  };
  const columns = new Map(
    header.columns.map(({ name, type, wide, repeats = false, buffers }): [string, Column] => {
      const column = columnFrom(type, wide, buffers.map(take), repeats);
      return [name, mayRepeat || column.type !== "string" ? column : withoutRepeats(column)];
    }),
  );
  return {
    schema: header.columns.map(({ name, type }) => ({ name, type })),
    batch: { rows: header.rows, columns },
    extra: header.extra,
  };
}

function pad(size: number): number {
  return Math.ceil(size / 8) * 8;
}

function bytesOf(array: ArrayBufferView): Uint8Array {
  return new Uint8Array(array.buffer, array.byteOffset, array.byteLength);
}

/** A string column's dictionary is written with the codes that occur, and few others. */
function buffersOf(column: Column): [buffers: Uint8Array[], hasRepeats: boolean] {
  if (column.type !== "string")
    return [[bytesOf(column.values), column.valid === undefined ? new Uint8Array(0) : column.valid], false];
  const { codes, dictionary } = packStrings(column);
  return [[bytesOf(codes), bytesOf(dictionary.offsets), dictionary.data], dictionary.hasRepeats];
}

interface Part {
  readonly buffer: ArrayBufferLike;
  readonly at: number;
  readonly size: number;
}

function columnFrom(type: ScalarType, wide: boolean, parts: readonly Part[], repeats: boolean): Column {
  const [first, second, third] = parts;
  if (type === "string") {
    const offsets = new Int32Array(second.buffer, second.at, second.size / 4);
    return {
      type,
      codes: new Int32Array(first.buffer, first.at, first.size / 4),
      dictionary: new PackedDictionary(offsets, new Uint8Array(third.buffer, third.at, third.size), repeats),
    };
  }
  const valid = second.size > 0 ? new Uint8Array(second.buffer, second.at, second.size) : undefined;
  if (type === "bool") return { type, values: new Uint8Array(first.buffer, first.at, first.size), valid };
  if (type !== "float64" && wide)
    return { type, values: new BigInt64Array(first.buffer, first.at, first.size / 8), valid };
  return { type, values: new Float64Array(first.buffer, first.at, first.size / 8), valid };
}
