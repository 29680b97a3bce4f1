import type { Callable } from "../../callables/reference.ts";
import { OptionError, ShapeError } from "../../errors.ts";
import { describedFunction, describedValue } from "../bag/describe.ts";
import { knownKeys } from "../options.ts";
import { ChunkedArray, type AnyArray } from "./chunked-array.ts";
import { checkChunks, type Chunks, type ChunksOption } from "./chunks.ts";
import { checkDType, type DType, type TypedArray } from "./dtype.ts";
import { makeRechunk } from "./make.ts";
import type { NDArray } from "./ndarray.ts";
import type { ArrayNode } from "./nodes.ts";
import { checkShape, shapeText } from "./shape.ts";

/** Where a block lies: in the grid of chunks, and its first element and shape in the result. A function of blocks gets it behind its other arguments. */
export interface BlockInfo {
  readonly index: readonly number[];
  readonly start: readonly number[];
  readonly shape: readonly number[];
}
/** What a function gives for a block. Of bool: bytes of 0 and 1. */
export type BlockResult = NDArray | TypedArray;

export interface FromFunctionOptions<D extends DType = DType> {
  /** Default "float64". */
  readonly dtype?: D;
  /** Default "auto". */
  readonly chunks?: ChunksOption;
  /**
   * "element" (default): the function is called with the indices of each element, and gives it. "chunk": it is called with where a chunk starts and its
   * shape, and gives all of it, which is faster by far.
   */
  readonly of?: "element" | "chunk";
  /** What the function gets behind these. */
  readonly args?: readonly unknown[];
}

/** An array that a function makes, as `fromFunction((i, j) => i + j, [1_000, 1_000])`; may be async. It runs on the workers, and uses nothing of where it was written. */
export function fromFunction<D extends DType = "float64">(
  fn: Callable,
  shape: number | readonly number[],
  options: FromFunctionOptions<D> = {},
): ChunkedArray<D> {
  const what = "fromFunction(…)";
  knownKeys(options, ["dtype", "chunks", "of", "args"], what);
  const { of = "element", args = [] } = options;
  const dtype = checkDType(options.dtype ?? "float64", `${what} option dtype`);
  const lengths = checkShape(shape, what);
  if (of !== "element" && of !== "chunk")
    throw new OptionError(`${what} option of expects "element" or "chunk"; found ${JSON.stringify(of)}.`);
  return new ChunkedArray({
    op: "function",
    fn: describedFunction(fn, what),
    of,
    args: args.map((arg) => describedValue(arg, what)),
    shape: lengths,
    dtype,
    chunks: checkChunks(options.chunks, lengths, dtype),
  });
}

export interface MapBlocksOptions<D extends DType = DType> {
  /** What the function gives. Default: the first array's. */
  readonly dtype?: D;
  /** The lengths of the chunks that come out, axis by axis: as many as there are of the blocks. Default: as they are. */
  readonly chunks?: Chunks;
}

/**
 * A function of blocks, chunk by chunk: of one array, or of several that align at their last axes, where an array with one chunk along an axis gives that one to all.
 * It gets NDArrays, which it may change, then `args`, then a `BlockInfo`; gives an NDArray or a typed array; may be async.
 *
 * @throws ShapeError where the arrays have other numbers of chunks. TaskError names the chunk that the function failed on.
 */
export function mapBlocks<D extends DType = DType>(
  fn: Callable,
  arrays: readonly AnyArray[],
  options: MapBlocksOptions<D> & { readonly args?: readonly unknown[] } = {},
): ChunkedArray<D> {
  const what = "mapBlocks(…)";
  knownKeys(options, ["dtype", "chunks", "args"], what);
  const lead = arrays.reduce<AnyArray | undefined>((a, b) => (a === undefined || b.ndim > a.ndim ? b : a), undefined);
  if (lead === undefined)
    throw new OptionError(`${what} expects at least one array.`, { fix: "give a list: mapBlocks(fn, [x, y])." });
  const grid = commonChunks(arrays, what);
  const dtype = checkDType(options.dtype ?? arrays[0].dtype, `${what} option dtype`);
  const chunks = options.chunks === undefined ? grid : givenChunks(options.chunks, grid, what);
  return new ChunkedArray({
    op: "blocks",
    inputs: arrays.map(({ node }) => alignedTo(node, grid)),
    fn: describedFunction(fn, what),
    args: (options.args ?? []).map((arg) => describedValue(arg, what)),
    shape: chunks.map((axis) => axis.reduce((sum, length) => sum + length, 0)),
    dtype,
    chunks,
  });
}

/** Of each axis the chunks of the first array that has more than one. */
function commonChunks(arrays: readonly AnyArray[], what: string): Chunks {
  const rank = Math.max(...arrays.map(({ ndim }) => ndim));
  return Array.from({ length: rank }, (_, axis) => {
    const own = arrays.flatMap(({ ndim, chunks }) => (axis >= rank - ndim ? [chunks[axis - rank + ndim]] : []));
    const first = own.find(({ length }) => length > 1) ?? own[0];
    const total = sum(first);
    for (const other of own)
      if (other.length !== 1 && other.length !== first.length && sum(other) !== total)
        throw new ShapeError(
          `${what} expects arrays with the same chunks; found ${arrays.map(({ shape }) => shapeText(shape)).join(" and ")} in ${first.length} and ${other.length} chunks along the axis ${axis - rank}.`,
          {
            fields: { shapes: arrays.map(({ shape }) => [...shape]), axis: axis - rank },
            fix: "rechunk one of them, so that both have as many chunks, or one.",
          },
        );
    return first;
  });
}

function sum(lengths: readonly number[]): number {
  return lengths.reduce((total, length) => total + length, 0);
}

/** An array as long as the grid is cut as it is. */
function alignedTo(node: ArrayNode, grid: Chunks): ArrayNode {
  const first = grid.length - node.shape.length;
  const chunks = node.chunks.map((own, axis) => {
    const wanted = grid[first + axis];
    return node.shape[axis] === sum(wanted) && wanted.length > 1 ? wanted : own;
  });
  return makeRechunk(node, chunks);
}

function givenChunks(chunks: Chunks, grid: Chunks, what: string): Chunks {
  const fits = Array.isArray(chunks) && chunks.length === grid.length;
  if (!fits || !chunks.every((axis, i) => Array.isArray(axis) && axis.length === grid[i].length))
    throw new OptionError(
      `${what} option chunks expects a list of lengths for each axis, ${grid.map(({ length }) => length).join(" by ")} of them; found ${JSON.stringify(chunks)}.`,
      { fix: `as chunks: ${JSON.stringify(grid)}.` },
    );
  return checkChunks(
    chunks,
    chunks.map((axis) => sum(axis)),
    "float64",
  );
}

/** As the method is called: further arrays, arguments, options. */
export function mapBlocksOf(fn: Callable, x: AnyArray, given: readonly unknown[]): ChunkedArray {
  const last = given.at(-1);
  const options = isOptions(last) ? last : {};
  const rest = isOptions(last) ? given.slice(0, -1) : given;
  const count = rest.findIndex((one) => !(one instanceof ChunkedArray));
  const arrays = (count < 0 ? rest : rest.slice(0, count)) as readonly AnyArray[]; // just looked at
  const args = count < 0 ? [] : rest.slice(count);
  if (args.some((one) => one instanceof ChunkedArray))
    throw new OptionError("mapBlocks(…) expects arrays before other arguments.", {
      fix: "as in x.mapBlocks(fn, y, 2), for a function (x, y, k) => ….",
    });
  return mapBlocks(fn, [x, ...arrays], { ...options, args });
}

function isOptions(value: unknown): value is MapBlocksOptions {
  if (typeof value !== "object" || value === null || Object.getPrototypeOf(value) !== Object.prototype) return false;
  const keys = Object.keys(value);
  return keys.length > 0 && keys.every((key) => key === "dtype" || key === "chunks");
}
