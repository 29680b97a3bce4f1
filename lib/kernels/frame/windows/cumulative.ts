import { OverflowError } from "../../../errors.ts";
import { numbersOf } from "../aggregates/slots.ts";
import { isWideInteger, lengthOf, type Column, type Scalar } from "../column.ts";
import { fromValues } from "../from-values.ts";

/** What the values of earlier rows came to: null where there were none. */
export type Start = Scalar;

/** Sums so far. */
export function cumulativeSum(column: Column, start: Start = null): Column {
  if (column.type === "float64") return floatSums(column.values, column.valid, Number(start ?? 0));
  return typeof start === "bigint" ? wideSums(column, start) : integerSums(column, Number(start ?? 0));
}

/** In twice the precision, by two-sum; what follows an infinity is what IEEE 754 makes of it. */
function floatSums(values: Float64Array, valid: Uint8Array | undefined, start: number): Column {
  const sums = new Float64Array(values.length).fill(NaN);
  const present = new Uint8Array(values.length);
  let [high, low] = [start, 0];
  for (let i = 0; i < values.length; i++) {
    const value = values[i];
    if (value !== value || (valid !== undefined && valid[i] === 0)) continue;
    const sum = high + value;
    const part = sum - high;
    low += high - (sum - part) + (value - part);
    high = sum;
    present[i] = 1;
    sums[i] = Number.isFinite(high) ? high + low : high;
  }
  return { type: "float64", values: sums, valid: present.includes(0) ? present : undefined };
}

function integerSums(column: Column, start: number): Column {
  const { values, valid } = numbersOf(column);
  const sums = new Float64Array(values.length);
  let sum = start;
  for (let i = 0; i < values.length; i++) {
    if (valid !== undefined && valid[i] === 0) continue;
    const next = sum + Number(values[i]);
    // From here on f64 may round.
    if (values instanceof BigInt64Array || !Number.isSafeInteger(next)) return wideSums(column, BigInt(start));
    sums[i] = sum = next;
  }
  return { type: "int64", values: sums, valid };
}

function wideSums(column: Column, start: bigint): Column {
  const { values, valid } = numbersOf(column);
  let sum = start;
  const sums = Array.from({ length: values.length }, (_, i) => {
    if (valid !== undefined && valid[i] === 0) return null;
    sum += BigInt(values[i]);
    if (BigInt.asIntN(64, sum) !== sum)
      throw new OverflowError(`A sum of integers, ${sum}, does not fit int64.`, {
        fields: { sum: sum.toString() },
        fix: 'sum floats instead: col(…).cast("float64").cumsum().',
      });
    return isWideInteger(sum) ? sum : Number(sum);
  });
  return fromValues("int64", sums);
}

/** The least (−1) or greatest (+1) value so far. */
export function cumulativeExtreme(column: Column, sign: -1 | 1, start: Start = null): Column {
  const { values, valid, type } = numbersOf(column);
  // By the column's type it is no text, and of booleans there are no extremes.
  let best = (start ?? undefined) as number | bigint | undefined;
  const bests = Array.from({ length: values.length }, (_, i) => {
    const value = values[i];
    if (value !== value || (valid !== undefined && valid[i] === 0)) return null;
    if (best === undefined || (sign > 0 ? value > best : value < best)) best = value;
    return best;
  });
  return fromValues(type, bests);
}

/** How many values so far are neither null nor NaN. */
export function cumulativeCount(column: Column, start: Start = null): Column {
  const counts = new Float64Array(lengthOf(column));
  let count = Number(start ?? 0);
  for (let i = 0; i < counts.length; i++) {
    if (isPresent(column, i)) count++;
    counts[i] = count;
  }
  return { type: "int64", values: counts };
}

function isPresent(column: Column, i: number): boolean {
  if (column.type === "string") return column.codes[i] !== 0;
  const value = column.values[i];
  return value === value && (column.valid === undefined || column.valid[i] === 1);
}
