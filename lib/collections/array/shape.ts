import { OptionError, ShapeError } from "../../errors.ts";

/** Lengths along the axes; [] is one element. */
export type Shape = readonly number[];

export function sizeOf(shape: Shape): number {
  return shape.reduce((size, length) => size * length, 1);
}

/** As NumPy prints it: (2, 3), (4,), (). */
export function shapeText(shape: Shape): string {
  return shape.length === 1 ? `(${shape[0]},)` : `(${shape.join(", ")})`;
}

/** @throws OptionError unless it is a list of whole numbers (or one). */
export function checkShape(shape: unknown, what: string): number[] {
  const list: readonly unknown[] = Array.isArray(shape) ? shape : [shape];
  return list.map((length) => {
    if (typeof length === "number" && Number.isSafeInteger(length) && length >= 0) return length;
    throw new OptionError(`${what} expects a shape, whole numbers of at least 0; found ${String(length)}.`, {
      fields: { found: String(length) },
      fix: "give a shape as [10_000, 1_000].",
    });
  });
}

/**
 * The shape of several arrays together, by NumPy's broadcasting: lengths are aligned at the end, and 1 stretches.
 * @throws ShapeError that names all shapes
 */
export function broadcastShapes(shapes: readonly Shape[], what: string): number[] {
  const rank = Math.max(0, ...shapes.map(({ length }) => length));
  return Array.from({ length: rank }, (_, axis) => {
    let common = 1;
    for (const shape of shapes) {
      const length = shape[axis - rank + shape.length] ?? 1;
      if (length === 1 || length === common) continue;
      if (common !== 1)
        throw new ShapeError(
          `${what} expects shapes that fit together; found ${shapes.map(shapeText).join(" and ")}, which differ on the axis ${axis - rank} (${common} and ${length}).`,
          {
            fields: { shapes: shapes.map((one) => [...one]), axis: axis - rank },
            fix: "make the lengths equal, or 1: by transposing (x.T), reshape or expandDims.",
          },
        );
      common = length;
    }
    return common;
  });
}

/** The lengths that reshape is given, the one -1 among them found from the others. @throws ShapeError */
export function reshapedTo(lengths: readonly number[], from: Shape): number[] {
  const size = sizeOf(from);
  const known = sizeOf(lengths.filter((length) => length !== -1));
  const open = lengths.filter((length) => length === -1).length;
  const shape = lengths.map((length) => (length === -1 ? size / known : length));
  if (open > 1 || !shape.every((length) => Number.isSafeInteger(length) && length >= 0) || sizeOf(shape) !== size)
    throw new ShapeError(
      `reshape(…) cannot make ${shapeText(lengths)} of ${size} elements, those of ${shapeText(from)}.`,
      {
        fields: { shapes: [[...from], [...lengths]] },
        fix: "give lengths whose product is the number of elements; one of them may be -1.",
      },
    );
  return shape;
}

/** An axis as 0 … rank − 1. @throws OptionError */
export function checkAxis(axis: unknown, rank: number, what: string): number {
  if (typeof axis === "number" && Number.isInteger(axis) && axis >= -rank && axis < rank)
    return axis < 0 ? axis + rank : axis;
  throw new OptionError(
    `${what} expects an axis from ${-rank} to ${rank - 1}, for an array of ${rank} ${rank === 1 ? "axis" : "axes"}; found ${String(axis)}.`,
    { fields: { found: String(axis), rank }, fix: "count axes from 0, or from the end: -1 is the last." },
  );
}

/** Axes in ascending order; undefined: all. @throws OptionError */
export function checkAxes(axes: number | readonly number[] | undefined, rank: number, what: string): number[] {
  if (axes === undefined) return Array.from({ length: rank }, (_, axis) => axis);
  const list = (typeof axes === "number" ? [axes] : [...axes]).map((axis) => checkAxis(axis, rank, what));
  if (new Set(list).size < list.length)
    throw new OptionError(`${what} expects each axis once; found ${JSON.stringify(axes)}.`, {
      fix: "leave out the repeated one.",
    });
  return list.sort((a, b) => a - b);
}

/** Elements from one to the next along each axis, in C order. */
export function stridesOf(shape: Shape): number[] {
  const strides = new Array<number>(shape.length);
  let stride = 1;
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    strides[axis] = stride;
    stride *= shape[axis];
  }
  return strides;
}
