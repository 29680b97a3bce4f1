import { isFloat, viewOf, type DType, type TypedArray } from "../../collections/array/dtype.ts";
import { makeTyped } from "../../collections/array/ndarray.ts";
import type { ReductionName } from "../../collections/array/nodes.ts";
import { reducedDType } from "../../collections/array/make-reduce.ts";
import type { State } from "./partials.ts";

/** One way of reducing: its state's fields, the loop that adds a block to them, how two states merge, and what comes out. */
export interface Reducer {
  readonly fields: readonly Field[];
  /** The loop's name without the dtype; or a loop for each field. */
  readonly loop: string | readonly string[];
  /** Whether the loop is told the index of the first row, before the fields. */
  readonly positioned: boolean;
  merge(a: readonly TypedArray[], b: readonly TypedArray[]): void;
  /** `count`: how many elements each result was made of. */
  finish(fields: readonly TypedArray[], count: number, ddof: number): TypedArray;
}

interface Field {
  readonly dtype: DType;
  readonly first: number;
}

export function reducerOf(fn: ReductionName, dtype: DType): Reducer {
  const output = reducedDType(fn, dtype);
  switch (fn) {
    case "sum":
    case "nansum":
      return simple(isFloat(dtype) ? fn : "sum", accumulator(dtype), 0, output, addInto);
    case "prod":
      return simple("prod", accumulator(dtype), 1, output, multiplyIntoFirst);
    case "count":
      return simple("countnonzero", "int64", 0, output, addInto);
    case "any":
      return simple("any", "bool", 0, output, (a, b) => each(a, b, (x, y) => Number(x) | Number(y)));
    case "all":
      return simple("all", "bool", 1, output, (a, b) => each(a, b, (x, y) => Number(x) & Number(y)));
    case "mean":
      // Whole numbers are added as they are; a mean of float64 is the sum's over the count.
      return {
        ...simple("sum", accumulator(dtype), 0, output, addInto),
        finish: ([sum], count) => mapTo(output, sum, (x) => Number(x) / count),
      };
    case "nanmean":
      return isFloat(dtype) ? meanOfNumbers(output) : reducerOf("mean", dtype);
    case "var":
    case "nanvar":
      return moments(momentsLoop(fn, dtype), output, (m2, _, count, ddof) => variance(m2, count, ddof));
    case "std":
    case "nanstd":
      return moments(momentsLoop(fn, dtype), output, (m2, _, count, ddof) => Math.sqrt(variance(m2, count, ddof)));
    case "min":
    case "nanmin":
      return extreme(isFloat(dtype) ? fn : "min", dtype, fn === "min", (x, y) => x < y);
    case "max":
    case "nanmax":
      return extreme(isFloat(dtype) ? fn : "max", dtype, fn === "max", (x, y) => x > y);
    case "argmin":
      return position("argmin", dtype, (x, y) => x < y);
    case "argmax":
      return position("argmax", dtype, (x, y) => x > y);
  }
}

function accumulator(dtype: DType): DType {
  if (isFloat(dtype)) return "float64";
  return dtype.startsWith("u") ? "uint64" : "int64";
}

/** Of what is not NaN, which has to be counted. */
function meanOfNumbers(output: DType): Reducer {
  return {
    fields: [
      { dtype: "float64", first: 0 },
      { dtype: "int64", first: 0 },
    ],
    loop: ["nansum", "nancount"],
    positioned: false,
    merge: ([sum, count], [otherSum, otherCount]) => {
      addInto(sum, otherSum);
      addInto(count, otherCount);
    },
    finish: ([sums, counts]) => {
      const made = makeTyped(output, sums.length) as TypedArray;
      for (let i = 0; i < made.length; i++) made[i] = Number(sums[i]) / Number(counts[i]);
      return made;
    },
  };
}

function momentsLoop(fn: string, dtype: DType): string {
  return fn.startsWith("nan") && isFloat(dtype) ? "nanmoments" : "moments";
}

/** Of no more elements than `ddof` NaN, or infinity, as in NumPy. */
function variance(m2: number, count: number, ddof: number): number {
  return m2 / Math.max(0, count - ddof);
}

/** One field, that the loop adds to. */
function simple(
  loop: string,
  dtype: DType,
  first: number,
  output: DType,
  merge: (a: TypedArray, b: TypedArray) => void,
): Reducer {
  return {
    fields: [{ dtype, first }],
    loop,
    positioned: false,
    merge: ([a], [b]) => merge(a, b),
    finish: ([field]) => (output === dtype || output === "bool" ? field : mapTo(output, field, (x) => x)),
  };
}

function moments(
  loop: string,
  output: DType,
  finish: (m2: number, mean: number, count: number, ddof: number) => number,
): Reducer {
  return {
    fields: [0, 0, 0].map((first) => ({ dtype: "float64", first })),
    loop,
    positioned: false,
    merge: (a, b) => mergeMoments(a as readonly Float64Array[], b as readonly Float64Array[]), // fields of float64
    finish: ([counts, means, m2s], _, ddof) => {
      const made = makeTyped(output, counts.length) as TypedArray;
      for (let i = 0; i < made.length; i++) made[i] = finish(Number(m2s[i]), Number(means[i]), Number(counts[i]), ddof);
      return made;
    },
  };
}

/** Chan, Golub and LeVeque 1983: what two parts' means and squared deviations come to together. */
export function mergeMoments(
  [countA, meanA, m2A]: readonly Float64Array[],
  [countB, meanB, m2B]: readonly Float64Array[],
): void {
  for (let i = 0; i < countA.length; i++) {
    const [na, nb] = [countA[i], countB[i]];
    if (nb === 0) continue;
    const n = na + nb;
    const delta = meanB[i] - meanA[i];
    countA[i] = n;
    meanA[i] = na === 0 ? meanB[i] : meanA[i] + (delta * nb) / n;
    m2A[i] += m2B[i] + (na === 0 ? 0 : (delta * delta * na * nb) / n);
  }
}

/** `nanWins`: a NaN is the extreme, whatever else there is. */
function extreme(
  loop: string,
  dtype: DType,
  nanWins: boolean,
  better: (x: number | bigint, y: number | bigint) => boolean,
): Reducer {
  return {
    fields: [
      { dtype, first: 0 },
      { dtype: "bool", first: 0 },
    ],
    loop,
    positioned: false,
    merge: ([best, seen], [other, otherSeen]) => {
      for (let i = 0; i < best.length; i++) {
        if (!otherSeen[i]) continue;
        const [x, y] = [best[i], other[i]];
        const take = !seen[i] || better(y, x) || (y !== y ? nanWins : x !== x && !nanWins);
        if (take) best[i] = y;
        seen[i] = 1;
      }
    },
    // nanmin of NaN alone is NaN.
    finish: ([best, seen]) => {
      if (isFloat(dtype)) for (let i = 0; i < best.length; i++) if (!seen[i]) best[i] = NaN;
      return best;
    },
  };
}

function position(loop: string, dtype: DType, better: (x: number | bigint, y: number | bigint) => boolean): Reducer {
  return {
    fields: [
      { dtype, first: 0 },
      { dtype: "int64", first: -1 },
    ],
    loop,
    positioned: true,
    // Left comes before right: of equals the left one stays.
    merge: ([best, at], [other, otherAt]) => {
      for (let i = 0; i < best.length; i++) {
        if (otherAt[i] === -1n) continue;
        const [x, y] = [best[i], other[i]];
        if (at[i] !== -1n && !(better(y, x) || (y !== y && x === x))) continue;
        best[i] = y;
        at[i] = otherAt[i];
      }
    },
    finish: ([, at]) => at,
  };
}

function addInto(a: TypedArray, b: TypedArray): void {
  if (a instanceof Float64Array) for (let i = 0; i < a.length; i++) a[i] += Number(b[i]);
  else each(a, b, (x, y) => BigInt(x) + BigInt(y));
}

function multiplyIntoFirst(a: TypedArray, b: TypedArray): void {
  if (a instanceof Float64Array) for (let i = 0; i < a.length; i++) a[i] *= Number(b[i]);
  else each(a, b, (x, y) => BigInt(x) * BigInt(y));
}

function each(a: TypedArray, b: TypedArray, of: (x: number | bigint, y: number | bigint) => number | bigint): void {
  for (let i = 0; i < a.length; i++) a[i] = of(a[i], b[i]);
}

function mapTo(dtype: DType, from: TypedArray, of: (x: number | bigint) => number | bigint): TypedArray {
  const made = makeTyped(dtype, from.length) as TypedArray;
  for (let i = 0; i < made.length; i++) made[i] = of(from[i]);
  return made;
}

/** A state before anything was added. */
export function emptyState(place: number, { fields }: Reducer, size: number): State {
  return {
    place,
    fields: fields.map(({ dtype, first }) => {
      const field = viewOf(dtype, new ArrayBuffer(0), 0, 0) as TypedArray;
      const made = makeTyped(dtype, size) as TypedArray;
      if (field instanceof BigInt64Array || field instanceof BigUint64Array)
        (made as BigInt64Array).fill(BigInt(first));
      else (made as Float64Array).fill(first);
      return made;
    }),
  };
}
