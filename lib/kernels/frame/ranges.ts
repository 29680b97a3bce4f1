/**
 * Parts of an order: which rows come into which, by bounds found in a sample of all tasks' keys.
 *
 * A part p holds the rows from bound p − 1 on, up to before bound p. With positions two rows never are equal: so however often a key
 * comes, no part gets much more than its share.
 */
import { InternalError } from "../../errors.ts";
import { columnOf, compareTexts, valueAt, type Batch, type Column, type Scalar } from "./column.ts";
import { concatenate } from "./collect.ts";
import type { Frame } from "./encode.ts";
import { POSITION, positionOf } from "./position.ts";
import { sortedRows, takeRows } from "./sort.ts";
import type { SortKey } from "./steps.ts";

export interface Bounds {
  /** A frame of the keys, and of positions where there are any: at most partitions − 1 rows, in order. */
  readonly frame: Frame;
  readonly keys: readonly SortKey[];
  readonly positions: boolean;
}

/** The bounds of `partitions` parts that hold about equally many of the sampled rows; without positions, equally many of their distinct keys. */
export function findBounds(
  samples: readonly Frame[],
  keys: readonly SortKey[],
  partitions: number,
  positions: boolean,
): Bounds {
  const [first] = samples;
  if (first === undefined) throw new InternalError("Ranges are asked for without a sample.");
  const whole = concatenate(
    first.schema,
    samples.map(({ batch }) => batch),
  );
  const sorted = takeRows(whole, sortedRows(whole.batch, [...keys, positionKey]));
  const distinct = positions ? sorted : withoutRepeats(sorted, keys);
  const { rows } = distinct.batch;
  const picked = new Set<number>();
  for (let p = 1; p < partitions; p++) {
    const at = Math.floor((p * rows) / partitions);
    if (at > 0) picked.add(at);
  }
  return { frame: takeRows(distinct, Int32Array.from(picked)), keys, positions };
}

const positionKey: SortKey = { column: POSITION, descending: false, nulls: "last" };

function withoutRepeats(sorted: Frame, keys: readonly SortKey[]): Frame {
  const columns = keys.map(({ column }) => columnOf(sorted.batch, column));
  const same = (a: number, b: number) => columns.every((column) => sameScalar(valueAt(column, a), valueAt(column, b)));
  const kept: number[] = [];
  for (let i = 0; i < sorted.batch.rows; i++) if (i === 0 || !same(i - 1, i)) kept.push(i);
  return takeRows(sorted, Int32Array.from(kept));
}

function sameScalar(a: Scalar, b: Scalar): boolean {
  return a === b || (a !== a && b !== b);
}

/** The part of each row. `names`: the batch's column of each key. `task`: whose rows they are. */
export function partsOf(
  batch: Batch,
  names: readonly string[],
  { frame, keys, positions }: Bounds,
  task: number,
): Int32Array {
  const compares = keys.map((key, k) =>
    comparerOf(columnOf(batch, names[k]), columnOf(frame.batch, key.column), key, frame.batch.rows),
  );
  const places = positions ? columnOf(frame.batch, POSITION) : undefined;
  const parts = new Int32Array(batch.rows);
  for (let i = 0; i < batch.rows; i++) {
    // The first bound that the row comes before.
    let [low, high] = [0, frame.batch.rows];
    while (low < high) {
      const middle = (low + high) >>> 1;
      let c = 0;
      for (let k = 0; k < compares.length && c === 0; k++) c = compares[k](i, middle);
      if (c === 0 && places !== undefined) c = positionOf(task, i) - Number(valueAt(places, middle));
      if (c < 0) high = middle;
      else low = middle + 1;
    }
    parts[i] = low;
  }
  return parts;
}

/** Compares row i of a column with bound b: negative where the row comes first. */
function comparerOf(column: Column, bounds: Column, key: SortKey, count: number): (i: number, b: number) => number {
  const sign = key.descending ? -1 : 1;
  const nullSign = key.nulls === "last" ? 1 : -1;
  const values = Array.from({ length: count }, (_, b) => valueAt(bounds, b));
  const boundNull = values.map((value) => value === null || value !== value);
  const isNull = nullTest(column);
  const compare = column.type === "string" ? textComparer(column, values) : numberComparer(column, values);
  return (i, b) => {
    const [left, right] = [isNull(i), boundNull[b]];
    if (left || right) return left === right ? 0 : left ? nullSign : -nullSign;
    return sign * compare(i, b);
  };
}

function nullTest(column: Column): (i: number) => boolean {
  if (column.type === "string") return (i) => column.codes[i] === 0;
  const { values, valid } = column;
  return (i) => (valid !== undefined && valid[i] === 0) || values[i] !== values[i];
}

function numberComparer(column: Exclude<Column, { type: "string" }>, bounds: readonly Scalar[]) {
  const { values } = column;
  const numbers = bounds.map((value) => (typeof value === "boolean" ? Number(value) : value)) as (number | bigint)[]; // no texts, and nulls are told before
  return (i: number, b: number): number => {
    const [x, y] = [values[i], numbers[b]];
    return x < y ? -1 : x > y ? 1 : 0;
  };
}

/** Strings by where they stand among the bounds', looked up once a code: 2j at the j-th distinct one, 2j − 1 before it. */
function textComparer({ codes, dictionary }: Extract<Column, { type: "string" }>, bounds: readonly Scalar[]) {
  const texts = [...new Set(bounds.filter((value) => typeof value === "string"))].sort(compareTexts);
  const places = bounds.map((value) => 2 * texts.indexOf(String(value)));
  const known = new Int32Array(dictionary.size).fill(-2);
  const place = (code: number): number => {
    const text = dictionary.text(code);
    let [low, high] = [0, texts.length];
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (compareTexts(texts[middle], text) < 0) low = middle + 1;
      else high = middle;
    }
    return texts[low] === text ? 2 * low : 2 * low - 1;
  };
  return (i: number, b: number): number => {
    const code = codes[i];
    if (known[code] === -2) known[code] = place(code);
    return known[code] - places[b];
  };
}
