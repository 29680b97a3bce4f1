import { OptionError } from "../../errors.ts";
import { ChunkedArray } from "./chunked-array.ts";
import { checkChunks, type ChunksOption } from "./chunks.ts";
import { holds, type DType } from "./dtype.ts";
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
    return scaled(drawn({ kind: "uniform" }, shape, options, "random.uniform(…)"), high - low, low);
  },
  /** Normal with mean 0 and standard deviation 1 unless given. */
  normal: <D extends Float = "float64">(
    shape: number | readonly number[],
    options: FloatOptions<D> & { readonly mean?: number; readonly std?: number } = {},
  ): ChunkedArray<D> => {
    const { mean = 0, std = 1 } = options;
    if (!(std >= 0))
      throw new OptionError(`random.normal(…) expects a std of at least 0; found ${std}.`, { fields: { std } });
    return scaled(drawn({ kind: "normal" }, shape, options, "random.normal(…)"), std, mean);
  },
  /** Exponential; `scale` (default 1) is the mean. */
  exponential: <D extends Float = "float64">(
    shape: number | readonly number[],
    options: FloatOptions<D> & { readonly scale?: number } = {},
  ): ChunkedArray<D> =>
    scaled(drawn({ kind: "exponential" }, shape, options, "random.exponential(…)"), options.scale ?? 1, 0),
  /** Whole numbers in [low, high), all equally likely. Default dtype int64. */
  integers: <D extends DType = "int64">(
    low: number,
    high: number,
    shape: number | readonly number[],
    options: RandomOptions & { readonly dtype?: D } = {},
  ): ChunkedArray<D> => {
    const dtype = options.dtype ?? ("int64" as D); // the default of the type parameter
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
): ChunkedArray {
  const shape = checkShape(given, what);
  const { dtype = "float64" } = options;
  const seed = checkSeed(options.seed, what);
  const chunks = checkChunks(options.chunks, shape, dtype);
  return new ChunkedArray({ op: "random", distribution, seed, grid: chunks, shape, dtype, chunks });
}

function scaled<D extends Float>(array: ChunkedArray, factor: number, offset: number): ChunkedArray<D> {
  const wide = factor === 1 ? array : array.mul(factor);
  return (offset === 0 ? wide : wide.add(offset)) as ChunkedArray<D>; // of the dtype that was asked for, which plain numbers follow
}
