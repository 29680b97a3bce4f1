import { ShapeError } from "../../errors.ts";
import { checkChunks, evenly, largestChunk, type Chunks } from "./chunks.ts";
import { makeRechunk } from "./make.ts";
import type { ArrayNode } from "./nodes.ts";
import { reshapedTo, shapeText, sizeOf, type Shape } from "./shape.ts";

/** Of a transposed array one transpose, or the array itself. */
export function makeTranspose(input: ArrayNode, axes: readonly number[]): ArrayNode {
  if (input.op === "transpose") {
    const inner = input.axes;
    return makeTranspose(
      input.inputs[0],
      axes.map((axis) => inner[axis]),
    );
  }
  if (axes.every((axis, i) => axis === i)) return input;
  return {
    op: "transpose",
    inputs: [input],
    axes,
    shape: axes.map((axis) => input.shape[axis]),
    dtype: input.dtype,
    chunks: axes.map((axis) => input.chunks[axis]),
  };
}

/** One -1 among the lengths is found from the others. @throws ShapeError */
export function makeReshape(input: ArrayNode, lengths: readonly number[]): ArrayNode {
  const shape = reshapedTo(lengths, input.shape);
  if (shape.length === input.shape.length && shape.every((length, axis) => length === input.shape[axis])) return input;
  const rows = inStretches(input);
  return { op: "reshape", inputs: [rows], shape, dtype: input.dtype, chunks: reshapedChunks(rows, shape) };
}

/** In chunks that are stretches of the elements in C order: a part of the first axis that is longer than 1, all of the others. */
function inStretches(input: ArrayNode): ArrayNode {
  const { shape, chunks } = input;
  const axis = shape.findIndex((length) => length > 1);
  if (chunks.every((lengths, i) => i <= axis || lengths.length === 1)) return input;
  const row = Math.max(1, sizeOf(shape.slice(axis + 1)));
  const rows = Math.max(1, Math.floor(Math.max(1, largestChunk(chunks)) / row));
  return makeRechunk(
    input,
    shape.map((_, i) => (i === axis ? rows : -1)),
  );
}

/** Cuts along the first axis that is longer than 1, so that a chunk is one stretch of the elements. */
function reshapedChunks(input: ArrayNode, shape: Shape): Chunks {
  const axis = shape.findIndex((length) => length > 1);
  if (axis < 0) return shape.map((length) => [length]);
  const row = Math.max(1, sizeOf(shape.slice(axis + 1)));
  const rows = Math.max(1, Math.floor(Math.max(1, largestChunk(input.chunks)) / row));
  return shape.map((length, i) => (i === axis ? evenly(length, rows) : [length]));
}

export function makeBroadcast(input: ArrayNode, shape: Shape): ArrayNode {
  const rank = shape.length;
  const fits =
    input.shape.length <= rank &&
    input.shape.every((length, axis) => length === 1 || length === shape[axis - input.shape.length + rank]);
  if (!fits)
    throw new ShapeError(`broadcastTo(…) cannot stretch ${shapeText(input.shape)} to ${shapeText(shape)}.`, {
      fields: { shapes: [[...input.shape], [...shape]] },
      fix: "only axes of length 1, and new ones in front, stretch.",
    });
  const option = shape.map((length, axis) => {
    const own = axis - rank + input.shape.length;
    return own >= 0 && input.shape[own] === length ? input.chunks[own] : ("auto" as const);
  });
  return {
    op: "broadcast",
    inputs: [input],
    shape,
    dtype: input.dtype,
    chunks: checkChunks(option, shape, input.dtype),
  };
}
