import { OptionError, ShapeError } from "../../errors.ts";
import { wrong } from "../options.ts";
import { ChunkedArray, nodeOf, type AnyArray } from "./chunked-array.ts";
import { promote } from "./dtype.ts";
import { makeLocal } from "./make-local.ts";
import { makeCast, withWholeAxes } from "./make.ts";
import { makeMatmul } from "./make-products.ts";
import { broadcastShapes, checkAxis, shapeText, sizeOf } from "./shape.ts";

/** The product of each element of the one with each of the other, [a, b]. */
export function outer(a: AnyArray, b: AnyArray): ChunkedArray {
  checkArrays([a, b], "outer(…)");
  return flat(a).expandDims(1).mul(flat(b));
}

/** @throws OptionError */
function checkArrays(arrays: readonly AnyArray[], what: string): void {
  for (const array of arrays) nodeOf(array, what);
}

function flat(x: AnyArray): AnyArray {
  return x.ndim === 1 ? x : x.ravel();
}

/**
 * As numpy.matmul: of matrices; a vector is a row on the left, a column on the right, and its axis goes; of more axes stacks of matrices, which broadcast.
 * @throws ShapeError
 */
export function matmul(a: AnyArray, b: AnyArray): ChunkedArray {
  checkArrays([a, b], "matmul(…)");
  if (a.ndim === 0 || b.ndim === 0)
    throw new ShapeError(`matmul expects at least one axis; found ${shapeText(a.shape)} and ${shapeText(b.shape)}.`, {
      fields: { shapes: [[...a.shape], [...b.shape]] },
      fix: "multiply by a number with x.mul(2).",
    });
  const dtype = promote(a.dtype, b.dtype);
  const left = a.ndim === 1 ? a.expandDims(0) : a;
  const right = b.ndim === 1 ? b.expandDims(1) : b;
  const product =
    left.ndim === 2 && right.ndim === 2
      ? new ChunkedArray(makeMatmul(left.node, right.node, dtype))
      : stacked(left, right);
  return product.slice("...", ...(a.ndim === 1 ? [0] : [[] as const]), ...(b.ndim === 1 ? [0] : [[] as const]));
}

/** Each pair of matrices within one task. */
function stacked(a: AnyArray, b: AnyArray): ChunkedArray {
  const [m, k] = a.shape.slice(-2);
  const [l, n] = b.shape.slice(-2);
  if (k !== l)
    throw new ShapeError(
      `matmul expects matrices (m, k) and (k, n) in the last two axes; found ${shapeText(a.shape)} and ${shapeText(b.shape)}.`,
      { fields: { shapes: [[...a.shape], [...b.shape]] } },
    );
  const batch = broadcastShapes([a.shape.slice(0, -2), b.shape.slice(0, -2)], "matmul(…)");
  const dtype = promote(a.dtype, b.dtype);
  const left = wholeMatrices(a.broadcastTo([...batch, m, k]), dtype);
  const cut = left.chunks.slice(0, -2);
  const right = wholeMatrices(b.broadcastTo([...batch, k, n]), dtype).rechunk([...cut, -1, -1]);
  return new ChunkedArray(
    makeLocal([left.node, right.node], { name: "multiply" }, { dtype, chunks: [...cut, [m], [n]] }),
  );
}

function wholeMatrices(x: AnyArray, dtype: ChunkedArray["dtype"]): ChunkedArray {
  return new ChunkedArray(withWholeAxes(makeCast(x.node, dtype), [x.ndim - 2, x.ndim - 1]));
}

/**
 * Sums of products over some axes of both, as numpy.tensordot. `axes` (default 2): how many, the last ones of a and the first ones of b; or lists of a's and of
 * b's. @throws ShapeError
 */
export function tensordot(
  a: AnyArray,
  b: AnyArray,
  axes: number | readonly [number | readonly number[], number | readonly number[]] = 2,
): ChunkedArray {
  checkArrays([a, b], "tensordot(…)");
  const [of, and] = axesOf(a, b, axes);
  const summed = of.map((axis) => a.shape[axis]);
  if (of.length !== and.length || and.some((axis, i) => b.shape[axis] !== summed[i]))
    throw new ShapeError(
      `tensordot(…) expects axes of equal lengths; found ${shapeText(summed)} of ${shapeText(a.shape)} and ${shapeText(and.map((axis) => b.shape[axis]))} of ${shapeText(b.shape)}.`,
      { fields: { shapes: [[...a.shape], [...b.shape]] } },
    );
  const freeA = a.shape.map((_, axis) => axis).filter((axis) => !of.includes(axis));
  const freeB = b.shape.map((_, axis) => axis).filter((axis) => !and.includes(axis));
  const lengthsA = freeA.map((axis) => a.shape[axis]);
  const lengthsB = freeB.map((axis) => b.shape[axis]);
  const k = sizeOf(summed);
  const left = arranged(a, [...freeA, ...of], [sizeOf(lengthsA), k]);
  const right = arranged(b, [...and, ...freeB], [k, sizeOf(lengthsB)]);
  const product = matmul(left, right);
  const shape = [...lengthsA, ...lengthsB];
  return shape.length === 2 ? product : product.reshape(shape);
}

/** Without a step that changes nothing. */
function arranged(x: AnyArray, order: readonly number[], shape: readonly number[]): AnyArray {
  const turned = x.ndim === 0 ? x : x.transpose(...order);
  return turned.ndim === 2 && turned.shape.every((length, i) => length === shape[i]) ? turned : turned.reshape(shape);
}

function axesOf(
  a: AnyArray,
  b: AnyArray,
  axes: number | readonly [number | readonly number[], number | readonly number[]],
): [number[], number[]] {
  const what = "tensordot(…)";
  if (typeof axes !== "number") {
    if (!Array.isArray(axes) || axes.length !== 2)
      throw wrong(
        `${what}: axes`,
        "how many, or a pair: the axes of a and those of b",
        axes,
        "as tensordot(a, b, [[0, 1], [1, 0]]).",
      );
    const list = (one: number | readonly number[], rank: number) =>
      (typeof one === "number" ? [one] : one).map((axis) => checkAxis(axis, rank, what));
    return [list(axes[0], a.ndim), list(axes[1], b.ndim)];
  }
  if (!Number.isInteger(axes) || axes < 0 || axes > Math.min(a.ndim, b.ndim))
    throw new OptionError(
      `${what} expects axes from 0 to ${Math.min(a.ndim, b.ndim)}, as many as both arrays have; found ${axes}.`,
    );
  return [Array.from({ length: axes }, (_, i) => a.ndim - axes + i), Array.from({ length: axes }, (_, i) => i)];
}
