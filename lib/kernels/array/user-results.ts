import { dtypeOf, holds, isFloat, type DType, type TypedArray } from "../../collections/array/dtype.ts";
import { NDArray } from "../../collections/array/ndarray.ts";
import { shapeText, sizeOf, type Shape } from "../../collections/array/shape.ts";
import { ShapeError, TypeMismatchError, ValueError } from "../../errors.ts";
import type { Arena, Block } from "./arena.ts";

export interface Expected {
  readonly dtype: DType;
  readonly shape: Shape;
  /** Who gave it, for messages: "mapBlocks(double), chunk (0, 1),". */
  readonly what: string;
}

/** What a user's function gave for a chunk, as a block. @throws TypeMismatchError, ShapeError: what was expected, what was found, what to do */
export function blockOfResult(arena: Arena, result: unknown, expected: Expected): Block {
  const { dtype, shape, what } = expected;
  const elements = elementsOf(result, expected);
  const size = sizeOf(shape);
  const found = isArray(result) ? result.shape : [elements.length];
  const fits = isArray(result)
    ? shape.length === found.length && shape.every((n, i) => n === found[i])
    : found[0] === size;
  if (!fits)
    throw new ShapeError(
      `${what} expects a block of shape ${shapeText(shape)}, ${size} elements; found ${isArray(result) ? `the shape ${shapeText(found)}` : `${found[0]} elements`}.`,
      {
        fields: { shapes: [[...shape], [...found]] },
        fix: "return as many elements as the chunk has; where the function changes that, say so: { chunks: [[…], […]] }.",
      },
    );
  const bytes = new Uint8Array(elements.buffer, elements.byteOffset, elements.byteLength);
  return arena.copyIn(dtype, shape, bytes);
}

/** Also one of another copy of this library, as a module of functions may import. */
function isArray(result: unknown): result is NDArray {
  if (result instanceof NDArray) return true;
  if (typeof result !== "object" || result === null) return false;
  return Array.isArray(Reflect.get(result, "shape")) && ArrayBuffer.isView(Reflect.get(result, "data"));
}

function elementsOf(result: unknown, { dtype, what }: Expected): TypedArray {
  const given: unknown = isArray(result) ? result.data : result;
  if (!ArrayBuffer.isView(given) || given instanceof DataView)
    throw new TypeMismatchError(`${what} expects an NDArray or a typed array; found ${shown(result)}.`, {
      fields: { expected: "NDArray", found: typeof result },
      fix: "return the block's array, or one made from it: Float64Array.from(block.data, (x) => 2 * x).",
    });
  const elements = given as TypedArray; // every other view but Float16Array's and the clamped one's, which dtypeOf takes for uint8
  const found = isArray(result) ? result.dtype : dtypeOf(elements);
  if (found !== dtype && !(dtype === "bool" && found === "uint8"))
    throw new TypeMismatchError(`${what} expects elements of dtype ${dtype}; found ${found}.`, {
      fields: { expected: dtype, found },
      fix: `say what the function gives: { dtype: "${found}" }.`,
    });
  return elements;
}

function shown(result: unknown): string {
  if (Array.isArray(result)) return "a list";
  return result === undefined ? "nothing (undefined)" : result === null ? "null" : `a ${typeof result}`;
}

/** One element that a user's function gave. @throws TypeMismatchError, ValueError */
export function elementOf(value: unknown, dtype: DType, what: string): number | bigint {
  if (typeof value === "boolean" && dtype === "bool") return Number(value);
  if (typeof value !== "number" && typeof value !== "bigint")
    throw new TypeMismatchError(
      `${what} expects ${dtype === "bool" ? "true or false" : "a number"}; found ${shown(value)}.`,
      { fields: { expected: dtype, found: typeof value } },
    );
  if (dtype === "bool") return Number(Boolean(value));
  if (isFloat(dtype)) return Number(value);
  if (typeof value === "number" && !Number.isInteger(value)) throw notHeld(value, dtype, what);
  if (!holds(dtype, value)) throw notHeld(value, dtype, what);
  return dtype === "int64" || dtype === "uint64" ? BigInt(value) : Number(value);
}

function notHeld(value: number | bigint, dtype: DType, what: string): ValueError {
  return new ValueError(`${what} expects a number that ${dtype} holds; found ${String(value)}.`, {
    fields: { type: dtype, text: String(value) },
    fix: 'say which dtype the function gives, as { dtype: "float64" }, or round.',
  });
}
