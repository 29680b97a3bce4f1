/** Where values stand among a few others: exactly at one of them, or between two. */
import { compareTexts, valueAt, type Column, type Scalar, type StringColumn } from "./column.ts";
import type { SortKey } from "./steps.ts";

/** The marks of a column of bounds, in a key's order. Place 2m is at mark m, 2m − 1 just before it; nulls and NaN have a mark of their own, first or last. */
export interface Scale {
  /** The distinct values that are no nulls, ascending: all strings, or all numbers. */
  readonly marks: readonly Scalar[];
  readonly descending: boolean;
  /** The place of the first mark, and of nulls. */
  readonly first: number;
  readonly nulls: number;
  /** Places are less than this. */
  readonly end: number;
  /** The place of each row of the bounds. */
  readonly places: Int32Array;
}

export function scaleOf(bounds: Column, rows: number, { descending, nulls }: SortKey): Scale {
  const values = Array.from({ length: rows }, (_, i) => plain(valueAt(bounds, i)));
  const sorted = values.filter((value) => value !== null).sort(compare);
  const marks = sorted.filter((value, i) => i === 0 || compare(sorted[i - 1], value) !== 0);
  const first = nulls === "first" ? 2 : 0;
  const scale = {
    marks,
    descending,
    first,
    nulls: nulls === "first" ? 0 : 2 * marks.length,
    end: first + 2 * marks.length + 1,
  };
  const places = Int32Array.from(values, (value) =>
    value === null ? scale.nulls : placeOf(scale, amongMarks(marks, value)),
  );
  return { ...scale, places };
}

/** The places of some of the column's rows. */
export function placesOn(scale: Scale, column: Column, rows: Int32Array): Int32Array {
  const out = new Int32Array(rows.length);
  if (column.type === "string") placeTexts(scale, column, rows, out);
  else if (column.values instanceof Float64Array && scale.marks.every((mark) => typeof mark === "number"))
    placeFloats(scale, column.values, column.valid, rows, out);
  else
    for (let i = 0; i < rows.length; i++) {
      const value = plain(valueAt(column, rows[i]));
      out[i] = value === null ? scale.nulls : placeOf(scale, amongMarks(scale.marks, value));
    }
  return out;
}

/** NaN is null, and a boolean a number. */
function plain(value: Scalar): Exclude<Scalar, boolean> {
  if (typeof value === "boolean") return Number(value);
  return value !== value ? null : value;
}

function compare(a: Scalar, b: Scalar): number {
  if (typeof a === "string" && typeof b === "string") return compareTexts(a, b);
  const [x, y] = [a as number | bigint, b as number | bigint]; // nulls are left out, and booleans numbers
  return x < y ? -1 : x > y ? 1 : 0;
}

/** Of a place among ascending marks: the one in the key's order. */
function placeOf(
  { marks, descending, first }: Pick<Scale, "marks" | "descending" | "first">,
  ascending: number,
): number {
  return first + (descending ? 2 * marks.length - 2 - ascending : ascending);
}

function amongMarks(marks: readonly Scalar[], value: Scalar): number {
  let [low, high] = [0, marks.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (compare(marks[middle], value) < 0) low = middle + 1;
    else high = middle;
  }
  return low < marks.length && compare(marks[low], value) === 0 ? 2 * low : 2 * low - 1;
}

function placeFloats(
  scale: Scale,
  values: Float64Array,
  valid: Uint8Array | undefined,
  rows: Int32Array,
  out: Int32Array,
): void {
  const marks = Float64Array.from(scale.marks as readonly number[]); // as was looked up
  const { length } = marks;
  const { descending, first, nulls } = scale;
  for (let i = 0; i < rows.length; i++) {
    const row = rows[i];
    const value = values[row];
    if (value !== value || (valid !== undefined && valid[row] === 0)) {
      out[i] = nulls;
      continue;
    }
    let [low, high] = [0, length];
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (marks[middle] < value) low = middle + 1;
      else high = middle;
    }
    const ascending = low < length && marks[low] === value ? 2 * low : 2 * low - 1;
    out[i] = first + (descending ? 2 * length - 2 - ascending : ascending);
  }
}

/** Once a code, by bytes, whose order is that of the strings. */
function placeTexts(scale: Scale, { codes, dictionary }: StringColumn, rows: Int32Array, out: Int32Array): void {
  const marks = scale.marks.map((mark) => Buffer.from(String(mark), "utf8"));
  const spans = dictionary.spans?.();
  const known = new Int32Array(dictionary.size).fill(-2);
  known[0] = scale.nulls;
  for (let i = 0; i < rows.length; i++) {
    const code = codes[rows[i]];
    if (known[code] === -2) {
      const bytes = spans === undefined ? dictionary.bytes(code) : spans.data;
      const [start, end] = spans === undefined ? [0, bytes.length] : [spans.start(code), spans.end(code)];
      known[code] = placeOf(scale, amongTexts(marks, bytes, start, end));
    }
    out[i] = known[code];
  }
}

function amongTexts(marks: readonly Uint8Array[], bytes: Uint8Array, start: number, end: number): number {
  let [low, high] = [0, marks.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    const order = compareBytes(marks[middle], bytes, start, end);
    if (order === 0) return 2 * middle;
    if (order < 0) low = middle + 1;
    else high = middle;
  }
  return 2 * low - 1;
}

function compareBytes(a: Uint8Array, b: Uint8Array, start: number, end: number): number {
  const n = Math.min(a.length, end - start);
  for (let i = 0; i < n; i++) {
    const difference = a[i] - b[start + i];
    if (difference !== 0) return difference;
  }
  return a.length - (end - start);
}
