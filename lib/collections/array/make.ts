import { OptionError, ShapeError } from "../../errors.ts";
import { wrong } from "../options.ts";
import { CHUNK_BYTES, checkChunks, equalChunks, evenly, largestChunk, type ChunksOption } from "./chunks.ts";
import { holds, infoOf, isFloat, type DType } from "./dtype.ts";
import type { ArrayNode } from "./nodes.ts";
import { shapeText, sizeOf, type Shape } from "./shape.ts";

/** Makes nodes: checks what they are made of, and finds shape, dtype and chunks. */

export type Scalar = number | bigint | boolean;

export function makeFull(shape: Shape, given: Scalar, dtype: DType, chunks?: ChunksOption): ArrayNode {
  if (typeof given !== "number" && typeof given !== "bigint" && typeof given !== "boolean")
    throw wrong("An array", "numbers, bigints or booleans as its elements", given);
  if (typeof given !== "boolean" && !isFloat(dtype) && dtype !== "bool" && !holds(dtype, given))
    throw new OptionError(`${dtype} does not hold ${String(given)}.`, {
      fields: { dtype, value: String(given) },
      fix: `give a whole number in its range, or cast: x.astype("float64").`,
    });
  // Elements of other dtypes are numbers.
  const value = typeof given === "bigint" && dtype !== "int64" && dtype !== "uint64" ? Number(given) : given;
  // What JSON has no number for goes as text.
  const exact = typeof value === "boolean" || (Number.isFinite(value) && !Object.is(value, -0));
  const plain = exact ? (value as number | boolean) : Object.is(value, -0) ? "-0" : String(value); // no bigint is finite to Number.isFinite
  return { op: "full", value: plain, shape, dtype, chunks: checkChunks(chunks, shape, dtype) };
}

export function makeCast(input: ArrayNode, dtype: DType): ArrayNode {
  return input.dtype === dtype
    ? input
    : { op: "cast", inputs: [input], shape: input.shape, dtype, chunks: input.chunks };
}

export function makeConcat(inputs: readonly ArrayNode[], axis: number, dtype: DType): ArrayNode {
  const [first] = inputs;
  for (const other of inputs.slice(1))
    if (
      other.shape.length !== first.shape.length ||
      other.shape.some((length, i) => i !== axis && length !== first.shape[i])
    )
      throw new ShapeError(
        `concatenate(…) expects arrays that differ only along the axis ${axis}; found ${shapeText(first.shape)} and ${shapeText(other.shape)}.`,
        { fields: { shapes: [[...first.shape], [...other.shape]], axis }, fix: "make their other lengths equal." },
      );
  const shape = first.shape.map((length, i) =>
    i === axis ? inputs.reduce((sum, one) => sum + one.shape[i], 0) : length,
  );
  const joined = inputs.flatMap((one) => one.chunks[axis]).filter((length) => length > 0);
  const chunks = first.chunks.map((own, i) => (i === axis ? (joined.length > 0 ? joined : [0]) : own));
  return { op: "concat", axis, inputs: inputs.map((one) => makeCast(one, dtype)), shape, dtype, chunks };
}

export function makeTake(input: ArrayNode, axis: number, indices: readonly number[]): ArrayNode {
  const length = input.shape[axis];
  const places = indices.map((index) => {
    if (Number.isInteger(index) && index >= -length && index < length) return index < 0 ? index + length : index;
    throw new OptionError(`take(…) expects indices from ${-length} to ${length - 1} on axis ${axis}; found ${index}.`, {
      fields: { axis, length, found: String(index) },
    });
  });
  const shape = input.shape.map((own, i) => (i === axis ? places.length : own));
  const chunks = input.chunks.map((own, i) => (i === axis ? evenly(places.length, Math.max(1, ...own)) : own));
  return { op: "take", inputs: [input], axis, indices: places, shape, dtype: input.dtype, chunks };
}

export function makeRechunk(input: ArrayNode, option: ChunksOption): ArrayNode {
  const chunks = checkChunks(option, input.shape, input.dtype);
  if (equalChunks(chunks, input.chunks)) return input;
  return { op: "rechunk", inputs: [input], shape: input.shape, dtype: input.dtype, chunks };
}

/** The same array with one axis in a single chunk. */
export function withWholeAxis(input: ArrayNode, axis: number): ArrayNode {
  return withWholeAxes(input, [axis]);
}

/** The same array with some axes in a single chunk each. */
export function withWholeAxes(input: ArrayNode, axes: readonly number[]): ArrayNode {
  const { chunks, shape, dtype } = input;
  if (axes.every((axis) => chunks[axis].length === 1)) return input;
  // The other axes are cut finer, so that a chunk stays about as large as it was.
  const target = Math.max(1, Math.min(largestChunk(chunks), CHUNK_BYTES / infoOf(dtype).bytes));
  let room = Math.max(1, Math.floor(target / Math.max(1, sizeOf(axes.map((axis) => shape[axis])))));
  const sizes = shape.map((_, i) => {
    if (axes.includes(i)) return -1;
    const size = Math.min(room, Math.max(1, ...chunks[i]));
    room = Math.max(1, Math.floor(room / size));
    return size;
  });
  return makeRechunk(input, sizes);
}
