import { ShapeError } from "../../errors.ts";
import { wrong } from "../options.ts";
import type { ChunkedArray } from "./chunked-array.ts";
import type { ChunksOption } from "./chunks.ts";
import type { DType } from "./dtype.ts";
import { makeBroadcast, makeReshape, makeTranspose } from "./make-shape.ts";
import { makeMap } from "./make-map.ts";
import { makeRechunk, makeTake } from "./make.ts";
import { makeIndex, makeRepeat, makeRoll, movedAxes, type Repeats } from "./make-moves.ts";
import { ReductionMethods } from "./reduction-methods.ts";
import { checkAxes, checkAxis, checkShape, shapeText } from "./shape.ts";
import { makeSlice, type SliceEntry } from "./slices.ts";

/** What only moves elements, or takes some of them. */
export abstract class MovementMethods<D extends DType, R> extends ReductionMethods<D, R> {
  /** The axes in reverse order. */
  get T(): ChunkedArray<D> {
    return this.transpose();
  }

  /**
   * A part: one entry for each axis, an index (the axis goes), [start, stop, step] as in NumPy (null: an end), null (a new axis), "..." (all axes not named):
   * `x.slice([0, 10], -1)`, `x.slice("...", [null, null, -1])`.
   */
  slice(...entries: readonly SliceEntry[]): ChunkedArray<D> {
    return this.make(makeSlice(this.node, entries));
  }

  /** The elements at places along an axis; negative places count from the end. */
  take(indices: readonly number[], options: { readonly axis?: number } = {}): ChunkedArray<D> {
    return this.make(makeTake(this.node, checkAxis(options.axis ?? 0, this.ndim, "take(…)"), indices));
  }

  /** As NumPy's `x[[0, 2], [1, 4]]`: element i is that at the i-th place of each list; null: the whole axis. */
  index(...lists: readonly (readonly number[] | null)[]): ChunkedArray<D> {
    return this.make(makeIndex(this.node, lists));
  }

  /** The axes in this order; default: reversed. */
  transpose(...axes: readonly number[]): ChunkedArray<D> {
    if (axes.length === 0 && this.ndim > 0) return this.transpose(...this.shape.map((_, i) => this.ndim - 1 - i));
    const order = axes.map((axis) => checkAxis(axis, this.ndim, "transpose(…)"));
    checkAxes(order, this.ndim, "transpose(…)");
    if (order.length !== this.ndim) checkAxis(undefined, this.ndim, "transpose(…), which needs all axes,");
    return this.make(makeTranspose(this.node, order));
  }

  swapaxes(a: number, b: number): ChunkedArray<D> {
    const [first, second] = [a, b].map((axis) => checkAxis(axis, this.ndim, "swapaxes(…)"));
    const order = this.shape.map((_, axis) => (axis === first ? second : axis === second ? first : axis));
    return this.make(makeTranspose(this.node, order));
  }

  /** An axis (or several) to another place; the others stay in their order. */
  moveaxis(from: number | readonly number[], to: number | readonly number[]): ChunkedArray<D> {
    return this.make(makeTranspose(this.node, movedAxes(this.ndim, from, to)));
  }

  /** The same elements in C order under another shape; one length may be -1. */
  reshape(...shape: readonly number[] | readonly [readonly number[]]): ChunkedArray<D> {
    if (Array.isArray(shape[0]) && shape.length > 1)
      throw wrong("reshape(…)", "one list of lengths, or lengths", shape, "as x.reshape([2, 3]) or x.reshape(2, 3).");
    const lengths = (Array.isArray(shape[0]) ? shape[0] : shape) as readonly number[]; // either spelling
    return this.make(makeReshape(this.node, lengths));
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

  /** Without the axes of length 1, or without the given ones. @throws ShapeError where one of those is longer */
  squeeze(axis?: number | readonly number[]): ChunkedArray<D> {
    const goes = axis === undefined ? undefined : checkAxes(axis, this.ndim, "squeeze(…)");
    const longer = goes?.find((i) => this.shape[i] !== 1);
    if (longer !== undefined)
      throw new ShapeError(
        `squeeze(…) expects an axis of length 1; the axis ${longer} of ${shapeText(this.shape)} has ${this.shape[longer]}.`,
        { fields: { shapes: [[...this.shape]], axis: longer }, fix: "take one index of it: x.slice(0), or reduce it." },
      );
    return this.slice(
      ...this.shape.map((length, i): SliceEntry => (length === 1 && (goes === undefined || goes.includes(i)) ? 0 : [])),
    );
  }

  broadcastTo(shape: readonly number[]): ChunkedArray<D> {
    return this.make(makeBroadcast(this.node, checkShape(shape, "broadcastTo(…)")));
  }

  /** Elements in reverse order along an axis (default: all). */
  flip(options: { readonly axis?: number | readonly number[] } = {}): ChunkedArray<D> {
    const axes = checkAxes(options.axis, this.ndim, "flip(…)");
    return this.slice(...this.shape.map((_, i): SliceEntry => (axes.includes(i) ? [null, null, -1] : [])));
  }

  /** Each element so many times after the other, or as often as a list says; without an axis of all elements in C order. */
  repeat(repeats: Repeats, options: { readonly axis?: number } = {}): ChunkedArray<D> {
    return this.make(makeRepeat(this.node, repeats, options.axis));
  }

  /** Elements moved on by `shift` places; those that fall off the end come in at the beginning. Without an axis in C order. */
  roll(
    shift: number | readonly number[],
    options: { readonly axis?: number | readonly number[] } = {},
  ): ChunkedArray<D> {
    return this.make(makeRoll(this.node, shift, options.axis));
  }

  /** The differences of neighbours along an axis (default: the last), n times. Of bools: whether they differ. */
  diff(options: { readonly n?: number; readonly axis?: number } = {}): ChunkedArray<D> {
    const axis = checkAxis(options.axis ?? -1, this.ndim, "diff(…)");
    const [n] = checkShape(options.n ?? 1, "diff(…)");
    let { node } = this;
    for (let i = 0; i < n; i++) {
      const from = (part: SliceEntry) => makeSlice(node, [...this.shape.slice(0, axis).map(() => [] as const), part]);
      node = makeMap(node.dtype === "bool" ? "ne" : "sub", [from([1, null]), from([0, -1])]);
    }
    return this.make(node);
  }

  /** The same array in other chunks. */
  rechunk(chunks: ChunksOption): ChunkedArray<D, R> {
    return this.make(makeRechunk(this.node, chunks), this.isScalar);
  }
}
