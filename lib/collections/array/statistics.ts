import { OptionError, ShapeError } from "../../errors.ts";
import { knownKeys, wholeNumber, wrong } from "../options.ts";
import { ChunkedArray, type AnyArray, type ReduceOptions } from "./chunked-array.ts";
import { fromArray } from "./from-array.ts";
import { linspace } from "./create.ts";
import { isWhole, type DType } from "./dtype.ts";
import { asFloat64, makeLocal, makeWhole } from "./make-local.ts";
import { makeRechunk } from "./make.ts";
import { makeReduce } from "./make-reduce.ts";
import type { NDArray } from "./ndarray.ts";
import type { ArrayNode } from "./nodes.ts";
import { checkAxis, shapeText } from "./shape.ts";

export interface AverageOptions extends ReduceOptions {
  /** In the array's shape, or one for each place along the one axis. Default: all alike. */
  readonly weights?: AnyArray;
}

/** The weighted mean. */
export function average(x: AnyArray, options: AverageOptions = {}): AnyArray {
  knownKeys(options, ["axis", "keepdims", "weights"], "average(…)");
  const { weights, ...rest } = options;
  if (weights === undefined) return options.axis === undefined && options.keepdims !== true ? x.mean() : x.mean(rest);
  const w = weightsFor(x, weights, options.axis);
  const wide = asFloat64(x);
  const made = wide.mul(w).sum(rest).div(w.sum(rest));
  return new ChunkedArray(made.node, options.axis === undefined && options.keepdims !== true);
}

function weightsFor(x: AnyArray, weights: AnyArray, axis: AverageOptions["axis"]): ChunkedArray {
  if (weights.ndim === x.ndim && weights.shape.every((length, i) => length === x.shape[i])) return asFloat64(weights);
  if (typeof axis === "number" && weights.ndim === 1) {
    const place = checkAxis(axis, x.ndim, "average(…)");
    const shape = x.shape.map((_, i) => (i === place ? weights.shape[0] : 1));
    if (weights.shape[0] === x.shape[place]) return asFloat64(weights).reshape(shape).broadcastTo(x.shape);
  }
  throw new ShapeError(
    `average(…) expects weights of the shape ${shapeText(x.shape)}, or of one axis along a given axis; found ${shapeText(weights.shape)}.`,
    { fields: { shapes: [[...x.shape], [...weights.shape]] } },
  );
}

export interface HistogramOptions {
  /** How many bins of equal width, or the edges of bins, ascending. Default 10. */
  readonly bins?: number | readonly number[];
  /** From where to where the bins reach. Default: from the smallest element to the largest, which takes a pass of its own. */
  readonly range?: readonly [number, number];
  /** In the array's shape: what each element counts. */
  readonly weights?: AnyArray;
  /** Whether the area of the bins is 1. Default false. */
  readonly density?: boolean;
}

/** How many elements lie in each bin, int64 (of weights or as a density float64), and the bins' edges. A bin holds its left edge, the last one both. */
export function histogram(
  x: AnyArray,
  options: HistogramOptions = {},
): [counts: ChunkedArray, edges: ChunkedArray<"float64">] {
  knownKeys(options, ["bins", "range", "weights", "density"], "histogram(…)");
  const { weights, density = false } = options;
  const edges = edgesOf(x, options);
  const bins = edges.shape[0] - 1;
  const inputs = [x.node, edges.node, ...(weights === undefined ? [] : [besideOf(x, weights, "histogram(…)")])];
  const dtype: DType = weights === undefined ? "int64" : "float64";
  const counts = new ChunkedArray({ op: "histogram", inputs, shape: [bins], dtype, chunks: [[bins]] });
  if (!density) return [counts, edges];
  const widths = edges.slice([1, null]).sub(edges.slice([0, -1]));
  return [counts.div(widths).div(counts.sum({ keepdims: true })), edges];
}

function edgesOf(x: AnyArray, { bins = 10, range }: HistogramOptions): ChunkedArray<"float64"> {
  if (typeof bins !== "number") {
    const ascending = bins.length > 1 && bins.every((edge, i) => i === 0 || edge >= bins[i - 1]);
    if (!ascending)
      throw new OptionError(
        `histogram(…) option bins expects at least two edges that ascend; found ${JSON.stringify(bins)}.`,
      );
    return fromArray(Float64Array.from(bins), { chunks: -1 }) as ChunkedArray<"float64">; // of a Float64Array
  }
  const count = wholeNumber(bins, "histogram(…) option bins", 1);
  const given = range ?? (x.size === 0 ? ([0, 1] as const) : undefined);
  if (given !== undefined) {
    const [least, most] = given;
    if (!Number.isFinite(least) || !Number.isFinite(most) || most < least)
      throw new OptionError(
        `histogram(…) option range expects two finite numbers that ascend; found ${least} and ${most}.`,
      );
    const half = least === most ? 0.5 : 0;
    return linspace(least - half, most + half, count + 1, { chunks: -1 });
  }
  const extreme = (fn: "min" | "max") =>
    makeReduce(x.node, { fn, axes: x.shape.map((_, axis) => axis), keepdims: false, ddof: 0 });
  return new ChunkedArray(makeWhole([extreme("min"), extreme("max")], { name: "edges", bins: count }, 0, [count + 1]));
}

/** Weights in the elements' chunks. */
function besideOf(x: AnyArray, weights: AnyArray, what: string): ArrayNode {
  if (weights.ndim === x.ndim && weights.shape.every((length, i) => length === x.shape[i]))
    return makeRechunk(asFloat64(weights).node, x.chunks);
  throw new ShapeError(
    `${what} expects weights of the elements' shape, ${shapeText(x.shape)}; found ${shapeText(weights.shape)}.`,
    { fields: { shapes: [[...x.shape], [...weights.shape]] } },
  );
}

export interface BincountOptions {
  /** How long the result is: greater than all elements. An array's shape is known before it is computed, so it must be said. */
  readonly length: number;
  /** In the array's shape: what each element counts. */
  readonly weights?: AnyArray;
}

/** How often each whole number from 0 on occurs, int64 (of weights float64). An element that is negative or not below `length` fails the run. */
export function bincount(x: AnyArray, options: BincountOptions): ChunkedArray {
  const { length: given, weights } = (options ?? {}) as Partial<BincountOptions>; // types do not reach plain JavaScript
  if (given === undefined)
    throw wrong(
      "bincount(…)",
      "the option length, greater than all elements",
      given,
      "give it: bincount(x, { length: 256 }); an array's shape has to be known before it runs.",
    );
  knownKeys(options, ["length", "weights"], "bincount(…)");
  if (!isWhole(x.dtype))
    throw new OptionError(`bincount(…) expects whole numbers; found ${x.dtype}.`, { fix: 'cast: x.astype("int64").' });
  const length = wholeNumber(given, "bincount(…) option length", 0);
  const inputs = [x.node, ...(weights === undefined ? [] : [besideOf(x, weights, "bincount(…)")])];
  const dtype: DType = weights === undefined ? "int64" : "float64";
  return new ChunkedArray({ op: "bincount", inputs, shape: [length], dtype, chunks: [[length]] });
}

export interface UniqueValues<D extends DType = DType> {
  /** Ascending; NaN once, at the end. */
  readonly values: NDArray<D>;
  /** How often each occurs. */
  readonly counts: NDArray<"int64">;
}

/**
 * The values that occur, and how often. How many there are is known only when it has run, so it computes to `{ values, counts }`, and nothing lazy is made of
 * it. What is different has to fit into memory.
 */
export function unique<D extends DType>(x: ChunkedArray<D, unknown>): ChunkedArray<D, UniqueValues<D>> {
  return new ChunkedArray({ op: "unique", inputs: [x.node], shape: [], dtype: x.dtype, chunks: [] });
}

export interface SearchOptions {
  /** Of equal values: before them ("left", default) or behind. */
  readonly side?: "left" | "right";
}

/** For each element of x its place among ascending values (a list, or an array that fits into memory), as numpy.searchsorted(values, x). */
export function searchsorted(
  values: AnyArray | readonly number[],
  x: AnyArray,
  options: SearchOptions = {},
): ChunkedArray<"int64"> {
  knownKeys(options, ["side"], "searchsorted(…)");
  const { side = "left" } = options;
  const sorted = asFloat64(values instanceof ChunkedArray ? values : fromArray(Float64Array.from(values))).rechunk(-1);
  if (sorted.ndim !== 1)
    throw new ShapeError(`searchsorted(…) expects values of one axis; found ${shapeText(sorted.shape)}.`);
  const fn = { name: "search", side } as const;
  return new ChunkedArray(makeLocal([x.node, sorted.node], fn, { dtype: "int64", chunks: x.chunks }));
}

/** The bin that each element lies in, of edges that ascend or descend, as numpy.digitize: 0 before the first edge. `right`: bins hold their right edges. */
export function digitize(
  x: AnyArray,
  bins: readonly number[],
  options: { readonly right?: boolean } = {},
): ChunkedArray<"int64"> {
  knownKeys(options, ["right"], "digitize(…)");
  const side = options.right === true ? "left" : "right";
  const ordered = (before: (a: number, b: number) => boolean) =>
    bins.every((edge, i) => i === 0 || before(bins[i - 1], edge));
  if (ordered((a, b) => a <= b)) return searchsorted(bins, x, { side });
  if (!ordered((a, b) => a >= b))
    throw new OptionError("digitize(…) expects bins that ascend or descend.", { fix: "sort them." });
  return searchsorted([...bins].reverse(), x, { side })
    .neg()
    .add(bins.length) as ChunkedArray<"int64">; // of int64
}
