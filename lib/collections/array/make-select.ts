import { ShapeError } from "../../errors.ts";
import { makeMap } from "./make-map.ts";
import { makeRechunk } from "./make.ts";
import { makeReshape } from "./make-shape.ts";
import type { ArrayNode } from "./nodes.ts";
import { checkAxis, shapeText } from "./shape.ts";

/** What is chosen of, and by what: a mask of one axis, in the chunks that the other has along `axis`. */
export interface Asked {
  readonly input: ArrayNode;
  readonly mask: ArrayNode;
  readonly axis: number;
}

/** Of a mask with several axes, the array's first axes are made one. @throws ShapeError */
export function maskFor(input: ArrayNode, mask: ArrayNode, axis: number | undefined): Asked {
  const { shape } = mask;
  const along = axis === undefined ? 0 : checkAxis(axis, input.shape.length, "select(…)");
  const expected = axis === undefined ? input.shape.slice(0, Math.max(1, shape.length)) : [input.shape[along]];
  if (shape.length !== expected.length || shape.some((length, i) => length !== expected[i]))
    throw new ShapeError(
      `select(…) expects a mask of the shape ${axis === undefined ? `of the first axes of ${shapeText(input.shape)}` : shapeText(expected)}; found ${shapeText(shape)}.`,
      { fields: { shapes: [[...input.shape], [...shape]] }, fix: "compare the array itself, as in x.select(x.gt(0))." },
    );
  const flat =
    shape.length <= 1
      ? input
      : makeReshape(input, [-1, ...input.shape.slice(shape.length)].slice(0, input.shape.length));
  const truth = mask.dtype === "bool" ? mask : makeMap("ne", [mask, 0]);
  const line = shape.length <= 1 ? truth : makeReshape(truth, [-1]);
  return { input: flat, mask: makeRechunk(line, [flat.chunks[along]]), axis: along };
}

/** How many are chosen of each chunk. */
export function countsOf({ mask }: Asked): ArrayNode {
  const count = mask.chunks[0].length;
  return { op: "counts", inputs: [mask], shape: [count], dtype: "int64", chunks: [new Array<number>(count).fill(1)] };
}

export function makeSelect({ input, mask, axis }: Asked, counts: readonly number[]): ArrayNode {
  return {
    op: "select",
    inputs: [input, mask],
    axis,
    shape: input.shape.with(
      axis,
      counts.reduce((sum, count) => sum + count, 0),
    ),
    dtype: input.dtype,
    chunks: input.chunks.map((own, i) => (i === axis ? counts : own)),
  };
}
