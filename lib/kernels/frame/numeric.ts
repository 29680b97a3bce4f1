import { OverflowError } from "../../errors.ts";
import type { ArithmeticOp, ComparisonOp } from "../../collections/expression.ts";

/** Loops over plain numbers. Each is monomorphic (f64 in, f64 or bytes out), so that the engine compiles it well. `n` values. */
type Loop = (a: Float64Array, b: Float64Array, out: Float64Array, n: number) => void;
type Test = (a: Float64Array, b: Float64Array, out: Uint8Array, n: number) => void;

export const arithmetic: Record<ArithmeticOp, Loop> = {
  add(a, b, out, n) {
    for (let i = 0; i < n; i++) out[i] = a[i] + b[i];
  },
  sub(a, b, out, n) {
    for (let i = 0; i < n; i++) out[i] = a[i] - b[i];
  },
  mul(a, b, out, n) {
    for (let i = 0; i < n; i++) out[i] = a[i] * b[i];
  },
  div(a, b, out, n) {
    for (let i = 0; i < n; i++) out[i] = a[i] / b[i];
  },
  floorDiv(a, b, out, n) {
    for (let i = 0; i < n; i++) out[i] = floorQuotient(a[i], b[i]);
  },
  mod(a, b, out, n) {
    for (let i = 0; i < n; i++) {
      const r = a[i] % b[i];
      out[i] = r !== 0 && r < 0 !== b[i] < 0 ? r + b[i] : r;
    }
  },
  pow(a, b, out, n) {
    for (let i = 0; i < n; i++) out[i] = a[i] ** b[i];
  },
};

export const comparison: Record<ComparisonOp, Test> = {
  eq(a, b, out, n) {
    for (let i = 0; i < n; i++) out[i] = a[i] === b[i] ? 1 : 0;
  },
  ne(a, b, out, n) {
    for (let i = 0; i < n; i++) out[i] = a[i] === b[i] ? 0 : 1;
  },
  lt(a, b, out, n) {
    for (let i = 0; i < n; i++) out[i] = a[i] < b[i] ? 1 : 0;
  },
  le(a, b, out, n) {
    for (let i = 0; i < n; i++) out[i] = a[i] <= b[i] ? 1 : 0;
  },
  gt(a, b, out, n) {
    for (let i = 0; i < n; i++) out[i] = a[i] > b[i] ? 1 : 0;
  },
  ge(a, b, out, n) {
    for (let i = 0; i < n; i++) out[i] = a[i] >= b[i] ? 1 : 0;
  },
};

/** Whether each of two values that compare by `c` (negative, zero, positive) passes. */
export function passes(op: ComparisonOp, c: number): boolean {
  switch (op) {
    case "eq":
      return c === 0;
    case "ne":
      return c !== 0;
    case "lt":
      return c < 0;
    case "le":
      return c <= 0;
    case "gt":
      return c > 0;
    case "ge":
      return c >= 0;
  }
}

/**
 * a // b as Python and NumPy have it: the floor of the true quotient, where the floor of the rounded one is too large (1 // 0.1 is 9, since
 * 0.1 is a little more than a tenth).
 */
export function floorQuotient(a: number, b: number): number {
  if (b === 0) return a / b;
  const remainder = a % b;
  const below = remainder !== 0 && remainder < 0 !== b < 0 ? 1 : 0;
  const quotient = (a - remainder) / b - below;
  if (quotient === 0) return (a / b) * 0; // with the quotient's sign
  // The division by b may have been rounded, to either side of a whole number.
  const whole = Math.floor(quotient);
  return quotient - whole > 0.5 ? whole + 1 : whole;
}

/** Whether all values are whole and below 2^53 in size: then f64 holds them exactly, and no sum or product that gave them was rounded. */
export function allSafe(values: Float64Array, n: number): boolean {
  let largest = 0;
  for (let i = 0; i < n; i++) {
    const size = values[i] < 0 ? -values[i] : values[i];
    if (size > largest) largest = size;
  }
  return largest < 9007199254740992;
}

/** The quotient's floor, exact where f64 division rounds: for |a|, |b| < 2^53. Null (NaN here) by 0. */
export function floorDivIntegers(a: Float64Array, b: Float64Array, out: Float64Array, n: number): void {
  for (let i = 0; i < n; i++) {
    const remainder = a[i] % b[i];
    const down = remainder !== 0 && remainder < 0 !== b[i] < 0 ? 1 : 0;
    out[i] = (a[i] - remainder) / b[i] - down;
  }
}

/** Integers have no −0, which 0 · −5 gives in f64. */
export function dropMinusZero(values: Float64Array, n: number): void {
  for (let i = 0; i < n; i++) values[i] += 0;
}

/** One operation on 64-bit integers; null for a division by 0. `OverflowError` beyond 64 bits. */
export function bigArithmetic(op: ArithmeticOp, a: bigint, b: bigint): bigint | null {
  const result = exact(op, a, b);
  if (result !== null && BigInt.asIntN(64, result) !== result)
    throw new OverflowError(`${a} ${op} ${b} = ${result} does not fit int64.`, {
      fields: { op, left: a.toString(), right: b.toString() },
      fix: 'cast an operand first: .cast("float64").',
    });
  return result;
}

function exact(op: ArithmeticOp, a: bigint, b: bigint): bigint | null {
  if (op === "add") return a + b;
  if (op === "sub") return a - b;
  if (op === "mul") return a * b;
  if (b === 0n) return null;
  const remainder = a % b;
  const adjust = remainder !== 0n && remainder < 0n !== b < 0n;
  if (op === "mod") return adjust ? remainder + b : remainder;
  return a / b - (adjust ? 1n : 0n);
}
