import type { ScalarType, Schema } from "../../collections/schema.ts";
import type { JsonObject } from "../../errors.ts";
import { OptionError, PlanError } from "../../errors.ts";
import { PackedDictionary, columnOf, type Batch, type Column, type Dictionary, type StringColumn } from "./column.ts";

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
    const parts = buffersOf(column);
    buffers.push(...parts);
    return {
      name,
      type,
      wide: column.type !== "string" && column.values instanceof BigInt64Array,
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

/** Views on the bytes, or on a copy where they do not begin at a multiple of 8. */
export function decodeFrame(encoded: Uint8Array): Frame & { extra: JsonObject } {
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
    header.columns.map(({ name, type, wide, buffers }): [string, Column] => [
      name,
      columnFrom(type, wide, buffers.map(take)),
    ]),
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

/** A string column's dictionary is written with the codes that occur only. */
function buffersOf(column: Column): Uint8Array[] {
  if (column.type !== "string")
    return [bytesOf(column.values), column.valid === undefined ? new Uint8Array(0) : column.valid];
  const { codes, dictionary } = packStrings(column);
  return [bytesOf(codes), bytesOf(dictionary.offsets), dictionary.data];
}

interface Part {
  readonly buffer: ArrayBufferLike;
  readonly at: number;
  readonly size: number;
}

function columnFrom(type: ScalarType, wide: boolean, parts: readonly Part[]): Column {
  const [first, second, third] = parts;
  if (type === "string") {
    const offsets = new Int32Array(second.buffer, second.at, second.size / 4);
    return {
      type,
      codes: new Int32Array(first.buffer, first.at, first.size / 4),
      dictionary: new PackedDictionary(offsets, new Uint8Array(third.buffer, third.at, third.size)),
    };
  }
  const valid = second.size > 0 ? new Uint8Array(second.buffer, second.at, second.size) : undefined;
  if (type === "bool") return { type, values: new Uint8Array(first.buffer, first.at, first.size), valid };
  if (type !== "float64" && wide)
    return { type, values: new BigInt64Array(first.buffer, first.at, first.size / 8), valid };
  return { type, values: new Float64Array(first.buffer, first.at, first.size / 8), valid };
}

/** The column with a dictionary of its own that holds just the strings that occur, in order of first sight. */
export function packStrings(column: StringColumn): StringColumn & { dictionary: PackedDictionary } {
  const { codes, dictionary } = column;
  if (dictionary instanceof PackedDictionary && dictionary.size <= codes.length) return { ...column, dictionary };
  const source: Dictionary = dictionary;
  const all = hasEachInOrder(codes, source.size) ? source.packed?.() : undefined;
  if (all !== undefined) return { type: "string", codes, dictionary: all };
  const renamed = new Int32Array(dictionary.size);
  const kept = new Int32Array(Math.min(codes.length, dictionary.size));
  const out = new Int32Array(codes.length);
  let count = 0;
  for (let i = 0; i < codes.length; i++) {
    const code = codes[i];
    if (code === 0) continue;
    if (renamed[code] === 0) {
      kept[count++] = code;
      renamed[code] = count;
    }
    out[i] = renamed[code];
  }
  return { type: "string", codes: out, dictionary: packTexts(dictionary, kept.subarray(0, count)) };
}

/** Whether the codes are 1 … size − 1, as those of groups are. */
function hasEachInOrder(codes: Int32Array, size: number): boolean {
  if (codes.length !== size - 1) return false;
  for (let i = 0; i < codes.length; i++) if (codes[i] !== i + 1) return false;
  return true;
}

/** The texts of some codes side by side, in their order: the first gets code 1. */
export function packTexts(dictionary: Dictionary, codes: Int32Array): PackedDictionary {
  const offsets = new Int32Array(codes.length + 2);
  const spans = dictionary.spans?.();
  let bytes = 0;
  for (let i = 0; i < codes.length; i++) {
    const code = codes[i];
    bytes += spans === undefined ? dictionary.bytes(code).length : spans.end(code) - spans.start(code);
    // What has no room is refused below.
    offsets[i + 2] = bytes;
  }
  refuseLongTexts(bytes);
  const data = new Uint8Array(bytes);
  for (let i = 0; i < codes.length; i++)
    if (spans === undefined) data.set(dictionary.bytes(codes[i]), offsets[i + 1]);
    else copyText(spans.data, spans.start(codes[i]), spans.end(codes[i]), data, offsets[i + 1]);
  return new PackedDictionary(offsets, data);
}

/** Short ones byte by byte: that is quicker than to make a view of them. */
function copyText(from: Uint8Array, start: number, end: number, to: Uint8Array, at: number): void {
  if (end - start > 64) to.set(from.subarray(start, end), at);
  else for (let i = start; i < end; i++) to[at++] = from[i];
}

/** Offsets of texts have 32 bits, as in Arrow. */
export function refuseLongTexts(bytes: number): void {
  if (bytes < 2 ** 31) return;
  throw new OptionError(
    `The distinct texts of one column take ${bytes} bytes; a frame in memory holds less than 2 GiB of them.`,
    {
      fields: { bytes },
      fix: "take fewer rows (head, filter), or aggregate before computing.",
    },
  );
}
