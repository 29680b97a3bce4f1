import { isAscii } from "node:buffer";
import { widerOf } from "../../collections/schema.ts";
import { parseIso } from "../../collections/time/iso.ts";
import { isPlain, unquote } from "./header.ts";
import type { Dialect } from "./params.ts";
import { kindOf, type TextKind } from "./texts.ts";
import { withKernel, type CsvKernel } from "./wasm.ts";

/** One field of a sample: its text without quotes. */
interface SampleField {
  readonly text: string;
  /** Text by its quotes, whatever it spells. */
  readonly isText: boolean;
}

/** The first records of a source, as texts. */
export interface Sample {
  readonly records: readonly (readonly SampleField[])[];
  /** Bytes that those records take, blank lines and byte order mark included. */
  readonly bytes: number;
  /** Offset of a quote that is still open at the end. */
  readonly openQuote?: number;
}

/** Indexed at first, in bytes: mostly enough for a sample's records. */
const FIRST_BYTES = 64 * 1024;

/** Splits the beginning of a source into at most `limit` records; a last one that is not there whole counts only where `whole` says the source ends. */
export function sampleRecords(bytes: Uint8Array, dialect: Dialect, limit: number, whole: boolean): Promise<Sample> {
  return withKernel((kernel) => {
    kernel.setDialect(dialect);
    if (bytes.length <= FIRST_BYTES) return splitRecords(kernel, bytes, dialect, limit, whole);
    const first = splitRecords(kernel, bytes.subarray(0, FIRST_BYTES), dialect, limit, false);
    const isEnough = first.records.length >= limit && first.openQuote === undefined;
    return isEnough ? first : splitRecords(kernel, bytes, dialect, limit, whole);
  });
}

function splitRecords(kernel: CsvKernel, bytes: Uint8Array, dialect: Dialect, limit: number, whole: boolean): Sample {
  const mark = bytes.length >= 3 && bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf ? 3 : 0;
  const length = bytes.length - mark;
  const buffer = kernel.allocate(length + 1);
  const index = kernel.allocate(4 * (length + 2)) + 4;
  kernel.bytes().set(bytes.subarray(mark), buffer);
  const needsEnd = whole && length > 0 && bytes[bytes.length - 1] !== 10;
  if (needsEnd) kernel.bytes()[buffer + length] = 10;
  const count = kernel.wasm.tokenizeExact(buffer, length + (needsEnd ? 1 : 0), index);
  const ends = new Uint32Array(kernel.wasm.memory.buffer, index, count);
  const memory = kernel.bytes();
  // Cutting one string is many times faster than decoding each field.
  const block = Buffer.from(kernel.wasm.memory.buffer, buffer, length);
  const ascii = isAscii(block) ? block.toString("latin1") : undefined;
  const textOf = (from: number, to: number) => ascii?.slice(from - buffer, to - buffer) ?? kernel.text(from, to);
  const records: SampleField[][] = [];
  let fields: SampleField[] = [];
  let start = buffer;
  for (let i = 0; i < count && records.length < limit; i++) {
    const end = ends[i];
    const isLast = memory[end] === 10;
    const text = textOf(start, isLast && end > start && memory[end - 1] === 13 ? end - 1 : end);
    fields.push({
      text: unquote(text, dialect),
      isText: !isPlain(text, dialect),
    });
    start = end + 1;
    if (!isLast) continue;
    if (fields.length > 1 || text !== "") records.push(fields);
    fields = [];
  }
  const opened = kernel.wasm.quoteOpenedAt.value >>> 0;
  kernel.release(buffer);
  kernel.release(index - 4);
  return { records, bytes: mark + start - buffer, ...(opened > 0 ? { openQuote: mark + opened - buffer } : {}) };
}

/** The narrowest kind that holds all the texts of each column. `dates`: whether those that spell days and instants are told from strings. */
export function columnKinds(
  records: Sample["records"],
  width: number,
  nulls: ReadonlySet<string>,
  dates = false,
): TextKind[] {
  const kinds: TextKind[] = Array.from({ length: width }, () => "null");
  for (const record of records) {
    const fields = Math.min(width, record.length);
    // Nothing is wider than a string.
    for (let i = 0; i < fields; i++)
      if (kinds[i] !== "string")
        kinds[i] = widerOf<TextKind>(kinds[i], fieldKind(record[i], nulls, dates), true) ?? "string";
  }
  return kinds;
}

function fieldKind({ text, isText }: SampleField, nulls: ReadonlySet<string>, dates: boolean): TextKind {
  // An empty field is null to numbers; in quotes it is the empty string to text. It decides nothing.
  if (text === "") return "null";
  const kind = isText ? "string" : kindOf(text, nulls);
  return kind === "string" && dates ? (parseIso(text)?.type ?? kind) : kind;
}
