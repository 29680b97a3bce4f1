import type { TypedArray } from "../../collections/array/dtype.ts";
import type { AlongFunction, QuantileMethod } from "../../collections/array/nodes.ts";

/** Works on one line: reads `input`, which it may change, and fills `output`. */
export type LineWork = (input: TypedArray, output: TypedArray) => void;

/** `length`: of the input lines. */
export function lineFunction(fn: AlongFunction, length: number): LineWork {
  switch (fn.name) {
    case "sort":
      // NaN last, -0 before 0: as NumPy, but for the zeros, which NumPy leaves in any order.
      return (input, output) => {
        input.sort();
        copy(input, output);
      };
    case "argsort":
      return argsorted(length);
    case "quantile":
      return (input, output) => quantiles(input, output, fn.q, fn.method);
  }
}

function copy(from: TypedArray, to: TypedArray): void {
  for (let i = 0; i < to.length; i++) to[i] = from[i];
}

function argsorted(length: number): LineWork {
  const order = new Uint32Array(length);
  return (input, output) => {
    for (let i = 0; i < length; i++) order[i] = i;
    order.sort((a, b) => before(input[a], input[b]) || a - b);
    for (let i = 0; i < length; i++) output[i] = output instanceof BigInt64Array ? BigInt(order[i]) : order[i];
  };
}

/** NaN last. */
function before(a: number | bigint, b: number | bigint): number {
  if (a < b) return -1;
  if (a > b) return 1;
  return a === b ? 0 : Number(a !== a) - Number(b !== b);
}

/** Sorts the line, and fills in its quantiles: NaN if one element is. */
export function quantiles(
  input: TypedArray,
  output: TypedArray,
  wanted: readonly number[],
  method: QuantileMethod,
): void {
  input.sort();
  const last = Number(input[input.length - 1]);
  for (const [i, q] of wanted.entries()) output[i] = Number.isNaN(last) ? NaN : sortedQuantile(input, q, method);
}

/** The q-th quantile of sorted values without NaN, by numpy.quantile's methods of the same names. */
export function sortedQuantile(sorted: TypedArray, q: number, method: QuantileMethod): number {
  if (sorted.length === 0) return NaN;
  return between(q * (sorted.length - 1), (rank) => Number(sorted[rank]), method);
}

/** What lies at `at` between elements of whole ranks. */
export function between(at: number, valueAt: (rank: number) => number, method: QuantileMethod): number {
  const [low, high] = [Math.floor(at), Math.ceil(at)];
  const [a, b] = [valueAt(low), valueAt(high)];
  switch (method) {
    case "linear": {
      const t = at - low;
      // As NumPy's lerp: exact at both ends.
      if (a === b) return a;
      return t < 0.5 ? a + (b - a) * t : b - (b - a) * (1 - t);
    }
    case "lower":
      return a;
    case "higher":
      return b;
    case "midpoint":
      return low === high ? a : (a + b) / 2;
    case "nearest": {
      const half = at - low;
      return half < 0.5 || (half === 0.5 && low % 2 === 0) ? a : b;
    }
  }
}
