/** Arrays of state by group number, and what aggregators read of columns. Slot 0 takes what belongs to no group, and is never read. */
import { InternalError } from "../../../errors.ts";
import type { Column, StringColumn } from "../column.ts";

/** The array with a slot for groups up to `count`; new slots hold `fill`. */
export function room(array: Float64Array<ArrayBuffer>, count: number, fill = 0): Float64Array<ArrayBuffer> {
  if (array.length > count) return array;
  const larger = new Float64Array(Math.max(64, 2 * count + 2));
  if (fill !== 0) larger.fill(fill, array.length);
  larger.set(array);
  return larger;
}

/** Slots 1 … count as they stand. */
export function slots(array: Float64Array<ArrayBuffer>, count: number): Float64Array<ArrayBuffer> {
  return array.slice(1, count + 1);
}

export function numbersOf(column: Column | undefined): Exclude<Column, StringColumn> {
  if (column === undefined || column.type === "string")
    throw new InternalError("An aggregate of numbers was given none.");
  return column;
}

/** The values where they are f64; undefined for all other columns. */
export function floatsIn(column: Column | undefined): Float64Array | undefined {
  if (column === undefined || column.type === "string" || column.type === "bool") return undefined;
  return column.values instanceof Float64Array ? column.values : undefined;
}

/** The values of a column of numbers as f64: integers beyond ±2^53 rounded, booleans 0 and 1. */
export function floatsOf(column: Column | undefined): Float64Array {
  const { values } = numbersOf(column);
  return values instanceof Float64Array ? values : Float64Array.from(values, Number);
}
