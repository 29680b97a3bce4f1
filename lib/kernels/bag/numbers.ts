import { TypeMismatchError } from "../../errors.ts";
import { showItem } from "./user-errors.ts";

/** A sum as two doubles, `high` + `low`, by two-sum (Knuth; Dekker 1971): twice the precision of one. Or a bigint. */
export interface Sum {
  high: number;
  low: number;
  big: bigint | null;
  count: number;
}

export const noSum = (): Sum => ({ high: 0, low: 0, big: null, count: 0 });

export function addToSum(sum: Sum, item: unknown, what: string): void {
  if (typeof item === "bigint") {
    if (sum.count > 0 && sum.big === null) throw mixed(what);
    sum.big = (sum.big ?? 0n) + item;
  } else {
    if (sum.big !== null) throw mixed(what);
    twoSum(sum, numberOf(item, what), 0);
  }
  sum.count++;
}

export function mergeSums(left: Sum, right: Sum, what: string): Sum {
  if (left.count === 0) return right;
  if (right.count === 0) return left;
  if ((left.big === null) !== (right.big === null)) throw mixed(what);
  const sum = { ...left, count: left.count + right.count };
  if (left.big !== null && right.big !== null) sum.big = left.big + right.big;
  else twoSum(sum, right.high, right.low);
  return sum;
}

export function sumValue({ high, low, big }: Sum): number | bigint {
  // Beyond infinity the low part is NaN.
  return big ?? (Number.isFinite(high) ? high + low : high);
}

function twoSum(sum: Sum, high: number, low: number): void {
  const total = sum.high + high;
  const part = total - sum.high;
  const error = sum.high - (total - part) + (high - part);
  sum.high = total;
  sum.low += error + low;
}

export function numberOf(item: unknown, what: string): number {
  if (typeof item === "number") return item;
  throw new TypeMismatchError(`${what}() expects numbers, found ${showItem(item)}.`, {
    fields: { found: item === null ? "null" : typeof item },
    fix: `map the items to numbers first${typeof item === "string" ? ": .map(Number)" : ""}, or filter such items out.`,
  });
}

function mixed(what: string): TypeMismatchError {
  return new TypeMismatchError(`${what}() found numbers and bigints among each other; they cannot be added.`, {
    fix: "map the items to one of both first: .map(Number) or .map(BigInt).",
  });
}

/** Count, mean and sum of squared differences from it: Welford's method, and Chan, Golub and LeVeque's (1979) to merge two. */
export interface Moments {
  count: number;
  mean: number;
  squares: number;
}

export const noMoments = (): Moments => ({ count: 0, mean: 0, squares: 0 });

export function addToMoments(moments: Moments, x: number): void {
  moments.count++;
  const delta = x - moments.mean;
  moments.mean += delta / moments.count;
  moments.squares += delta * (x - moments.mean);
}

export function mergeMoments(left: Moments, right: Moments): Moments {
  if (left.count === 0) return right;
  if (right.count === 0) return left;
  const count = left.count + right.count;
  const delta = right.mean - left.mean;
  return {
    count,
    mean: left.mean + (delta * right.count) / count,
    squares: left.squares + right.squares + (delta * delta * left.count * right.count) / count,
  };
}

export function stdOf({ count, squares }: Moments, ddof: number): number {
  return count > ddof ? Math.sqrt(squares / (count - ddof)) : NaN;
}
