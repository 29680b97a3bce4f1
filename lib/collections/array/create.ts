import { OptionError } from "../../errors.ts";
import { knownKeys, wrong } from "../options.ts";
import { ChunkedArray } from "./chunked-array.ts";
import { checkChunks, type ChunksOption } from "./chunks.ts";
import { checkDType, type DType } from "./dtype.ts";
import { concatenate } from "./join.ts";
import { makeFull, type Scalar } from "./make.ts";
import { checkShape } from "./shape.ts";

export interface CreateOptions<D extends DType = DType> {
  /** Default "float64". */
  readonly dtype?: D;
  /** How the array is cut; default "auto": about 16 MiB a chunk. */
  readonly chunks?: ChunksOption;
}

/** An array of zeros. */
export function zeros<D extends DType = "float64">(
  shape: number | readonly number[],
  options: CreateOptions<D> = {},
): ChunkedArray<D> {
  return filled(shape, 0, options, "zeros(…)");
}

/** An array of ones. */
export function ones<D extends DType = "float64">(
  shape: number | readonly number[],
  options: CreateOptions<D> = {},
): ChunkedArray<D> {
  return filled(shape, 1, options, "ones(…)");
}

/** An array of one value. @throws OptionError where the dtype does not hold it */
export function full<D extends DType = "float64">(
  shape: number | readonly number[],
  value: Scalar,
  options: CreateOptions<D> = {},
): ChunkedArray<D> {
  return filled(shape, value, options, "full(…)");
}

function filled<D extends DType>(
  shape: number | readonly number[],
  value: Scalar,
  options: CreateOptions<D>,
  what: string,
): ChunkedArray<D> {
  const dtype = dtypeIn(options, what);
  return new ChunkedArray(makeFull(checkShape(shape, what), value, dtype, options.chunks));
}

/** Numbers from `start` (default 0) up to, without, `stop`, `step` (default 1) apart. `arange(stop)`, `arange(start, stop, step, options)`. */
export function arange<D extends DType = "float64">(
  startOrStop: number,
  stop?: number | CreateOptions<D>,
  step?: number | CreateOptions<D>,
  options?: CreateOptions<D>,
): ChunkedArray<D> {
  const given = [stop, step, options].find((one) => typeof one === "object") ?? {};
  const [from, to] = typeof stop === "number" ? [startOrStop, stop] : [0, startOrStop];
  const by = typeof step === "number" ? step : 1;
  if (![from, to, by].every(Number.isFinite) || by === 0)
    throw new OptionError(`arange(…) expects finite numbers, and a step other than 0; found ${from}, ${to}, ${by}.`, {
      fix: "as arange(0, 10, 2).",
    });
  const length = Math.max(0, Math.ceil((to - from) / by));
  // NumPy's steps are as far apart as the second number is from the first, which may differ from `step` in the last bit.
  return affine(from, from + by - from, length, given as CreateOptions<D>, "arange(…)"); // the one that is an object
}

/** `count` numbers from `start` to `stop`, both included, equally far apart. Default 50. */
export function linspace(
  start: number,
  stop: number,
  count = 50,
  options: Pick<CreateOptions, "chunks"> = {},
): ChunkedArray<"float64"> {
  const [length] = checkShape(count, "linspace(…)");
  const step = length > 1 ? (stop - start) / (length - 1) : 0;
  const line = affine(start, step, length, { ...options, dtype: "float64" }, "linspace(…)");
  // The last is `stop` to the bit, whatever the steps come to.
  return length > 1
    ? (concatenate([line.slice([0, -1]), full([1], stop)]).rechunk(line.chunks) as ChunkedArray<"float64">)
    : line; // of two float64
}

function affine<D extends DType>(
  start: number,
  step: number,
  length: number,
  options: CreateOptions<D>,
  what: string,
): ChunkedArray<D> {
  const dtype = dtypeIn(options, what);
  if (dtype === "bool")
    throw new OptionError(`${what} makes numbers, no bools.`, { fix: "compare them: arange(10).gt(4)." });
  const shape = [length];
  return new ChunkedArray({
    op: "affine",
    start,
    step,
    shape,
    dtype,
    chunks: checkChunks(options.chunks, shape, dtype),
  });
}

/** Ones on the k-th diagonal, of n rows and m (default n) columns. */
export function eye<D extends DType = "float64">(
  n: number,
  m: number = n,
  options: CreateOptions<D> & { readonly k?: number } = {},
): ChunkedArray<D> {
  const shape = checkShape([n, m], "eye(…)");
  const dtype = dtypeIn(options, "eye(…)", ["k"]);
  const { k = 0 } = options;
  if (!Number.isSafeInteger(k)) throw wrong("eye(…) option k", "a whole number", k);
  return new ChunkedArray({
    op: "eye",
    k,
    shape,
    dtype,
    chunks: checkChunks(options.chunks, shape, dtype),
  });
}

function dtypeIn<D extends DType>(options: CreateOptions<D>, what: string, own: readonly string[] = []): D {
  knownKeys(options, ["dtype", "chunks", ...own], what);
  if (options.dtype === undefined) return "float64" as D; // the default of the type parameter
  checkDType(options.dtype, `${what}: dtype`);
  return options.dtype;
}
