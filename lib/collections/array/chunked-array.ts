import { Collection } from "../collection.ts";
import type { DataFrame } from "../dataframe/dataframe.ts";
import { executor } from "../executor.ts";
import { frameNames, signalIn, type ToDataFrameOptions } from "../handover.ts";
import { chunkCount, type ChunksOption } from "./chunks.ts";
import { checkDType, promote, type DType, type ElementOf } from "./dtype.ts";
import {
  makeBroadcast,
  makeCast,
  makeMap,
  makeMatmul,
  makeRechunk,
  makeReduce,
  makeReshape,
  makeTake,
  makeTranspose,
  type Scalar,
} from "./make.ts";
import { arrayFromJson, arrayToJson, type ArrayJson } from "./json.ts";
import type { NDArray } from "./ndarray.ts";
import type { ArrayNode, Reduction } from "./nodes.ts";
import { checkAxes, checkAxis, checkShape, shapeText } from "./shape.ts";
import { makeSlice, type SliceEntry } from "./slices.ts";
import type { UfuncName } from "./ufuncs.ts";

/** Another array, or one number for all elements. */
export type Operand = AnyArray | Scalar;
/** An array of any dtype, whatever it computes to. */
export type AnyArray = ChunkedArray<DType, unknown>;
type DTypeOfOperand<O> = O extends ChunkedArray<infer D, unknown> ? D : never;

/** The dtype of two together, as far as the types can tell: known where both agree, or one is float64. */
export type Together<A extends DType, O> = [DTypeOfOperand<O>] extends [never]
  ? A extends "float64" | "float32"
    ? A
    : DType
  : DTypeOfOperand<O> extends A
    ? A
    : A extends "float64"
      ? "float64"
      : DTypeOfOperand<O> extends "float64"
        ? "float64"
        : DType;
type Floating<D extends DType> = D extends "float32"
  ? "float32"
  : D extends "float64" | "int64" | "int32" | "uint8"
    ? "float64"
    : DType;
/** What a reduction over all axes computes to. */
export type ScalarOf<D extends DType> = D extends "int64" | "uint64" ? number | bigint : ElementOf<D>;

export interface ReduceOptions {
  /** One axis, or several; negative ones count from the end. Default: all. */
  readonly axis?: number | readonly number[];
  /** Whether the axes stay, with length 1. Default false. */
  readonly keepdims?: boolean;
}
export interface VarianceOptions extends ReduceOptions {
  /** The divisor is the count less this. Default 0, as NumPy. */
  readonly ddof?: number;
}

/**
 * A lazy array of n axes, cut into chunks: NumPy's manners over a description that no work has been done for. Methods give new arrays; `compute()`
 * runs, and gives an `NDArray` (or, of a reduction over all axes, a number). Shape, dtype and chunks are known at once.
 *
 * dtypes combine as in NumPy 2; whole plain numbers follow the array's dtype (`x.mul(2)` of int32 is int32), others make integers float64.
 */
export class ChunkedArray<D extends DType = DType, R = NDArray<D>> extends Collection<R> {
  override readonly kind = "array";
  readonly node: ArrayNode;
  /** A reduction over all axes: computes to its one element. */
  readonly isScalar: boolean;

  /** Arrays are made by `zeros`, `random.normal`, `fromArray`, `readNpy` and their like. */
  constructor(node: ArrayNode, isScalar = false) {
    super();
    this.node = node;
    this.isScalar = isScalar;
  }

  /** @throws PlanError that says where it is not well formed */
  static fromJSON(json: unknown): ChunkedArray {
    return arrayFromJson(json);
  }

  /** Lengths along the axes. */
  get shape(): readonly number[] {
    return this.node.shape;
  }

  get ndim(): number {
    return this.node.shape.length;
  }

  /** Number of elements. */
  get size(): number {
    return this.node.shape.reduce((size, length) => size * length, 1);
  }

  get dtype(): D {
    return this.node.dtype as D; // the type parameter says so
  }

  /** Lengths of the chunks along each axis. */
  get chunks(): readonly (readonly number[])[] {
    return this.node.chunks;
  }

  /** The axes in reverse order. */
  get T(): ChunkedArray<D> {
    return this.transpose();
  }

  // Element-wise.

  /** Sum, element by element; the shapes broadcast. @throws ShapeError that names both shapes */
  add<O extends Operand>(other: O): ChunkedArray<Together<D, O>> {
    return this.#map("add", other);
  }

  sub<O extends Operand>(other: O): ChunkedArray<Together<D, O>> {
    return this.#map("sub", other);
  }

  mul<O extends Operand>(other: O): ChunkedArray<Together<D, O>> {
    return this.#map("mul", other);
  }

  /** True division: of integers in float64. */
  div<O extends Operand>(other: O): ChunkedArray<Floating<D>> {
    return this.#map("div", other);
  }

  /** The quotient rounded down; integers by 0 give 0. */
  floorDiv<O extends Operand>(other: O): ChunkedArray<Together<D, O>> {
    return this.#map("floordiv", other);
  }

  /** What floorDiv leaves: with the sign of the divisor, as in Python. */
  mod<O extends Operand>(other: O): ChunkedArray<Together<D, O>> {
    return this.#map("mod", other);
  }

  pow<O extends Operand>(other: O): ChunkedArray<Together<D, O>> {
    return this.#map("pow", other);
  }

  /** The smaller of two; NaN if one is. */
  minimum<O extends Operand>(other: O): ChunkedArray<Together<D, O>> {
    return this.#map("minimum", other);
  }

  /** The larger of two; NaN if one is. */
  maximum<O extends Operand>(other: O): ChunkedArray<Together<D, O>> {
    return this.#map("maximum", other);
  }

  /** Cut to [low, high]; null: no bound on that side. */
  clip(low: Operand | null, high: Operand | null): ChunkedArray<D> {
    const least = low === null ? this.node : makeMap("maximum", [this.node, operandOf(low)]);
    return new ChunkedArray(high === null ? least : makeMap("minimum", [least, operandOf(high)]));
  }

  lt(other: Operand): ChunkedArray<"bool"> {
    return this.#map("lt", other);
  }

  le(other: Operand): ChunkedArray<"bool"> {
    return this.#map("le", other);
  }

  gt(other: Operand): ChunkedArray<"bool"> {
    return this.#map("gt", other);
  }

  ge(other: Operand): ChunkedArray<"bool"> {
    return this.#map("ge", other);
  }

  /** Equal, element by element; NaN equals nothing. */
  eq(other: Operand): ChunkedArray<"bool"> {
    return this.#map("eq", other);
  }

  ne(other: Operand): ChunkedArray<"bool"> {
    return this.#map("ne", other);
  }

  /** True where both are other than 0. */
  and(other: Operand): ChunkedArray<"bool"> {
    return this.#map("logicaland", other);
  }

  or(other: Operand): ChunkedArray<"bool"> {
    return this.#map("logicalor", other);
  }

  xor(other: Operand): ChunkedArray<"bool"> {
    return this.#map("logicalxor", other);
  }

  not(): ChunkedArray<"bool"> {
    return this.#map("logicalnot");
  }

  neg(): ChunkedArray<D> {
    return this.#map("neg");
  }

  abs(): ChunkedArray<D> {
    return this.#map("abs");
  }

  sqrt(): ChunkedArray<Floating<D>> {
    return this.#map("sqrt");
  }

  exp(): ChunkedArray<Floating<D>> {
    return this.#map("exp");
  }

  /** The natural logarithm. */
  log(): ChunkedArray<Floating<D>> {
    return this.#map("log");
  }

  /** Any element-wise function by NumPy's name, with further operands: `x.map("hypot", y)`. */
  map(fn: UfuncName, ...others: readonly Operand[]): ChunkedArray {
    return this.#map(fn, ...others);
  }

  /** Cast as NumPy's astype: floats are cut towards 0, integers wrap. */
  astype<E extends DType>(dtype: E): ChunkedArray<E> {
    checkDType(dtype, "astype(…)");
    return new ChunkedArray(makeCast(this.node, dtype));
  }

  // Shape.

  /**
   * A part: one entry for each axis, an index (the axis goes), [start, stop, step] as in NumPy (null: an end), null (a new axis), "..." (all axes not named):
   * `x.slice([0, 10], -1)`, `x.slice("...", [null, null, -1])`.
   */
  slice(...entries: readonly SliceEntry[]): ChunkedArray<D> {
    return new ChunkedArray(makeSlice(this.node, entries));
  }

  /** The elements at places along an axis; negative places count from the end. */
  take(indices: readonly number[], options: { readonly axis?: number } = {}): ChunkedArray<D> {
    return new ChunkedArray(makeTake(this.node, checkAxis(options.axis ?? 0, this.ndim, "take(…)"), indices));
  }

  /** The axes in this order; default: reversed. */
  transpose(...axes: readonly number[]): ChunkedArray<D> {
    if (axes.length === 0)
      return new ChunkedArray(
        makeTranspose(
          this.node,
          this.shape.map((_, i) => this.ndim - 1 - i),
        ),
      );
    const order = axes.map((axis) => checkAxis(axis, this.ndim, "transpose(…)"));
    checkAxes(order, this.ndim, "transpose(…)");
    if (order.length !== this.ndim) checkAxis(undefined, this.ndim, "transpose(…), which needs all axes,");
    return new ChunkedArray(makeTranspose(this.node, order));
  }

  /** The same elements in C order under another shape; one length may be -1. */
  reshape(...shape: readonly number[] | readonly [readonly number[]]): ChunkedArray<D> {
    const lengths = (Array.isArray(shape[0]) ? shape[0] : shape) as readonly number[]; // either spelling
    return new ChunkedArray(makeReshape(this.node, lengths));
  }

  /** All elements in one axis. */
  ravel(): ChunkedArray<D> {
    return this.reshape(-1);
  }

  /** With a new axis of length 1 there. */
  expandDims(axis: number): ChunkedArray<D> {
    const place = checkAxis(axis, this.ndim + 1, "expandDims(…)");
    return this.slice(
      ...this.shape.flatMap((_, i) => (i === place ? [null, [] as const] : [[] as const])),
      ...(place === this.ndim ? [null] : []),
    );
  }

  /** Without the axes of length 1, or without the given one. */
  squeeze(axis?: number): ChunkedArray<D> {
    const goes = axis === undefined ? undefined : checkAxis(axis, this.ndim, "squeeze(…)");
    return this.slice(
      ...this.shape.map((length, i): SliceEntry => (length === 1 && (goes === undefined || goes === i) ? 0 : [])),
    );
  }

  broadcastTo(shape: readonly number[]): ChunkedArray<D> {
    return new ChunkedArray(makeBroadcast(this.node, checkShape(shape, "broadcastTo(…)")));
  }

  /** Elements in reverse order along an axis (default: all). */
  flip(options: { readonly axis?: number | readonly number[] } = {}): ChunkedArray<D> {
    const axes = checkAxes(options.axis, this.ndim, "flip(…)");
    return this.slice(...this.shape.map((_, i): SliceEntry => (axes.includes(i) ? [null, null, -1] : [])));
  }

  /** The same array in other chunks. */
  rechunk(chunks: ChunksOption): ChunkedArray<D, R> {
    return new ChunkedArray(makeRechunk(this.node, chunks), this.isScalar);
  }

  // Reductions.

  /** Integers are added in 64 bits, and wrap. */
  sum(options?: { readonly keepdims?: false }): ChunkedArray<DType, ScalarOf<D>>;
  sum(options: ReduceOptions): ChunkedArray<D extends "float32" | "float64" ? D : DType>;
  sum(options?: ReduceOptions): AnyArray {
    return this.#reduce("sum", options);
  }

  prod(options?: { readonly keepdims?: false }): ChunkedArray<DType, ScalarOf<D>>;
  prod(options: ReduceOptions): ChunkedArray<D extends "float32" | "float64" ? D : DType>;
  prod(options?: ReduceOptions): AnyArray {
    return this.#reduce("prod", options);
  }

  /** NaN where there is no element. */
  mean(options?: { readonly keepdims?: false }): ChunkedArray<Floating<D>, number>;
  mean(options: ReduceOptions): ChunkedArray<Floating<D>>;
  mean(options?: ReduceOptions): AnyArray {
    return this.#reduce("mean", options);
  }

  /** The mean squared deviation from the mean, computed stably (Chan, Golub, LeVeque 1983). */
  var(options?: { readonly keepdims?: false; readonly ddof?: number }): ChunkedArray<Floating<D>, number>;
  var(options: VarianceOptions): ChunkedArray<Floating<D>>;
  var(options?: VarianceOptions): AnyArray {
    return this.#reduce("var", options);
  }

  /** The square root of `var`. */
  std(options?: { readonly keepdims?: false; readonly ddof?: number }): ChunkedArray<Floating<D>, number>;
  std(options: VarianceOptions): ChunkedArray<Floating<D>>;
  std(options?: VarianceOptions): AnyArray {
    return this.#reduce("std", options);
  }

  /** NaN if one element is. @throws ShapeError where there is no element */
  min(options?: { readonly keepdims?: false }): ChunkedArray<D, ScalarOf<D>>;
  min(options: ReduceOptions): ChunkedArray<D>;
  min(options?: ReduceOptions): AnyArray {
    return this.#reduce("min", options);
  }

  max(options?: { readonly keepdims?: false }): ChunkedArray<D, ScalarOf<D>>;
  max(options: ReduceOptions): ChunkedArray<D>;
  max(options?: ReduceOptions): AnyArray {
    return this.#reduce("max", options);
  }

  /** Whether an element is other than 0 (NaN is). */
  any(options?: { readonly keepdims?: false }): ChunkedArray<"bool", boolean>;
  any(options: ReduceOptions): ChunkedArray<"bool">;
  any(options?: ReduceOptions): AnyArray {
    return this.#reduce("any", options);
  }

  all(options?: { readonly keepdims?: false }): ChunkedArray<"bool", boolean>;
  all(options: ReduceOptions): ChunkedArray<"bool">;
  all(options?: ReduceOptions): AnyArray {
    return this.#reduce("all", options);
  }

  /** How many elements are other than 0. */
  countNonzero(options?: { readonly keepdims?: false }): ChunkedArray<"int64", number>;
  countNonzero(options: ReduceOptions): ChunkedArray<"int64">;
  countNonzero(options?: ReduceOptions): AnyArray {
    return this.#reduce("count", options);
  }

  /** Where the first smallest element is (the first NaN, if there is one); over all axes: its place in C order. */
  argmin(options?: { readonly keepdims?: false }): ChunkedArray<"int64", number>;
  argmin(options: { readonly axis: number; readonly keepdims?: boolean }): ChunkedArray<"int64">;
  argmin(options?: ReduceOptions): AnyArray {
    return this.#argument("argmin", options);
  }

  argmax(options?: { readonly keepdims?: false }): ChunkedArray<"int64", number>;
  argmax(options: { readonly axis: number; readonly keepdims?: boolean }): ChunkedArray<"int64">;
  argmax(options?: ReduceOptions): AnyArray {
    return this.#argument("argmax", options);
  }

  // Matrices.

  /** The product of matrices; a vector is a row on the left, a column on the right, and its axis goes. Integers in their own dtype. */
  matmul(other: AnyArray): ChunkedArray {
    const dtype = promote(this.dtype, other.dtype);
    const left = this.ndim === 1 ? this.expandDims(0) : this;
    const right = other.ndim === 1 ? other.expandDims(1) : other;
    const product = new ChunkedArray(makeMatmul(left.node, right.node, dtype));
    return product.slice(...(this.ndim === 1 ? [0] : [[] as const]), ...(other.ndim === 1 ? [0] : [[] as const]));
  }

  /** The same as `matmul`. */
  dot(other: AnyArray): ChunkedArray {
    return this.matmul(other);
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

  #map<E extends DType>(fn: UfuncName, ...others: readonly Operand[]): ChunkedArray<E> {
    return new ChunkedArray(makeMap(fn, [this.node, ...others.map(operandOf)]));
  }

  #reduce(fn: Reduction["fn"], options: VarianceOptions = {}): AnyArray {
    const axes = checkAxes(options.axis, this.ndim, `${fn}(…)`);
    const keepdims = options.keepdims ?? false;
    const node = makeReduce(this.node, { fn, axes, keepdims, ddof: options.ddof ?? 0 });
    return new ChunkedArray(node, options.axis === undefined && !keepdims);
  }

  #argument(fn: "argmin" | "argmax", options: ReduceOptions = {}): AnyArray {
    if (options.axis === undefined && options.keepdims !== true) {
      const flat = this.ndim === 1 ? this : this.ravel();
      return flat.#reduce(fn);
    }
    return this.#reduce(fn, { ...options, axis: checkAxis(options.axis, this.ndim, `${fn}(…)`) });
  }
}

export function operandOf(operand: Operand): ArrayNode | Scalar {
  return operand instanceof ChunkedArray ? operand.node : (operand as Scalar); // the other kind
}
