/**
 * Parts of an order: which rows come into which, by bounds found in a sample of all tasks' keys.
 *
 * A part p holds the rows from bound p − 1 on, up to before bound p. With positions two rows never are equal: so however often a key
 * comes, no part gets much more than its share.
 */
import { InternalError } from "../../errors.ts";
import { columnOf, valueAt, type Batch, type Scalar } from "./column.ts";
import { concatenate } from "./collect.ts";
import type { Frame } from "./encode.ts";
import { POSITION, positionOf } from "./position.ts";
import { placesOn, scaleOf, type Scale } from "./scale.ts";
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
  const bounds = frame.batch;
  // The bounds that agree with a row in the keys so far: none, where it is known to come before the first of these.
  const [from, to] = [new Int32Array(batch.rows), new Int32Array(batch.rows).fill(bounds.rows)];
  let open = openRows(from, to, undefined);
  keys.forEach((key, k) => {
    const scale = scaleOf(columnOf(bounds, key.column), bounds.rows, key);
    narrow(open, placesOn(scale, columnOf(batch, names[k]), open), scale, from, to);
    open = openRows(from, to, open);
  });
  if (positions) {
    const places = Float64Array.from({ length: bounds.rows }, (_, b) => Number(valueAt(columnOf(bounds, POSITION), b)));
    for (const row of open) to[row] = firstAbove(places, positionOf(task, row), from[row], to[row]);
  }
  return to;
}

/** Those of the rows (absent: of all) that agree with a bound. */
function openRows(from: Int32Array, to: Int32Array, rows: Int32Array | undefined): Int32Array {
  const length = rows === undefined ? to.length : rows.length;
  const open = new Int32Array(length);
  let count = 0;
  for (let i = 0; i < length; i++) {
    const row = rows === undefined ? i : rows[i];
    open[count] = row;
    if (from[row] < to[row]) count++;
  }
  return open.subarray(0, count);
}

/** Leaves the bounds of each row that have its place on the scale: where there are none, the first behind them. */
function narrow(
  rows: Int32Array,
  places: Int32Array,
  { places: bounds, end }: Scale,
  from: Int32Array,
  to: Int32Array,
) {
  // Of all bounds, by place: the first that is not before it.
  const firsts = Int32Array.from({ length: end + 2 }, (_, place) => firstAbove(bounds, place - 2, 0, bounds.length));
  const { length } = bounds;
  for (let i = 0; i < rows.length; i++) {
    const [row, place] = [rows[i], places[i]];
    const isFirst = to[row] - from[row] === length;
    const low = isFirst ? firsts[place + 1] : firstAbove(bounds, place - 1, from[row], to[row]);
    to[row] = isFirst ? firsts[place + 2] : firstAbove(bounds, place, low, to[row]);
    from[row] = low;
  }
}

/** The first of the ascending values [low, high) that is greater. */
function firstAbove(values: Int32Array | Float64Array, value: number, low: number, high: number): number {
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (values[middle] <= value) low = middle + 1;
    else high = middle;
  }
  return low;
}
