import { OptionError, ShapeError } from "../../errors.ts";
import { viewOf, type DType, type ElementOf, type TypedArray, type TypedArrayOf } from "./dtype.ts";
import { formatArray } from "./format.ts";
import { checkAxes, checkAxis, reshapedTo, shapeText, sizeOf, stridesOf, type Shape } from "./shape.ts";
import { makeSlice, type SliceEntry } from "./slices.ts";

/** Lists in lists, as deep as the array has axes; of no axes the element itself. */
export type Nested<T> = T | readonly Nested<T>[];

/** Under this each has `true`: a thread may hold two copies of this library, and what one made the other has to know. */
export const NDARRAY: unique symbol = Symbol.for("abanico.ndarray");

/** Set in the global object once there is one: before, no value has to be searched for arrays. */
const MADE = Symbol.for("abanico.ndarrays");
const shared = globalThis as { [MADE]?: true };

/** Whether this thread has ever made an NDArray. */
export function areNDArrays(): boolean {
  return shared[MADE] === true;
}

/** Whether a value is an NDArray, of whichever copy of this library. */
export function isNDArray(value: unknown): value is NDArray {
  return typeof value === "object" && value !== null && NDARRAY in value;
}

/** An array of n axes in memory, in C order: what a computed array is. Prints as NumPy prints. */
export class NDArray<D extends DType = DType> {
  readonly dtype: D;
  readonly shape: readonly number[];
  /** The elements in C order; of bools a byte each, of 64 bit integers bigints. */
  readonly data: TypedArrayOf[D];

  /** @throws ShapeError where data do not hold as many elements as the shape */
  constructor(dtype: D, shape: Shape, data: TypedArrayOf[D]) {
    if ((data as TypedArray).length !== sizeOf(shape))
      throw new ShapeError(
        `An array of shape ${shapeText(shape)} has ${sizeOf(shape)} elements; the data have ${(data as TypedArray).length}.`,
        {
          fields: { shapes: [[...shape]] },
        },
      );
    shared[MADE] = true;
    this.dtype = dtype;
    this.shape = shape;
    this.data = data;
  }

  get [NDARRAY](): true {
    return true;
  }

  get ndim(): number {
    return this.shape.length;
  }

  /** Number of elements. */
  get size(): number {
    return (this.data as TypedArray).length;
  }

  /** One element, by its index along each axis; negative ones count from the end. @throws OptionError */
  get(...indices: readonly number[]): ElementOf<D> {
    if (indices.length !== this.ndim)
      throw new OptionError(
        `get(…) expects ${this.ndim} indices, one for each axis of ${shapeText(this.shape)}; found ${indices.length}.`,
        {
          fix: "for parts of an array use slice(…).",
        },
      );
    const strides = stridesOf(this.shape);
    let at = 0;
    for (const [axis, index] of indices.entries()) {
      const length = this.shape[axis];
      if (!Number.isInteger(index) || index < -length || index >= length)
        throw new OptionError(
          `get(…) expects an index from ${-length} to ${length - 1} on axis ${axis}; found ${index}.`,
          {
            fields: { axis, length, found: String(index) },
          },
        );
      at += (index < 0 ? index + length : index) * strides[axis];
    }
    return this.#element(at);
  }

  /** The one element of an array of size 1. @throws OptionError */
  item(): ElementOf<D> {
    if (this.size !== 1)
      throw new OptionError(`item() expects an array of one element; the shape is ${shapeText(this.shape)}.`, {
        fix: "use get(…).",
      });
    return this.#element(0);
  }

  /** A part, copied; entries as of `ChunkedArray.slice`. */
  slice(...entries: readonly SliceEntry[]): NDArray<D> {
    const node = makeSlice(
      { op: "full", value: 0, shape: this.shape, dtype: this.dtype, chunks: this.shape.map((n) => [n]) },
      entries,
    );
    if (node.op !== "slice") return this;
    const strides = stridesOf(this.shape);
    const base = node.at.reduce((sum, index, axis) => (index < 0 ? sum : sum + index * strides[axis]), 0);
    const from = node.axes.reduce((sum, axis, i) => (axis < 0 ? sum : sum + node.start[i] * strides[axis]), base);
    const steps = node.axes.map((axis, i) => (axis < 0 ? 0 : node.step[i] * strides[axis]));
    return this.#gather(node.shape, from, steps);
  }

  /** The axes in this order; default: reversed. Copied. */
  transpose(...axes: readonly number[]): NDArray<D> {
    const order =
      axes.length === 0
        ? this.shape.map((_, i) => this.ndim - 1 - i)
        : axes.map((axis) => checkAxis(axis, this.ndim, "transpose(…)"));
    if (checkAxes(order, this.ndim, "transpose(…)").length !== this.ndim)
      checkAxis(undefined, this.ndim, "transpose(…), which needs all axes,");
    const strides = stridesOf(this.shape);
    return this.#gather(
      order.map((axis) => this.shape[axis]),
      0,
      order.map((axis) => strides[axis]),
    );
  }

  get T(): NDArray<D> {
    return this.transpose();
  }

  /** The same elements under another shape; one length may be -1. Not copied. @throws ShapeError */
  reshape(...shape: readonly number[] | readonly [readonly number[]]): NDArray<D> {
    const given = (Array.isArray(shape[0]) ? shape[0] : shape) as readonly number[]; // either spelling
    return new NDArray(this.dtype, reshapedTo(given, this.shape), this.data);
  }

  /** All elements in C order. */
  toArray(): ElementOf<D>[] {
    return Array.from({ length: this.size }, (_, i) => this.#element(i));
  }

  /** Lists in lists. */
  toNested(): Nested<ElementOf<D>> {
    const make = (axis: number, from: number, size: number): Nested<ElementOf<D>> => {
      if (axis === this.ndim) return this.#element(from);
      const step = size / this.shape[axis];
      return Array.from({ length: this.shape[axis] }, (_, i) => make(axis + 1, from + i * step, step));
    };
    return make(0, 0, this.size);
  }

  /** Whether shape and all elements are the same; NaN is the same as NaN, 0 as -0. dtypes may differ. */
  equals(other: NDArray): boolean {
    return this.#compare(other, (a, b) => a === b || Number(a) === Number(b) || (a !== a && b !== b));
  }

  /** Whether shapes are equal and |a − b| ≤ atol + rtol · |b| everywhere, as numpy.allclose. */
  allClose(
    other: NDArray,
    options: { readonly rtol?: number; readonly atol?: number; readonly equalNaN?: boolean } = {},
  ): boolean {
    const { rtol = 1e-5, atol = 1e-8, equalNaN = false } = options;
    return this.#compare(other, (a, b) => {
      const [x, y] = [Number(a), Number(b)];
      return x === y || Math.abs(x - y) <= atol + rtol * Math.abs(y) || (equalNaN && x !== x && y !== y);
    });
  }

  /** As NumPy prints it, with its rounding to 8 digits and its dots for long arrays. */
  toString(): string {
    return formatArray(this as NDArray);
  }

  [Symbol.for("nodejs.util.inspect.custom")](): string {
    return this.toString();
  }

  #element(at: number): ElementOf<D> {
    const value = (this.data as TypedArray)[at];
    return (this.dtype === "bool" ? value !== 0 : value) as ElementOf<D>; // what the dtype holds
  }

  #compare(other: NDArray, alike: (a: number | bigint, b: number | bigint) => boolean): boolean {
    if (other.ndim !== this.ndim || other.shape.some((length, axis) => length !== this.shape[axis])) return false;
    const mine: TypedArray = this.data;
    const others: TypedArray = other.data;
    for (let i = 0; i < mine.length; i++) if (!alike(mine[i], others[i])) return false;
    return true;
  }

  /** Copies elements `from + Σ index[a] · steps[a]`. */
  #gather(shape: Shape, from: number, steps: readonly number[]): NDArray<D> {
    const size = sizeOf(shape);
    const data = makeTyped(this.dtype, size);
    const [source, target]: [TypedArray, TypedArray] = [this.data, data];
    const index = new Array<number>(shape.length).fill(0);
    let at = from;
    for (let i = 0; i < size; i++) {
      target[i] = source[at];
      for (let axis = shape.length - 1; axis >= 0; axis--) {
        at += steps[axis];
        if (++index[axis] < shape[axis]) break;
        at -= steps[axis] * shape[axis];
        index[axis] = 0;
      }
    }
    return new NDArray(this.dtype, shape, data);
  }
}

/** A typed array of zeros for a dtype. */
export function makeTyped<D extends DType>(dtype: D, length: number): TypedArrayOf[D] {
  const bytes = viewOf(dtype, new ArrayBuffer(0), 0, 0) as TypedArray;
  return viewOf(dtype, new ArrayBuffer(length * bytes.BYTES_PER_ELEMENT), 0, length);
}
