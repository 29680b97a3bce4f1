import { InternalError } from "../../errors.ts";
import type { VectorMemory } from "./vector-memory.ts";

/**
 * Columns as plain typed arrays. The types:
 *
 * | type      | values                                                        | null                      |
 * |-----------|---------------------------------------------------------------|---------------------------|
 * | int64     | f64 while all are within ±2^53 (exact there), else BigInt64    | valid[i] = 0, value 0     |
 * | float64   | f64; NaN is a value (aggregates skip it, as in pandas)         | valid[i] = 0, value NaN   |
 * | bool      | bytes 0, 1                                                    | valid[i] = 0, value 0     |
 * | string    | i32 codes of a dictionary                                     | code 0                    |
 * | date      | as int64: days since 1970-01-01                               | valid[i] = 0, value 0     |
 * | timestamp | as int64: µs since 1970-01-01T00:00:00Z                       | valid[i] = 0, value 0     |
 *
 * `valid` is absent where nothing is null. A column may be a view on a kernel's memory: good until the next block.
 */
export interface Int64Column {
  readonly type: "int64";
  readonly values: Float64Array | BigInt64Array;
  readonly valid?: Uint8Array | undefined;
}
export interface TimeColumn {
  readonly type: "date" | "timestamp";
  readonly values: Float64Array | BigInt64Array;
  readonly valid?: Uint8Array | undefined;
}
/** Whole numbers, whatever they count. */
export type IntegerColumn = Int64Column | TimeColumn;
export interface Float64Column {
  readonly type: "float64";
  readonly values: Float64Array;
  readonly valid?: Uint8Array | undefined;
}
export interface BoolColumn {
  readonly type: "bool";
  readonly values: Uint8Array;
  readonly valid?: Uint8Array | undefined;
}
export interface StringColumn {
  readonly type: "string";
  readonly codes: Int32Array;
  readonly dictionary: Dictionary;
}
export type NumberColumn = IntegerColumn | Float64Column;
export type Column = NumberColumn | BoolColumn | StringColumn;

/** Strings by code. Code 0 is null; codes 1 … size − 1 are distinct strings, but where `hasRepeats`. May grow, never changes what a code means. */
export interface Dictionary {
  readonly size: number;
  /** Set where a string may have several codes: in columns that are only passed on, since finding out would cost more than it saves. */
  readonly hasRepeats?: boolean;
  /** The string of a code from 1 on. */
  text(code: number): string;
  /** The string's UTF-8 bytes: a view. */
  bytes(code: number): Uint8Array;
  /** Where all of them stand, if in one piece: to pass on many without making an object of each. Good until the dictionary grows. */
  spans?(): TextSpans | undefined;
  /** All of them side by side, where that is quicker than one by one. */
  packed?(): PackedDictionary | undefined;
}

/** Texts by code from 1 on, each `data[start(code)]` to `data[end(code)]`. */
export interface TextSpans {
  readonly data: Uint8Array;
  start(code: number): number;
  end(code: number): number;
}

/** Columns of equal length. */
export interface Batch {
  readonly rows: number;
  readonly columns: ReadonlyMap<string, Column>;
  /** Where vectors made from these columns may lie: absent where the columns lie in JavaScript's own memory. */
  readonly memory?: VectorMemory | undefined;
}

export function columnOf(batch: Batch, name: string): Column {
  const column = batch.columns.get(name);
  if (column === undefined)
    throw new InternalError(`The batch has no column "${name}", only ${[...batch.columns.keys()].join(", ")}.`);
  return column;
}

export function lengthOf(column: Column): number {
  return column.type === "string" ? column.codes.length : column.values.length;
}

const encoder = new TextEncoder();
const decoder = new TextDecoder("utf-8", { ignoreBOM: true });

/** Strings side by side in one buffer: `offsets[code]` to `offsets[code + 1]`. */
export class PackedDictionary implements Dictionary {
  readonly size: number;
  readonly offsets: Int32Array;
  readonly data: Uint8Array;
  readonly hasRepeats: boolean;
  #texts: string[] = [];

  constructor(offsets: Int32Array, data: Uint8Array, hasRepeats = false) {
    this.offsets = offsets;
    this.data = data;
    this.hasRepeats = hasRepeats;
    this.size = offsets.length - 1;
  }

  text(code: number): string {
    return (this.#texts[code] ??= decoder.decode(unshared(this.bytes(code))));
  }

  bytes(code: number): Uint8Array {
    return this.data.subarray(this.offsets[code], this.offsets[code + 1]);
  }

  spans(): TextSpans {
    return this;
  }

  start(code: number): number {
    return this.offsets[code];
  }

  end(code: number): number {
    return this.offsets[code + 1];
  }
}

/** TextDecoder takes no view on shared memory. */
function unshared(bytes: Uint8Array): Uint8Array {
  return bytes.buffer instanceof SharedArrayBuffer ? bytes.slice() : bytes;
}

/** A dictionary that grows, by text. */
export class TextDictionary implements Dictionary {
  readonly #texts: string[] = [""];
  readonly #codes = new Map<string, number>();

  get size(): number {
    return this.#texts.length;
  }

  /** The text's code, a new one where it has none yet. */
  code(text: string): number {
    const known = this.#codes.get(text);
    if (known !== undefined) return known;
    this.#codes.set(text, this.#texts.length);
    return this.#texts.push(text) - 1;
  }

  text(code: number): string {
    return this.#texts[code];
  }

  bytes(code: number): Uint8Array {
    return encoder.encode(this.#texts[code]);
  }
}

/** Whether an integer is outside ±2^53, so that only a BigInt64Array holds it. */
export function isWideInteger(value: bigint): boolean {
  return value > 9007199254740992n || value < -9007199254740992n;
}

/** One value as JavaScript has it: null, boolean, number, bigint (int64 outside ±2^53) or string. */
export type Scalar = null | boolean | number | bigint | string;

export function valueAt(column: Column, i: number): Scalar {
  if (column.type === "string") return column.codes[i] === 0 ? null : column.dictionary.text(column.codes[i]);
  if (column.valid !== undefined && column.valid[i] === 0) return null;
  return column.type === "bool" ? column.values[i] !== 0 : column.values[i];
}

/** Order of strings by code point, as UTF-8 bytes and Python have it: JavaScript's own order differs beyond U+FFFF. */
export function compareTexts(a: string, b: string): number {
  const n = Math.min(a.length, b.length);
  for (let i = 0; i < n; i++) {
    const x = a.charCodeAt(i);
    const y = b.charCodeAt(i);
    if (x !== y) {
      const bothHigh = x >= 0xd800 && y >= 0xd800;
      // Among units from U+D800 on, surrogates (higher code points) go after U+E000 … U+FFFF.
      return bothHigh ? ((x + 0x2000) & 0xffff) - ((y + 0x2000) & 0xffff) : x - y;
    }
  }
  return a.length - b.length;
}

/** Which codes are no null (0), as `valid` has it; undefined where none is null. */
export function codesValid(codes: Int32Array): Uint8Array | undefined {
  if (!codes.includes(0)) return undefined;
  const valid = new Uint8Array(codes.length);
  for (let i = 0; i < valid.length; i++) valid[i] = codes[i] === 0 ? 0 : 1;
  return valid;
}
