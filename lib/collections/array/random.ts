import { OptionError } from "../../errors.ts";
import { knownKeys } from "../options.ts";
import { ChunkedArray } from "./chunked-array.ts";
import { checkChunks, type ChunksOption } from "./chunks.ts";
import { checkDType, holds, type DType } from "./dtype.ts";
import type { Distribution } from "./nodes.ts";
import { choice, permutation } from "./random-order.ts";
import { checkSeed } from "./seed.ts";
import { checkShape } from "./shape.ts";

export interface RandomOptions {
  /** A whole number from 0 to 2^53 − 1. The same seed, shape and chunks give the same numbers, whatever runs them. Default: another for each array. */
  readonly seed?: number;
  /** Default "auto". Numbers depend on them: chunk c is made by stream c. */
  readonly chunks?: ChunksOption;
}
type Float = "float64" | "float32";
/** `dtype`: default "float64". */
type FloatOptions<D extends Float> = RandomOptions & { readonly dtype?: D };

/** Random numbers, made where they are needed (xoshiro256++ by chunk; normals and exponentials by ziggurat, Marsaglia and Tsang 2000). */
export const random = {
  /** Uniform in [low, high); default [0, 1). */
  uniform: <D extends Float = "float64">(
    shape: number | readonly number[],
    options: FloatOptions<D> & { readonly low?: number; readonly high?: number } = {},
  ): ChunkedArray<D> => {
    const { low = 0, high = 1 } = options;
    const what = "random.uniform(…)";
    if (!(low <= high && Number.isFinite(high - low)))
      throw new OptionError(`${what} expects finite numbers, low up to high; found ${low} and ${high}.`, {
        fields: { low, high },
      });
    return scaled(drawn({ kind: "uniform" }, shape, options, what, ["low", "high"]), high - low, low);
  },
  /** Normal with mean 0 and standard deviation 1 unless given. */
  normal: <D extends Float = "float64">(
    shape: number | readonly number[],
    options: FloatOptions<D> & { readonly mean?: number; readonly std?: number } = {},
  ): ChunkedArray<D> => {
    const { mean = 0, std = 1 } = options;
    const what = "random.normal(…)";
    if (!(std >= 0 && Number.isFinite(std) && Number.isFinite(mean)))
      throw new OptionError(`${what} expects a finite mean, and a std of at least 0; found ${mean} and ${std}.`, {
        fields: { mean, std },
      });
    return scaled(drawn({ kind: "normal" }, shape, options, what, ["mean", "std"]), std, mean);
  },
  /** Exponential; `scale` (default 1) is the mean. */
  exponential: <D extends Float = "float64">(
    shape: number | readonly number[],
    options: FloatOptions<D> & { readonly scale?: number } = {},
  ): ChunkedArray<D> => {
    const { scale = 1 } = options;
    const what = "random.exponential(…)";
    if (!(scale >= 0 && Number.isFinite(scale)))
      throw new OptionError(`${what} expects a finite scale of at least 0; found ${scale}.`, { fields: { scale } });
    return scaled(drawn({ kind: "exponential" }, shape, options, what, ["scale"]), scale, 0);
  },
  /** Whole numbers in [low, high), all equally likely. Default dtype int64. */
  integers: <D extends DType = "int64">(
    low: number,
    high: number,
    shape: number | readonly number[],
    options: RandomOptions & { readonly dtype?: D } = {},
  ): ChunkedArray<D> => {
    const dtype = options.dtype ?? ("int64" as D); // the default of the type parameter
    checkDType(dtype, "random.integers(…): dtype");
    if (
      !Number.isSafeInteger(low) ||
      !Number.isSafeInteger(high) ||
      high <= low ||
      !holds(dtype, low) ||
      !holds(dtype, high - 1)
    )
      throw new OptionError(
        `random.integers(…) expects whole numbers low < high that ${dtype} holds; found ${low} and ${high}.`,
        { fields: { low, high } },
      );
    return drawn(
      { kind: "integers", low, high },
      shape,
      { ...options, dtype },
      "random.integers(…)",
      [],
    ) as ChunkedArray<D>; // of that dtype
  },
  choice,
  permutation,
};

function drawn(
  distribution: Distribution,
  given: number | readonly number[],
  options: RandomOptions & { readonly dtype?: DType },
  what: string,
  own: readonly string[],
): ChunkedArray {
  knownKeys(options, ["seed", "chunks", "dtype", ...own], what);
  const shape = checkShape(given, what);
  const { dtype = "float64" } = options;
  if (distribution.kind !== "integers" && dtype !== "float64" && dtype !== "float32")
    throw new OptionError(`${what} makes float64 or float32; found the dtype ${JSON.stringify(dtype)}.`, {
      fields: { dtype: String(dtype) },
      fix: 'cast them: .astype("int32"); or take random.integers(…).',
    });
  const seed = checkSeed(options.seed, what);
  const chunks = checkChunks(options.chunks, shape, dtype);
  return new ChunkedArray({ op: "random", distribution, seed, grid: chunks, shape, dtype, chunks });
}

function scaled<D extends Float>(array: ChunkedArray, factor: number, offset: number): ChunkedArray<D> {
  const wide = factor === 1 ? array : array.mul(factor);
  return (offset === 0 ? wide : wide.add(offset)) as ChunkedArray<D>; // of the dtype that was asked for, which plain numbers follow
}
