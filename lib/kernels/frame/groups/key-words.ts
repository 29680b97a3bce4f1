/**
 * Keys of rows as few unsigned words, whose order is that of the keys and which are equal where the keys are: nulls and NaN last, and equal to
 * each other; 0 and −0 alike. A column of strings, or of whole numbers that lie close together, takes just the bits that it needs, so that several
 * columns share a word.
 */
import { columnOf, type Batch, type Column, type StringColumn } from "../column.ts";
import { sortedRows } from "../sort.ts";

export interface KeyWords {
  /** A word a row each, the first deciding first. */
  readonly words: readonly Uint32Array[];
  /** 1 where a key is null or NaN; undefined where none is. */
  readonly missing: Uint8Array | undefined;
}

/** A number of so many bits a row. */
interface Field {
  readonly values: Uint32Array;
  readonly bits: number;
}

export function keyWords(batch: Batch, keys: readonly string[]): KeyWords {
  const { rows } = batch;
  const packed: { values: Uint32Array; bits: number }[] = [];
  let missing: Uint8Array | undefined;
  for (const key of keys) {
    const column = columnOf(batch, key);
    const nulls = missingRows(column, rows);
    if (nulls !== undefined) {
      missing ??= new Uint8Array(rows);
      for (let i = 0; i < rows; i++) missing[i] |= nulls[i];
    }
    for (const field of fieldsOf(column, rows, nulls)) {
      const last = packed.at(-1);
      if (last === undefined || last.bits + field.bits > 32) packed.push({ ...field });
      else {
        append(last.values, field.values, 2 ** field.bits);
        last.bits += field.bits;
      }
    }
  }
  return { words: packed.map(({ values }) => values), missing };
}

function append(words: Uint32Array, values: Uint32Array, factor: number): void {
  for (let i = 0; i < words.length; i++) words[i] = words[i] * factor + values[i];
}

function missingRows(column: Column, rows: number): Uint8Array | undefined {
  let missing: Uint8Array | undefined;
  if (column.type === "string") {
    const { codes } = column;
    for (let i = 0; i < rows; i++) if (codes[i] === 0) (missing ??= new Uint8Array(rows))[i] = 1;
    return missing;
  }
  const { values, valid } = column;
  if (valid !== undefined) for (let i = 0; i < rows; i++) if (valid[i] === 0) (missing ??= new Uint8Array(rows))[i] = 1;
  if (column.type === "float64")
    for (let i = 0; i < rows; i++) if (values[i] !== values[i]) (missing ??= new Uint8Array(rows))[i] = 1;
  return missing;
}

/** The column's fields, the most significant first. */
function fieldsOf(column: Column, rows: number, nulls: Uint8Array | undefined): Field[] {
  if (column.type === "string") return [textField(column, rows)];
  const { values } = column;
  if (values instanceof BigInt64Array) return halvesOf(values, rows, nulls);
  const close = closeField(values, rows, nulls);
  if (close !== undefined) return [close];
  return floatFields(values as Float64Array, rows, nulls); // bytes are always close
}

/** The rank of each row's string among those of the dictionary. */
function textField({ codes, dictionary }: StringColumn, rows: number): Field {
  const count = dictionary.size - 1;
  const all = new Int32Array(count);
  for (let i = 0; i < count; i++) all[i] = i + 1;
  const texts: Batch = { rows: count, columns: new Map([["text", { type: "string", codes: all, dictionary }]]) };
  const order = sortedRows(texts, [{ column: "text", descending: false, nulls: "last" }]);
  const ranks = new Uint32Array(count + 1);
  for (let rank = 0; rank < count; rank++) ranks[order[rank] + 1] = rank;
  ranks[0] = count;
  const values = new Uint32Array(rows);
  for (let i = 0; i < rows; i++) values[i] = ranks[codes[i]];
  return { values, bits: bitsFor(count) };
}

/** Whole numbers by how far they lie above the least; undefined where they are no whole numbers, or too far from each other. */
function closeField(values: Float64Array | Uint8Array, rows: number, nulls: Uint8Array | undefined): Field | undefined {
  let [least, most] = [Infinity, -Infinity];
  for (let i = 0; i < rows; i++) {
    const value = values[i];
    if (nulls !== undefined && nulls[i] === 1) continue;
    if (value < least) least = value;
    if (value > most) most = value;
    if (Math.floor(value) !== value) return undefined;
  }
  if (least > most) [least, most] = [0, 0];
  // Infinite ones among them.
  if (most - least >= 2 ** 31 || Math.abs(least) > 2 ** 53 || Math.abs(most) > 2 ** 53) return undefined;
  const range = most - least;
  const out = new Uint32Array(rows);
  for (let i = 0; i < rows; i++) out[i] = nulls !== undefined && nulls[i] === 1 ? range + 1 : values[i] - least;
  return { values: out, bits: bitsFor(nulls === undefined ? range : range + 1) };
}

function floatFields(values: Float64Array, rows: number, nulls: Uint8Array | undefined): Field[] {
  const [high, low] = [new Uint32Array(rows), new Uint32Array(rows)];
  const float = new Float64Array(1);
  const halves = new Uint32Array(float.buffer);
  for (let i = 0; i < rows; i++) {
    if (nulls !== undefined && nulls[i] === 1) continue;
    float[0] = values[i] + 0; // −0 becomes 0
    const isNegative = halves[1] >>> 31 === 1;
    high[i] = isNegative ? ~halves[1] : halves[1] ^ 0x80000000;
    low[i] = isNegative ? ~halves[0] : halves[0];
  }
  return withNulls(high, low, nulls);
}

function halvesOf(values: BigInt64Array, rows: number, nulls: Uint8Array | undefined): Field[] {
  const [high, low] = [new Uint32Array(rows), new Uint32Array(rows)];
  const halves = new Uint32Array(values.buffer, values.byteOffset, 2 * rows);
  for (let i = 0; i < rows; i++) {
    if (nulls !== undefined && nulls[i] === 1) continue;
    high[i] = halves[2 * i + 1] ^ 0x80000000;
    low[i] = halves[2 * i];
  }
  return withNulls(high, low, nulls);
}

function withNulls(high: Uint32Array, low: Uint32Array, nulls: Uint8Array | undefined): Field[] {
  const fields = [
    { values: high, bits: 32 },
    { values: low, bits: 32 },
  ];
  return nulls === undefined ? fields : [{ values: Uint32Array.from(nulls), bits: 1 }, ...fields];
}

/** Bits that hold 0 … most. */
function bitsFor(most: number): number {
  return most === 0 ? 0 : Math.floor(Math.log2(most)) + 1;
}
