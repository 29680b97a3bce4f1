import { ownFunction } from "../../callables/own.ts";
import { ChunkedArray, operandOf, type AnyArray, type Operand } from "./chunked-array.ts";
import { fromArray } from "./from-array.ts";
import type { DType, TypedArray } from "./dtype.ts";
import { makeMap } from "./make-map.ts";
import { type Scalar } from "./make.ts";
import { isNDArray, type NDArray, type Nested } from "./ndarray.ts";
import type { UfuncName } from "./ufuncs.ts";

/**
 * The element-wise functions by name. Of arrays they are lazy; of arrays in memory, lists and numbers too. They travel by their names: `client.submit(exp, x)`.
 */

/** What functions of arrays take: arrays, arrays in memory, lists in lists, plain numbers. */
export type ArrayLike = Operand | NDArray | TypedArray | readonly Nested<Scalar>[];

/** An array, or a number, of what may stand for one. */
export function asOperand(value: ArrayLike): Operand {
  return isArrayData(value) ? fromArray(value) : value;
}

/** @throws OptionError for what is no array */
export function asArray(value: ArrayLike): AnyArray {
  const operand = asOperand(value);
  return operand instanceof ChunkedArray ? operand : fromArray(operand as Scalar); // the other kind
}

export function isArrayData(value: ArrayLike): value is NDArray | TypedArray | readonly Nested<Scalar>[] {
  return Array.isArray(value) || ArrayBuffer.isView(value) || isNDArray(value);
}

/** Calls a function of the table. */
export function mapped(fn: UfuncName, operands: readonly ArrayLike[]): ChunkedArray {
  const nodes = operands.map((operand) => operandOf(asOperand(operand)));
  // Plain numbers alone are arrays of no axes.
  return new ChunkedArray(makeMap(fn, nodes));
}

/** What is submitted: see the types of submitted calls, which look for results to come at every depth of lists. */
type Submitted = NDArray | TypedArray | Scalar;
interface Unary {
  (x: ArrayLike): ChunkedArray;
  (x: Submitted): ChunkedArray;
}
interface Binary {
  (a: ArrayLike, b: ArrayLike): ChunkedArray;
  (a: Submitted, b: Submitted): ChunkedArray;
}
type Test = (x: ArrayLike) => ChunkedArray<"bool">;
type Comparison = (a: ArrayLike, b: ArrayLike) => ChunkedArray<"bool">;

const unary = (fn: UfuncName): Unary => ownFunction(`map.${fn}`, (x: ArrayLike) => mapped(fn, [x]));
const binary = (fn: UfuncName): Binary => ownFunction(`map.${fn}`, (a: ArrayLike, b: ArrayLike) => mapped(fn, [a, b]));
// The table's rules give these bools.
const test = (fn: UfuncName) => unary(fn) as Test;
const comparison = (fn: UfuncName) => binary(fn) as Comparison;

export const add: Binary = binary("add");
export const sub: Binary = binary("sub");
export const mul: Binary = binary("mul");
export const div: Binary = binary("div");
export const floorDiv: Binary = binary("floordiv");
export const mod: Binary = binary("mod");
export const pow: Binary = binary("pow");
/** The smaller of two; NaN if one is. */
export const minimum: Binary = binary("minimum");
/** The larger of two; NaN if one is. */
export const maximum: Binary = binary("maximum");
/** The smaller of two; of NaN and a number the number. */
export const fmin: Binary = binary("fmin");
/** The larger of two; of NaN and a number the number. */
export const fmax: Binary = binary("fmax");
export const hypot: Binary = binary("hypot");
/** The angle of (y, x), in (−π, π]. */
export const atan2: Binary = binary("atan2");
/** The first's magnitude with the second's sign. */
export const copysign: Binary = binary("copysign");
export const bitAnd: Binary = binary("bitand");
export const bitOr: Binary = binary("bitor");
export const bitXor: Binary = binary("bitxor");
/** Bits to the left; by as many as there are, or more: 0. */
export const shl: Binary = binary("shl");
/** Bits to the right; of negative numbers the sign stays. */
export const shr: Binary = binary("shr");

export const neg: Unary = unary("neg");
export const abs: Unary = unary("abs");
/** -1, 0 or 1; NaN of NaN. */
export const sign: Unary = unary("sign");
export const square: Unary = unary("square");
/** Each bit the other; of bools: not. */
export const invert: Unary = unary("invert");
export const sqrt: Unary = unary("sqrt");
export const cbrt: Unary = unary("cbrt");
export const exp: Unary = unary("exp");
/** exp(x) − 1, exact near 0. */
export const expm1: Unary = unary("expm1");
export const exp2: Unary = unary("exp2");
/** The natural logarithm. */
export const log: Unary = unary("log");
export const log2: Unary = unary("log2");
export const log10: Unary = unary("log10");
/** log(1 + x), exact near 0. */
export const log1p: Unary = unary("log1p");
export const sin: Unary = unary("sin");
export const cos: Unary = unary("cos");
export const tan: Unary = unary("tan");
export const asin: Unary = unary("asin");
export const acos: Unary = unary("acos");
export const atan: Unary = unary("atan");
export const sinh: Unary = unary("sinh");
export const cosh: Unary = unary("cosh");
export const tanh: Unary = unary("tanh");
export const asinh: Unary = unary("asinh");
export const acosh: Unary = unary("acosh");
export const atanh: Unary = unary("atanh");
/** 1 / x; of integers in float64. */
export const reciprocal: Unary = unary("reciprocal");
/** Radians as degrees. */
export const degrees: Unary = unary("degrees");
/** Degrees as radians. */
export const radians: Unary = unary("radians");
export const floor: Unary = unary("floor");
export const ceil: Unary = unary("ceil");
export const trunc: Unary = unary("trunc");
/** To the nearest whole number, halves to even. */
export const rint: Unary = unary("rint");

export const lt: Comparison = comparison("lt");
export const le: Comparison = comparison("le");
export const gt: Comparison = comparison("gt");
export const ge: Comparison = comparison("ge");
export const eq: Comparison = comparison("eq");
export const ne: Comparison = comparison("ne");
/** Whether both are other than 0. */
export const and: Comparison = comparison("logicaland");
export const or: Comparison = comparison("logicalor");
export const xor: Comparison = comparison("logicalxor");
export const not: Test = test("logicalnot");
export const isnan: Test = test("isnan");
export const isinf: Test = test("isinf");
export const isfinite: Test = test("isfinite");
/** Whether the sign is set: also of -0. */
export const signbit: Test = test("signbit");

/** Rounded to so many decimals (default 0), halves to even. */
export function round(x: ArrayLike, options: { readonly decimals?: number } = {}): ChunkedArray {
  return asArray(x).round(options);
}

/** Cut to [low, high]; null: no bound on that side. */
export function clip(x: ArrayLike, low: ArrayLike | null, high: ArrayLike | null): ChunkedArray {
  return asArray(x).clip(low === null ? null : asOperand(low), high === null ? null : asOperand(high));
}

/** Whether |a − b| ≤ atol + rtol · |b|, element by element, as numpy.isclose: infinities only where they are equal. */
export function isclose(
  a: ArrayLike,
  b: ArrayLike,
  options: { readonly rtol?: number; readonly atol?: number; readonly equalNaN?: boolean } = {},
): ChunkedArray<"bool"> {
  const { rtol = 1e-5, atol = 1e-8, equalNaN = false } = options;
  const [x, y] = [asArray(a), asArray(b)].map((one): ChunkedArray<DType, unknown> => one.astype("float64"));
  const near = x.sub(y).abs().le(y.abs().mul(rtol).add(atol)).and(isfinite(y)).or(x.eq(y));
  return equalNaN ? near.or(isnan(x).and(isnan(y))) : near;
}
