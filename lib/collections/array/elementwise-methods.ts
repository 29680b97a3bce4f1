import { knownKeys } from "../options.ts";
import { ArrayBase, operandOf, type Floating, type Operand, type Together } from "./array-base.ts";
import type { ChunkedArray } from "./chunked-array.ts";
import { checkDType, holds, isFloat, type DType } from "./dtype.ts";
import { makeCast } from "./make.ts";
import { makeMap } from "./make-map.ts";
import { makeRound } from "./make-round.ts";
import type { UfuncName } from "./ufuncs.ts";

/** Whether a bound is none, or lies beyond all that the dtype holds. */
function isIdle(bound: Operand | null, dtype: DType, side: "low" | "high"): bound is null {
  if (bound === null) return true;
  if (typeof bound === "object" || typeof bound === "boolean" || isFloat(dtype) || holds(dtype, bound)) return false;
  const isWhole = typeof bound === "bigint" || Number.isInteger(bound);
  return isWhole && dtype !== "bool" && (side === "low" ? bound < 0 : bound > 0);
}

/** What is done element by element; shapes broadcast. All of it is fused: one pass through the elements, tile by tile. */
export abstract class ElementwiseMethods<D extends DType, R> extends ArrayBase<D, R> {
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

  /** Whole numbers to the power of whole numbers wrap; to a negative one: refused of a plain number, 1 of an array's element. */
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
    const least = isIdle(low, this.dtype, "low") ? this.node : makeMap("maximum", [this.node, operandOf(low)]);
    return this.make(isIdle(high, this.dtype, "high") ? least : makeMap("minimum", [least, operandOf(high)]));
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

  /** Rounded to so many decimals (default 0; negative: to tens, hundreds …), halves to even, as numpy.round. */
  round(options: { readonly decimals?: number } = {}): ChunkedArray<D> {
    knownKeys(options, ["decimals"], "round(…)");
    return this.make(makeRound(this.node, options.decimals ?? 0));
  }

  /** Any element-wise function by its name, with further operands: `x.map("hypot", y)`. Each is a function of its own too: `hypot(x, y)`. */
  map(fn: UfuncName, ...others: readonly Operand[]): ChunkedArray {
    return this.#map(fn, ...others);
  }

  /** Cast as NumPy's astype: floats are cut towards 0, integers wrap. */
  astype<E extends DType>(dtype: E): ChunkedArray<E> {
    checkDType(dtype, "astype(…)");
    return this.make(makeCast(this.node, dtype));
  }

  #map<E extends DType>(fn: UfuncName, ...others: readonly Operand[]): ChunkedArray<E> {
    return this.make(makeMap(fn, [this.node, ...others.map(operandOf)]));
  }
}
