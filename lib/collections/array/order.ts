import { OptionError } from "../../errors.ts";
import { knownKeys } from "../options.ts";
import { ChunkedArray, type AnyArray } from "./chunked-array.ts";
import { infoOf, type DType } from "./dtype.ts";
import { floatOf, makeLocal, makeWhole } from "./make-local.ts";
import { makeRechunk, withWholeAxis } from "./make.ts";
import { reducedDType } from "./make-reduce.ts";
import type { ArrayNode, QuantileMethod } from "./nodes.ts";
import { quantilesByPasses } from "./digits.ts";
import { checkAxes, checkAxis, sizeOf } from "./shape.ts";

/** Functions that need an order along an axis: sorting, quantiles, running sums. */

export interface AxisOptions {
  /** Negative ones count from the end. Default: the last one; null: of all elements, in C order. */
  readonly axis?: number | null;
}

/** Sorted along an axis, NaN last. A line is sorted within one task. */
export function sort<D extends DType>(x: ChunkedArray<D, unknown>, options: AxisOptions = {}): ChunkedArray<D> {
  return sorted(x, "sort", x.dtype, options) as ChunkedArray<D>; // of the same dtype
}

/** The places along an axis whose elements are in order; of equals the first one first. */
export function argsort(x: AnyArray, options: AxisOptions = {}): ChunkedArray<"int64"> {
  return sorted(x, "argsort", "int64", options) as ChunkedArray<"int64">; // as it says
}

function sorted(x: AnyArray, name: "sort" | "argsort", dtype: DType, options: AxisOptions): ChunkedArray {
  knownKeys(options, ["axis"], `${name}(…)`);
  const array = options.axis === null ? x.ravel() : x;
  const axis = checkAxis(options.axis ?? -1, array.ndim, `${name}(…)`);
  const input = withWholeAxis(array.node, axis);
  return new ChunkedArray({
    op: "along",
    inputs: [input],
    axis,
    fn: { name },
    shape: input.shape,
    dtype,
    chunks: input.chunks,
  });
}

/** Sums up to each element along an axis (default, as null: of all elements). Integers are added in 64 bits. */
export function cumsum(x: AnyArray, options: AxisOptions = {}): ChunkedArray {
  return running(x, "cumsum", options);
}

/** Products up to each element, as `cumsum`. */
export function cumprod(x: AnyArray, options: AxisOptions = {}): ChunkedArray {
  return running(x, "cumprod", options);
}

/** Totals of the chunks first, and what they come to chunk by chunk; then each chunk goes on from those before it. */
function running(x: AnyArray, fn: "cumsum" | "cumprod", options: AxisOptions): ChunkedArray {
  knownKeys(options, ["axis"], `${fn}(…)`);
  const array = options.axis === undefined || options.axis === null ? (x.ndim === 1 ? x : x.ravel()) : x;
  const axis = checkAxis(options.axis ?? 0, array.ndim, `${fn}(…)`);
  const { node } = array;
  const dtype = reducedDType("sum", node.dtype);
  const { chunks, shape } = node;
  if (chunks[axis].length === 1)
    return new ChunkedArray({ op: "cumulate", inputs: [node], fn, axis, shape, dtype, chunks });
  const wide = dtype === "float32" ? "float64" : dtype;
  const count = chunks[axis].length;
  const each = chunks.with(axis, new Array<number>(count).fill(1));
  const totals = makeLocal([node], { name: "total", fn, axis }, { dtype: wide, chunks: each, apart: true });
  const together = makeRechunk(totals, chunks.with(axis, [count]));
  const before = makeLocal(
    [together],
    { name: "running", fn, axis },
    { dtype: wide, chunks: together.chunks, apart: true },
  );
  return new ChunkedArray(makeLocal([node, before], { name: "running", fn, axis }, { dtype, chunks }));
}

export interface QuantileOptions {
  /** One axis, or several; default: all. */
  readonly axis?: number | readonly number[];
  /** Between two elements: default "linear", as numpy.quantile. */
  readonly method?: QuantileMethod;
  /** Whether the axes stay, with length 1. Default false. */
  readonly keepdims?: boolean;
}

const METHODS: readonly unknown[] = [
  "linear",
  "lower",
  "higher",
  "nearest",
  "midpoint",
] satisfies readonly QuantileMethod[];

/**
 * The value that a part q of the elements, from 0 to 1, lies below; of a list of them an axis of values, the first one. Values between elements are floats, float64
 * for a list; those of "lower", "higher" and "nearest" have the elements' dtype. NaN where an element is NaN. Along an
 * axis each line within one task; over all axes of an array that is large by passes that count, each over all elements, so that it need not fit into memory.
 */
export function quantile(
  x: AnyArray,
  q: number,
  options?: { readonly method?: QuantileMethod },
): ChunkedArray<DType, number>;
export function quantile(x: AnyArray, q: number | readonly number[], options: QuantileOptions): ChunkedArray;
export function quantile(x: AnyArray, q: readonly number[], options?: QuantileOptions): ChunkedArray;
export function quantile(x: AnyArray, q: number | readonly number[], options: QuantileOptions = {}): AnyArray {
  return quantiles(x, q, options, "quantile(…)");
}

/** As `quantile`, of percentages. */
export function percentile(
  x: AnyArray,
  q: number,
  options?: { readonly method?: QuantileMethod },
): ChunkedArray<DType, number>;
export function percentile(x: AnyArray, q: number | readonly number[], options: QuantileOptions): ChunkedArray;
export function percentile(x: AnyArray, q: readonly number[], options?: QuantileOptions): ChunkedArray;
export function percentile(x: AnyArray, q: number | readonly number[], options: QuantileOptions = {}): AnyArray {
  return quantiles(x, typeof q === "number" ? q / 100 : q.map((one) => one / 100), options, "percentile(…)");
}

/** The middle element in order, or the mean of the two. */
export function median(x: AnyArray): ChunkedArray<DType, number>;
export function median(x: AnyArray, options: Omit<QuantileOptions, "method">): ChunkedArray;
export function median(x: AnyArray, options: Omit<QuantileOptions, "method"> = {}): AnyArray {
  knownKeys(options, ["axis", "keepdims"], "median(…)");
  return quantiles(x, 0.5, { ...options, method: "midpoint" }, "median(…)");
}

function quantiles(x: AnyArray, q: number | readonly number[], options: QuantileOptions, what: string): AnyArray {
  knownKeys(options, ["axis", "method", "keepdims"], what);
  const { method = "linear", keepdims = false } = options;
  if (!METHODS.includes(method))
    throw new OptionError(
      `${what} option method expects one of ${METHODS.join(", ")}; found ${JSON.stringify(method)}.`,
    );
  const wanted = typeof q === "number" ? [q] : q;
  if (!wanted.every((one) => one >= 0 && one <= 1))
    throw new OptionError(`${what} expects parts from 0 to 1 (percentiles from 0 to 100); found ${JSON.stringify(q)}.`);
  const axes = checkAxes(options.axis, x.ndim, what);
  const made =
    axes.length === x.ndim && x.ndim !== 1
      ? new ChunkedArray(ofAll(x.node, wanted, method))
      : new ChunkedArray(alongAxes(x, axes, wanted, method));
  const lengths = x.shape.map((length, axis) => (axes.includes(axis) ? 1 : length));
  const exact = method === "lower" || method === "higher" || method === "nearest";
  const typed = made.astype(exact ? x.dtype : typeof q === "number" ? floatOf(x.dtype) : "float64");
  const kept = keepdims ? typed.reshape([wanted.length, ...lengths]) : typed;
  const isAll = options.axis === undefined && !keepdims;
  return typeof q === "number" ? new ChunkedArray(kept.slice(0).node, isAll) : kept;
}

/** [quantiles, kept axes …] */
function alongAxes(x: AnyArray, axes: readonly number[], q: readonly number[], method: QuantileMethod): ArrayNode {
  if (x.ndim === 1) return ofAll(x.node, q, method);
  const kept = x.shape.map((_, axis) => axis).filter((axis) => !axes.includes(axis));
  const lines =
    axes.length === 1 ? x : x.transpose(...kept, ...axes).reshape([...kept.map((axis) => x.shape[axis]), -1]);
  const axis = axes.length === 1 ? axes[0] : kept.length;
  const input = withWholeAxis(lines.node, axis);
  const made = new ChunkedArray({
    op: "along",
    inputs: [input],
    axis,
    fn: { name: "quantile", q, method },
    shape: input.shape.with(axis, q.length),
    dtype: "float64",
    chunks: input.chunks.with(axis, [q.length]),
  });
  return made.transpose(axis, ...made.shape.map((_, i) => i).filter((i) => i !== axis)).node;
}

/** More than this is not brought into one place, in bytes. */
const ONE_PLACE = 128 * 1024 * 1024;

/** [quantiles] */
function ofAll(x: ArrayNode, q: readonly number[], method: QuantileMethod): ArrayNode {
  const bytes = sizeOf(x.shape) * infoOf(x.dtype).bytes;
  return bytes <= ONE_PLACE
    ? makeWhole([x], { name: "quantile", q, method }, 0, [q.length])
    : quantilesByPasses(x, q, method);
}
