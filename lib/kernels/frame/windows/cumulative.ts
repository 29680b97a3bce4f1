import { OverflowError } from "../../../errors.ts";
import { numbersOf } from "../aggregates/slots.ts";
import { isWideInteger, lengthOf, type Column } from "../column.ts";
import { fromValues } from "../evaluate.ts";

/** Sums so far. */
export function cumulativeSum(column: Column): Column {
  return column.type === "float64" ? floatSums(column.values, column.valid) : integerSums(column);
}

/** In twice the precision, by two-sum; what follows an infinity is what IEEE 754 makes of it. */
function floatSums(values: Float64Array, valid: Uint8Array | undefined): Column {
  const sums = new Float64Array(values.length).fill(NaN);
  const present = new Uint8Array(values.length);
  let [high, low] = [0, 0];
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

function integerSums(column: Column): Column {
  const { values, valid } = numbersOf(column);
  const sums = new Float64Array(values.length);
  let sum = 0;
  for (let i = 0; i < values.length; i++) {
    if (valid !== undefined && valid[i] === 0) continue;
    const next = sum + Number(values[i]);
    // From here on f64 may round.
    if (values instanceof BigInt64Array || !Number.isSafeInteger(next)) return wideSums(column);
    sums[i] = sum = next;
  }
  return { type: "int64", values: sums, valid };
}

function wideSums(column: Column): Column {
  const { values, valid } = numbersOf(column);
  let sum = 0n;
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
export function cumulativeExtreme(column: Column, sign: -1 | 1): Column {
  const { values, valid, type } = numbersOf(column);
  let best: number | bigint | undefined;
  const bests = Array.from({ length: values.length }, (_, i) => {
    const value = values[i];
    if (value !== value || (valid !== undefined && valid[i] === 0)) return null;
    if (best === undefined || (sign > 0 ? value > best : value < best)) best = value;
    return best;
  });
  return fromValues(type, bests);
}

/** How many values so far are neither null nor NaN. */
export function cumulativeCount(column: Column): Column {
  const counts = new Float64Array(lengthOf(column));
  let count = 0;
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
