/**
 * Stable order of rows by some keys: a radix sort of row numbers (least significant digit first) over keys turned into unsigned words of
 * the same order. Only digits in which keys differ cost a pass; strings are sorted once a dictionary, rows by their rank.
 */
import { columnOf, type Batch, type Column, type PackedDictionary, type StringColumn } from "./column.ts";
import { gather } from "./pipeline.ts";
import type { Frame } from "./encode.ts";
import { packTexts } from "./packed-texts.ts";
import type { SortKey } from "./steps.ts";

/** Row numbers in the order of the keys, the first deciding first. Equal rows stay in order. NaN stands where nulls stand, and is equal to them. */
export function sortedRows(batch: Batch, keys: readonly SortKey[]): Int32Array {
  const { rows } = batch;
  let order: Int32Array = Int32Array.from({ length: rows }, (_, i) => i);
  for (const key of [...keys].reverse()) {
    const { words, nulls } = sortWords(columnOf(batch, key.column), rows, key.descending);
    for (const word of words) order = sortByWord(order, word);
    if (nulls !== undefined) order = partByNulls(order, nulls, key.nulls);
  }
  return order;
}

/** The frame's rows in the order of the keys. */
export function sortFrame({ schema, batch }: Frame, keys: readonly SortKey[]): Frame {
  return takeRows({ schema, batch }, sortedRows(batch, keys));
}

/** The rows chosen, as a frame. */
export function takeRows({ schema, batch }: Frame, rows: Int32Array): Frame {
  const columns = schema.map(({ name }): [string, Column] => [name, gather(columnOf(batch, name), rows)]);
  return { schema, batch: { rows: rows.length, columns: new Map(columns) } };
}

interface SortWords {
  /** The least significant first. */
  readonly words: readonly Uint32Array[];
  /** 1 where a row is null or NaN; its words are 0 then. */
  readonly nulls: Uint8Array | undefined;
}

const float = new Float64Array(1);
const halves = new Uint32Array(float.buffer);

function sortWords(column: Column, rows: number, descending: boolean): SortWords {
  const { words, nulls } = ascendingWords(column, rows);
  if (descending) for (const word of words) for (let i = 0; i < rows; i++) word[i] = nulls?.[i] === 1 ? 0 : ~word[i];
  return { words, nulls };
}

function ascendingWords(column: Column, rows: number): SortWords {
  if (column.type === "string") return textWords(column, rows);
  const { valid } = column;
  let nulls = valid === undefined ? undefined : Uint8Array.from(valid.subarray(0, rows), (v) => 1 - v);
  if (column.type === "bool") return { words: [Uint32Array.from(column.values.subarray(0, rows))], nulls };
  const low = new Uint32Array(rows);
  const high = new Uint32Array(rows);
  const { values } = column;
  if (values instanceof BigInt64Array) {
    const words = new Uint32Array(values.buffer, values.byteOffset, 2 * rows);
    for (let i = 0; i < rows; i++) {
      if (nulls?.[i] === 1) continue;
      low[i] = words[2 * i];
      high[i] = words[2 * i + 1] ^ 0x80000000;
    }
    return { words: [low, high], nulls };
  }
  for (let i = 0; i < rows; i++) {
    float[0] = values[i] + 0; // −0 becomes 0
    if (nulls?.[i] === 1) continue;
    if (float[0] !== float[0]) (nulls ??= new Uint8Array(rows))[i] = 1;
    else if (halves[1] >>> 31 === 1) {
      low[i] = ~halves[0];
      high[i] = ~halves[1];
    } else {
      low[i] = halves[0];
      high[i] = halves[1] ^ 0x80000000;
    }
  }
  return { words: [low, high], nulls };
}

/** Strings by their rank among those that occur. */
function textWords({ codes, dictionary }: StringColumn, rows: number): SortWords {
  const ranks = new Uint32Array(dictionary.size);
  const found = new Int32Array(Math.min(rows, dictionary.size));
  let count = 0;
  let nulls: Uint8Array | undefined;
  for (let i = 0; i < rows; i++) {
    const code = codes[i];
    if (code === 0) (nulls ??= new Uint8Array(rows))[i] = 1;
    else if (ranks[code] === 0) {
      found[count++] = code;
      ranks[code] = count;
    }
  }
  const order = textOrder(packTexts(dictionary, found.subarray(0, count)));
  for (let rank = 0; rank < count; rank++) ranks[found[order[rank] - 1]] = rank + 1;
  ranks[0] = 0;
  const word = new Uint32Array(rows);
  for (let i = 0; i < rows; i++) word[i] = ranks[codes[i]];
  return { words: [word], nulls };
}

/** Fewer texts than this are compared with each other. */
const FEW_TEXTS = 32;
/** So are those that agree in so many bytes. */
const LONGEST_PREFIX = 128;

/** The codes in the order of their texts, byte by byte. */
function textOrder(texts: PackedDictionary): Int32Array {
  const order = Int32Array.from({ length: texts.size - 1 }, (_, i) => i + 1);
  orderFrom(texts, order, 0);
  return order;
}

/** Orders codes whose texts agree in their first `depth` bytes: by the next eight at once, then those that agree in these. */
function orderFrom(texts: PackedDictionary, order: Int32Array, depth: number): void {
  const n = order.length;
  if (n <= FEW_TEXTS || depth > LONGEST_PREFIX) {
    const data = Buffer.from(texts.data.buffer, texts.data.byteOffset, texts.data.byteLength);
    order.sort((a, b) => data.compare(data, texts.start(b), texts.end(b), texts.start(a), texts.end(a)));
    return;
  }
  const [low, high] = [new Uint32Array(n), new Uint32Array(n)];
  for (let i = 0; i < n; i++) {
    high[i] = fourBytes(texts, order[i], depth);
    low[i] = fourBytes(texts, order[i], depth + 4);
  }
  const places = sortByWord(
    sortByWord(
      Int32Array.from({ length: n }, (_, i) => i),
      low,
    ),
    high,
  );
  const before = order.slice();
  for (let i = 0; i < n; i++) order[i] = before[places[i]];
  for (let from = 0; from < n;) {
    let to = from + 1;
    while (to < n && high[places[to]] === high[places[from]] && low[places[to]] === low[places[from]]) to++;
    if (to - from > 1) orderFrom(texts, order.subarray(from, to), depth + 8);
    from = to;
  }
}

/** The four bytes of a text from `depth` on as a number; 0 behind its end. */
function fourBytes(texts: PackedDictionary, code: number, depth: number): number {
  const start = texts.start(code) + depth;
  const length = texts.end(code) - start;
  const { data } = texts;
  return (
    ((length > 0 ? data[start] : 0) << 24) |
    ((length > 1 ? data[start + 1] : 0) << 16) |
    ((length > 2 ? data[start + 2] : 0) << 8) |
    (length > 3 ? data[start + 3] : 0)
  );
}

/** One stable sort by an unsigned word: a pass for each digit in which rows differ. */
function sortByWord(order: Int32Array, word: Uint32Array): Int32Array {
  let [and, or] = [0xffffffff, 0];
  for (let i = 0; i < word.length; i++) {
    and &= word[i];
    or |= word[i];
  }
  const varying = (and ^ or) >>> 0;
  const bits = order.length < 2048 ? 8 : order.length < 131_072 ? 11 : 16;
  let from = order;
  let to: Int32Array = new Int32Array(order.length);
  const counts = new Int32Array(2 ** bits);
  const mask = 2 ** bits - 1;
  for (let shift = 0; shift < 32; shift += bits) {
    if (((varying >>> shift) & mask) === 0) continue;
    counts.fill(0);
    for (let i = 0; i < from.length; i++) counts[(word[from[i]] >>> shift) & mask]++;
    let at = 0;
    for (let digit = 0; digit < counts.length; digit++) {
      const count = counts[digit];
      counts[digit] = at;
      at += count;
    }
    for (let i = 0; i < from.length; i++) to[counts[(word[from[i]] >>> shift) & mask]++] = from[i];
    [from, to] = [to, from];
  }
  return from;
}

function partByNulls(order: Int32Array, nulls: Uint8Array, where: "first" | "last"): Int32Array {
  const word = Uint32Array.from(nulls, (isNull) => (where === "last" ? isNull : 1 - isNull));
  return sortByWord(order, word);
}
