import type { DataFrame } from "../dataframe/dataframe.ts";
import type { Callable } from "../../callables/reference.ts";
import { executor } from "../executor.ts";
import { frameNames, signalIn, type ToDataFrameOptions } from "../handover.ts";
import { nodeOf } from "./array-base.ts";
import { arrayWrite, type WriteArrayOptions, type WriteZarrOptions, type WrittenArray } from "./array-write.ts";
import { mapBlocksOf } from "./blocks.ts";
import { chunkCount } from "./chunks.ts";
import type { DType } from "./dtype.ts";
import { arrayFromJson, arrayToJson, type ArrayJson } from "./json.ts";
import { countsOf, makeSelect, maskFor } from "./make-select.ts";
import { MovementMethods } from "./movement-methods.ts";
import type { NDArray } from "./ndarray.ts";
import type { ArrayNode } from "./nodes.ts";
import { argsort, cumprod, cumsum, sort, type AxisOptions } from "./order.ts";
import { mapOverlap, type MapOverlapOptions } from "./overlap.ts";
import { matmul } from "./products.ts";
import { shapeText } from "./shape.ts";

export type { Floating, Operand, ScalarOf, Together } from "./array-base.ts";
export { nodeOf, operandOf } from "./array-base.ts";
export type { ReduceOptions, VarianceOptions } from "./reduction-methods.ts";

/** An array of any dtype, whatever it computes to. */
export type AnyArray = ChunkedArray<DType, unknown>;

/**
 * A lazy array of n axes, cut into chunks: NumPy's manners over a description that no work has been done for. Methods give new arrays; `compute()`
 * runs, and gives an `NDArray` (or, of a reduction over all axes, a number). Shape, dtype and chunks are known at once.
 *
 * dtypes combine as in NumPy 2; whole plain numbers follow the array's dtype (`x.mul(2)` of int32 is int32), others make integers float64.
 */
export class ChunkedArray<D extends DType = DType, R = NDArray<D>> extends MovementMethods<D, R> {
  /** @throws PlanError that says where it is not well formed */
  static fromJSON(json: unknown): ChunkedArray {
    return arrayFromJson(json);
  }

  /**
   * The elements where the mask is other than 0, in C order; of a mask with fewer axes the parts, and with `axis` the places along it where a mask of one axis is.
   * How many these are only the mask tells: it is computed here, and the array that comes back knows its shape. The mask stays with the workers as long as that
   * array is there, a byte an element, where it fits a worker's memory; else it is computed again with the array.
   * @throws ShapeError where the mask's shape is not that of the first axes
   */
  async select(
    mask: AnyArray,
    options: { readonly axis?: number; readonly signal?: AbortSignal } = {},
  ): Promise<ChunkedArray<D>> {
    const asked = maskFor(this.node, nodeOf(mask, "select(…)"), options.axis);
    const counts = await this.make(countsOf(asked)).compute(signalOf(options));
    return this.make(makeSelect(asked, Array.from(counts.data as BigInt64Array, Number)));
  }

  // Order.

  /** Sums up to each element along an axis (default: of all elements), see `cumsum`. */
  cumsum(options?: AxisOptions): ChunkedArray {
    return cumsum(this, options);
  }

  cumprod(options?: AxisOptions): ChunkedArray {
    return cumprod(this, options);
  }

  /** Sorted along an axis (default: the last one), NaN last. */
  sort(options?: AxisOptions): ChunkedArray<D> {
    return sort(this, options);
  }

  /** The places along an axis (default: the last one) whose elements are in order. */
  argsort(options?: AxisOptions): ChunkedArray<"int64"> {
    return argsort(this, options);
  }

  // Functions of blocks.

  /**
   * A function of each chunk, as an NDArray, then of the other arguments (further arrays, which give their blocks, come first), then of a `BlockInfo`; the last
   * argument may be `MapBlocksOptions`: `x.mapBlocks((block, k) => block.data.map((value) => value * k), 2, { dtype: "float64" })`. See `mapBlocks`.
   */
  mapBlocks(fn: Callable, ...given: readonly unknown[]): ChunkedArray {
    return mapBlocksOf(fn, this, given);
  }

  /** A function of blocks that see `depth` elements of their neighbours, see `mapOverlap`. */
  mapOverlap<E extends DType = D>(fn: Callable, options: MapOverlapOptions<E>): ChunkedArray<E> {
    return mapOverlap(fn, this, options);
  }

  // Matrices.

  /** The product of matrices, or of stacks of them; a vector is a row on the left, a column on the right, and its axis goes. Integers in their own dtype. */
  matmul(other: AnyArray): ChunkedArray {
    return matmul(this, other);
  }

  /** The same as `matmul`. */
  dot(other: AnyArray): ChunkedArray {
    return this.matmul(other);
  }

  /** Writes a `.npy` file (NumPy's format, version 1): whole, or not at all. @throws ConflictError where one is there, unless `overwrite` */
  async writeNpy(path: string, options: WriteArrayOptions = {}): Promise<WrittenArray> {
    return (await executor()).writeArray(this, arrayWrite("npy", path, options), signalOf(options));
  }

  /** Writes a Zarr array, each task its own chunks. @throws ConflictError where anything is there, unless `overwrite` */
  async writeZarr(path: string, options: WriteZarrOptions = {}): Promise<WrittenArray> {
    return (await executor()).writeArray(this, arrayWrite("zarr", path, options), signalOf(options));
  }

  /**
   * Runs the array, of one axis or two, and keeps it with the workers as the rows of a frame: a partition for each chunk of rows (chunks that are cut along
   * the columns are put together first). Columns are bool, int64 (of all whole numbers, exact) or float64.
   * @throws ShapeError for other shapes; OptionError for names that are too few, too many or come twice; ValueError for a uint64 beyond int64
   */
  async toDataFrame(options: ToDataFrameOptions = {}): Promise<DataFrame> {
    const names = frameNames(this.shape, options);
    return (await executor()).toDataFrame(this, names, signalIn(options));
  }

  toJSON(): ArrayJson {
    return arrayToJson(this.node, this.isScalar);
  }

  override toString(): string {
    const count = chunkCount(this.chunks);
    return `<ChunkedArray ${shapeText(this.shape)} ${this.dtype}, ${count} ${count === 1 ? "chunk" : "chunks"}>`;
  }

  protected override make<E extends DType, T = NDArray<E>>(node: ArrayNode, isScalar = false): ChunkedArray<E, T> {
    return new ChunkedArray(node, isScalar);
  }
}

function signalOf({ signal }: { readonly signal?: AbortSignal }): { readonly signal?: AbortSignal } {
  return signal === undefined ? {} : { signal };
}
