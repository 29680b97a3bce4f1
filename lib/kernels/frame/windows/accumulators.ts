import { InternalError, OverflowError } from "../../../errors.ts";
import { addTwice, divideTwice, type Twice } from "../aggregates/twice.ts";
import { compareTexts, type Column, type StringColumn } from "../column.ts";
import { ColumnValues } from "../functions/whole.ts";
import { gatheredOrNull } from "./shift.ts";

/** Takes in rows one by one, and tells what they come to at a place of the result. Null and NaN are no values. */
export interface Accumulator {
  clear(): void;
  add(row: number): void;
  tell(place: number): void;
  column(): Column;
}

/** `places`: how many values are told. */
export function accumulatorOf(
  kind: "sum" | "mean" | "min" | "max" | "count",
  column: Column,
  places: number,
): Accumulator {
  const isValue = valueTest(column);
  if (kind === "count") return counting(isValue, places);
  if (kind === "min" || kind === "max") return extreme(column, isValue, kind === "min" ? -1 : 1, places);
  if (column.type === "string") throw new InternalError(`${kind} of strings.`);
  if (kind === "sum" && column.type !== "float64") return integerSum(column, isValue, places);
  return floatSum(column, isValue, kind === "mean", places);
}

function valueTest(column: Column): (row: number) => boolean {
  if (column.type === "string") return (row) => column.codes[row] !== 0;
  const { values, valid } = column;
  return (row) => valid?.[row] !== 0 && values[row] === values[row];
}

function counting(isValue: (row: number) => boolean, places: number): Accumulator {
  const values = new Float64Array(places);
  let count = 0;
  return {
    clear: () => (count = 0),
    add: (row) => (count += isValue(row) ? 1 : 0),
    tell: (place) => (values[place] = count),
    column: () => ({ type: "int64", values }),
  };
}

/** Of equal values the first. Strings by code point. */
function extreme(column: Column, isValue: (row: number) => boolean, sign: -1 | 1, places: number): Accumulator {
  const from = new Int32Array(places).fill(-1);
  const isBeyond =
    column.type === "string"
      ? (row: number, other: number) => sign * compareTexts(textAt(column, row), textAt(column, other)) > 0
      : (row: number, other: number) =>
          sign > 0 ? column.values[row] > column.values[other] : column.values[row] < column.values[other];
  let best = -1;
  return {
    clear: () => (best = -1),
    add: (row) => {
      if (isValue(row) && (best < 0 || isBeyond(row, best))) best = row;
    },
    tell: (place) => (from[place] = best),
    column: () => gatheredOrNull(column, from),
  };
}

function textAt({ codes, dictionary }: StringColumn, row: number): string {
  return dictionary.text(codes[row]);
}

/** Exact: f64 while it is within ±2^53, 64 bits beyond. @throws OverflowError beyond those */
function integerSum(
  { values }: Exclude<Column, StringColumn>,
  isValue: (row: number) => boolean,
  places: number,
): Accumulator {
  const out = new ColumnValues("int64", places);
  let [count, sum] = [0, 0];
  let wide: bigint | undefined;
  return {
    clear: () => {
      [count, sum] = [0, 0];
      wide = undefined;
    },
    add: (row) => {
      if (!isValue(row)) return;
      count++;
      const value = values[row];
      if (wide === undefined && typeof value === "number" && Number.isSafeInteger(sum + value)) sum += value;
      else wide = (wide ?? BigInt(sum)) + BigInt(value);
    },
    tell: (place) => {
      if (count === 0) return;
      if (wide !== undefined && BigInt.asIntN(64, wide) !== wide)
        throw new OverflowError(`A sum over rows comes to ${wide}, which does not fit an int64.`, {
          fields: { sum: String(wide) },
          fix: "cast the column to float64 first.",
        });
      out.set(place, wide ?? sum);
    },
    column: () => out.column(),
  };
}

/** In twice the precision, as aggregates sum. */
function floatSum(
  { values }: Exclude<Column, StringColumn>,
  isValue: (row: number) => boolean,
  isMean: boolean,
  places: number,
): Accumulator {
  const out = new ColumnValues("float64", places);
  let count = 0;
  let sum: Twice = [0, 0];
  return {
    clear: () => {
      count = 0;
      sum = [0, 0];
    },
    add: (row) => {
      if (!isValue(row)) return;
      count++;
      sum = addTwice(sum, [Number(values[row]), 0]);
    },
    tell: (place) => {
      if (count === 0) return;
      const [high, low] = isMean ? divideTwice(sum, count) : sum;
      out.set(place, high + low);
    },
    column: () => out.column(),
  };
}
