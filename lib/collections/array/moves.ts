import { ChunkedArray } from "./chunked-array.ts";
import type { ChunksOption } from "./chunks.ts";
import { checkDType, type DType } from "./dtype.ts";
import { asArray, type ArrayLike } from "./elementwise.ts";
import { makeFull, type Scalar } from "./make.ts";
import { makeTile, type Repeats } from "./make-moves.ts";

/** Functions that make arrays like others, or move elements about; most are methods too. */

interface LikeOptions<D extends DType> {
  /** Default: the array's. */
  readonly dtype?: D;
  /** Default: the array's. */
  readonly chunks?: ChunksOption;
}

/** Zeros in the shape, dtype and chunks of an array. */
export function zerosLike<D extends DType = DType>(x: ArrayLike, options: LikeOptions<D> = {}): ChunkedArray<D> {
  return fullLike(x, 0, options);
}

export function onesLike<D extends DType = DType>(x: ArrayLike, options: LikeOptions<D> = {}): ChunkedArray<D> {
  return fullLike(x, 1, options);
}

/** One value in the shape, dtype and chunks of an array. @throws OptionError where the dtype does not hold it */
export function fullLike<D extends DType = DType>(
  x: ArrayLike,
  value: Scalar,
  options: LikeOptions<D> = {},
): ChunkedArray<D> {
  const { shape, dtype, chunks } = asArray(x);
  const own = options.dtype === undefined ? dtype : checkDType(options.dtype, "fullLike(…): dtype");
  return new ChunkedArray(makeFull(shape, value, own, options.chunks ?? chunks));
}

/** The array side by side: `reps` times along each axis; missing axes are put in front. */
export function tile(x: ArrayLike, reps: number | readonly number[]): ChunkedArray {
  return new ChunkedArray(makeTile(asArray(x).node, reps));
}

/** See `ChunkedArray.repeat`. */
export function repeat(x: ArrayLike, repeats: Repeats, options: { readonly axis?: number } = {}): ChunkedArray {
  return asArray(x).repeat(repeats, options);
}

/** See `ChunkedArray.roll`. */
export function roll(
  x: ArrayLike,
  shift: number | readonly number[],
  options: { readonly axis?: number | readonly number[] } = {},
): ChunkedArray {
  return asArray(x).roll(shift, options);
}

/** See `ChunkedArray.diff`. */
export function diff(x: ArrayLike, options: { readonly n?: number; readonly axis?: number } = {}): ChunkedArray {
  return asArray(x).diff(options);
}
