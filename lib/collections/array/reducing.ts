import { ownFunction } from "../../callables/own.ts";
import type { Floating, ScalarOf } from "./array-base.ts";
import { ChunkedArray, type AnyArray } from "./chunked-array.ts";
import { toNDArray } from "./from-array.ts";
import type { DType, TypedArray } from "./dtype.ts";
import type { Scalar } from "./make.ts";
import type { NDArray, Nested } from "./ndarray.ts";
import { reduceNow, type ReductionMethod } from "./reduce-now.ts";
import type { ReduceOptions, VarianceOptions, Whole, WholeVariance } from "./reduction-methods.ts";

/**
 * Reductions as functions. Of a ChunkedArray they are its methods: lazy. Of an array in memory or lists in lists they are computed at once, so that they can be
 * submitted: `client.submit(mean, await client.scatter(x))`, where they travel by their names.
 */

/** An array in memory. */
export type ArrayData = NDArray | TypedArray | readonly Nested<Scalar>[];
/** The same, as far as the types of submitted calls can look into it: what may be a result to come is sought at every depth of lists. */
type Submitted = NDArray | TypedArray | readonly Scalar[] | readonly (readonly Scalar[])[];
type Axes<O> = O & ({ readonly axis: number | readonly number[] } | { readonly keepdims: true });

/** `Of<D>`: the dtype, `One<D>`: what a whole array of dtype D comes to. */
interface Reducing<T, O extends ReduceOptions, W> {
  (x: AnyArray, options?: W): ChunkedArray<DType, T>;
  (x: AnyArray, options: Axes<O>): ChunkedArray;
  (x: ArrayData, options: Axes<O>): NDArray;
  (x: ArrayData, options?: W): T;
  (x: Submitted): T;
}

interface Averaging<O extends ReduceOptions, W> {
  <D extends DType>(x: ChunkedArray<D, unknown>, options?: W): ChunkedArray<Floating<D>, number>;
  <D extends DType>(x: ChunkedArray<D, unknown>, options: Axes<O>): ChunkedArray<Floating<D>>;
  (x: ArrayData, options: Axes<O>): NDArray;
  (x: ArrayData, options?: W): number;
  (x: Submitted): number;
}

/** By name: what a worker takes them by. */
export const REDUCTIONS = new Map<string, (x: AnyArray | ArrayData, options?: VarianceOptions) => unknown>();

function reducing(fn: ReductionMethod): (x: AnyArray | ArrayData, options?: VarianceOptions) => never {
  const reduced = (x: AnyArray | ArrayData, options: VarianceOptions = {}): unknown =>
    x instanceof ChunkedArray
      ? (x[fn] as (options: VarianceOptions) => AnyArray)(options)
      : reduceNow(toNDArray(x, undefined), fn, options);
  REDUCTIONS.set(fn, reduced);
  return ownFunction(`reduce.${fn}`, reduced) as never; // the types below say what each gives
}

type Number64 = ScalarOf<"int64">;
type Sum = Reducing<Number64, ReduceOptions, Whole>;
type Mean = Averaging<ReduceOptions, Whole>;
type Variance = Averaging<VarianceOptions, WholeVariance>;
type Place = Reducing<number, { readonly axis?: number; readonly keepdims?: boolean }, Whole>;

/** Integers are added in 64 bits, and wrap. */
export const sum: Sum = reducing("sum");
export const prod: Sum = reducing("prod");
/** NaN where there is no element. */
export const mean: Mean = reducing("mean");
/** The mean squared deviation from the mean; `ddof` (default 0) is taken from the count that divides it. */
export const variance: Variance = reducing("var");
/** The square root of `variance`. */
export const std: Variance = reducing("std");
/** NaN if one element is. @throws ShapeError where there is none */
export const min: Reducing<Number64 | boolean, ReduceOptions, Whole> = reducing("min");
export const max: Reducing<Number64 | boolean, ReduceOptions, Whole> = reducing("max");
export const any: Reducing<boolean, ReduceOptions, Whole> = reducing("any");
export const all: Reducing<boolean, ReduceOptions, Whole> = reducing("all");
export const countNonzero: Reducing<number, ReduceOptions, Whole> = reducing("countNonzero");
/** Where the first smallest element is (the first NaN, if there is one), in C order or along an axis. */
export const argmin: Place = reducing("argmin");
export const argmax: Place = reducing("argmax");
/** The same without NaN. */
export const nansum: Sum = reducing("nansum");
export const nanmean: Mean = reducing("nanmean");
export const nanvar: Variance = reducing("nanvar");
export const nanstd: Variance = reducing("nanstd");
export const nanmin: Reducing<Number64 | boolean, ReduceOptions, Whole> = reducing("nanmin");
export const nanmax: Reducing<Number64 | boolean, ReduceOptions, Whole> = reducing("nanmax");
