import { isFloat, type DType, type TypedArray } from "./dtype.ts";
import { makeReduce } from "./make-reduce.ts";
import { NDArray, makeTyped } from "./ndarray.ts";
import type { Reduction, ReductionName } from "./nodes.ts";
import type { VarianceOptions } from "./reduction-methods.ts";
import { checkAxes, checkAxis, sizeOf } from "./shape.ts";

/** Methods of arrays that reduce. */
export type ReductionMethod = Exclude<ReductionName, "count"> | "countNonzero";
type Value = number | bigint;
type Line = readonly Value[];

/** A reduction of an array in memory, at once: what the methods of the same name compute, without workers. Over all axes a plain value. */
export function reduceNow(
  array: NDArray,
  method: ReductionMethod,
  options: VarianceOptions,
): NDArray | Value | boolean {
  const fn = method === "countNonzero" ? "count" : method;
  const { axis, keepdims = false, ddof = 0 } = options;
  const isPlace = fn === "argmin" || fn === "argmax";
  if (isPlace && axis !== undefined) checkAxis(axis, array.ndim, `${method}(…)`);
  const whole = axis === undefined;
  const source = isPlace && whole ? array.reshape(-1) : array;
  const axes = checkAxes(axis, source.ndim, `${method}(…)`);
  const { shape, dtype } = described(source, { fn, axes, keepdims, ddof });
  const kept = source.shape.map((_, i) => i).filter((i) => !axes.includes(i));
  const moved: TypedArray = source.transpose(...kept, ...axes).data;
  const length = sizeOf(axes.map((one) => source.shape[one]));
  const data = makeTyped(dtype, sizeOf(shape));
  const into: TypedArray = data;
  for (let i = 0; i < into.length; i++) {
    const line = Array.from<Value>(moved.subarray(i * length, (i + 1) * length));
    const value = lineOf(fn, line, source.dtype, ddof);
    into[i] = typeof into[0] === "bigint" ? BigInt(value) : Number(value);
  }
  const result = new NDArray(dtype, isPlace && whole && keepdims ? array.shape.map(() => 1) : shape, data);
  if (!whole || keepdims) return result;
  const value = result.item();
  return typeof value === "bigint" && Number.isSafeInteger(Number(value)) ? Number(value) : value;
}

/** Shape and dtype of the result. @throws ShapeError where there is none */
function described(
  { shape, dtype }: NDArray,
  reduction: Reduction,
): { readonly shape: readonly number[]; readonly dtype: DType } {
  return makeReduce({ op: "full", value: 0, shape, dtype, chunks: shape.map((length) => [length]) }, reduction);
}

function lineOf(fn: ReductionName, line: Line, dtype: DType, ddof: number): Value {
  const numbers = () => (isFloat(dtype) ? line.filter((value) => value === value) : line);
  switch (fn) {
    case "sum":
      return total(line, dtype);
    case "nansum":
      return total(numbers(), dtype);
    case "prod":
      return isFloat(dtype)
        ? line.reduce<number>((product, value) => product * Number(value), 1)
        : BigInt.asIntN(
            64,
            line.reduce<bigint>((product, value) => BigInt.asIntN(64, product * BigInt(value)), 1n),
          );
    case "mean":
      return average(line);
    case "nanmean":
      return average(numbers());
    case "var":
      return squared(line, ddof);
    case "nanvar":
      return squared(numbers(), ddof);
    case "std":
      return Math.sqrt(squared(line, ddof));
    case "nanstd":
      return Math.sqrt(squared(numbers(), ddof));
    case "count":
      return line.filter((value) => value !== value || Boolean(value)).length;
    case "any":
      return Number(line.some((value) => value !== value || Boolean(value)));
    case "all":
      return Number(line.every((value) => value !== value || Boolean(value)));
    case "argmin":
      return placeOf(line, (a, b) => a < b);
    case "argmax":
      return placeOf(line, (a, b) => a > b);
    case "min":
      return line[placeOf(line, (a, b) => a < b)];
    case "max":
      return line[placeOf(line, (a, b) => a > b)];
    case "nanmin":
      return numbers()[placeOf(numbers(), (a, b) => a < b)] ?? NaN;
    case "nanmax":
      return numbers()[placeOf(numbers(), (a, b) => a > b)] ?? NaN;
  }
}

function total(line: Line, dtype: DType): Value {
  if (isFloat(dtype)) return compensated(line);
  return BigInt.asIntN(
    64,
    line.reduce<bigint>((sum, value) => sum + BigInt(value), 0n),
  );
}

/** Neumaier 1974: what each addition loses is added up beside. */
function compensated(line: Line): number {
  let sum = 0;
  let lost = 0;
  for (const value of line) {
    const x = Number(value);
    const next = sum + x;
    lost += Math.abs(sum) >= Math.abs(x) ? sum - next + x : x - next + sum;
    sum = next;
  }
  // Of infinities and what overflows the correction is NaN.
  return Number.isFinite(sum) ? sum + lost : sum;
}

function average(line: Line): number {
  return compensated(line) / line.length;
}

function squared(line: Line, ddof: number): number {
  const centre = average(line);
  return compensated(line.map((value) => (Number(value) - centre) ** 2)) / Math.max(0, line.length - ddof);
}

/** Of equals the first; a NaN before all. */
function placeOf(line: Line, better: (a: Value, b: Value) => boolean): number {
  let best = 0;
  for (let i = 1; i < line.length && line[best] === line[best]; i++)
    if (better(line[i], line[best]) || line[i] !== line[i]) best = i;
  return best;
}
