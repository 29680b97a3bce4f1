import { Collection } from "../collection.ts";
import { wrong } from "../options.ts";
import type { AnyArray, ChunkedArray } from "./chunked-array.ts";
import type { Chunks } from "./chunks.ts";
import type { DType, ElementOf } from "./dtype.ts";
import type { Scalar } from "./make.ts";
import type { NDArray } from "./ndarray.ts";
import type { ArrayNode } from "./nodes.ts";

/** Another array, or one number for all elements. */
export type Operand = AnyArray | Scalar;

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

/** What functions of real numbers give: all dtypes but float32 become float64. */
export type Floating<D extends DType> = D extends "float32"
  ? "float32"
  : D extends "float64" | "int64" | "int32" | "uint8"
    ? "float64"
    : DType;

/** What a reduction over all axes computes to. */
export type ScalarOf<D extends DType> = D extends "int64" | "uint64" ? number | bigint : ElementOf<D>;

/** What an array is, without what can be done with it: its node says all of it. */
export abstract class ArrayBase<D extends DType, R> extends Collection<R> {
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
  get chunks(): Chunks {
    return this.node.chunks;
  }

  /** An array over a node: methods know no class that extends theirs. */
  protected abstract make<E extends DType, T = NDArray<E>>(node: ArrayNode, isScalar?: boolean): ChunkedArray<E, T>;
}

/** @throws OptionError for what is neither: types do not reach plain JavaScript */
export function operandOf(operand: Operand): ArrayNode | Scalar {
  if (operand instanceof ArrayBase) return operand.node;
  if (typeof operand === "number" || typeof operand === "bigint" || typeof operand === "boolean") return operand;
  const given: unknown = operand;
  throw wrong("An operation of arrays", "lazy arrays, and single numbers, bigints or booleans", given, NO_ARRAY_FIX);
}

const NO_ARRAY_FIX = "make an array of a list, a typed array or an NDArray: fromArray([1, 2, 3]).";

/** The node of a lazy array. `what`: what asks for one. @throws OptionError for anything else */
export function nodeOf(given: unknown, what = "An operation of arrays"): ArrayNode {
  if (given instanceof ArrayBase) return given.node;
  throw wrong(what, "a lazy array", given, NO_ARRAY_FIX);
}
