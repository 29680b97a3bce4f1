import { ShapeError } from "../../errors.ts";
import type { DType } from "./dtype.ts";
import { makeCast } from "./make.ts";
import type { ArrayNode } from "./nodes.ts";
import { shapeText } from "./shape.ts";

/** Matrices [m, k] and [k, n]. @throws ShapeError */
export function makeMatmul(a: ArrayNode, b: ArrayNode, dtype: DType): ArrayNode {
  if (a.shape.length !== 2 || b.shape.length !== 2 || a.shape[1] !== b.shape[0])
    throw new ShapeError(
      `matmul expects matrices (m, k) and (k, n); found ${shapeText(a.shape)} and ${shapeText(b.shape)}.`,
      { fields: { shapes: [[...a.shape], [...b.shape]] }, fix: "transpose one of them: x.T." },
    );
  const gram = gramOf(a, b, dtype);
  if (gram !== undefined) return gram;
  return {
    op: "matmul",
    inputs: [makeCast(a, dtype), makeCast(b, dtype)],
    shape: [a.shape[0], b.shape[1]],
    dtype,
    chunks: [a.chunks[0], b.chunks[1]],
  };
}

/** The widest matrix whose Gram matrix is made in one piece. */
const GRAM_COLUMNS = 4096;

/** xᵀ x: half the work, since it is symmetric. Undefined where the product is of another kind. */
function gramOf(a: ArrayNode, b: ArrayNode, dtype: DType): ArrayNode | undefined {
  const x = b;
  // Either of them may be what is transposed: of y yᵀ, x is yᵀ.
  const isOwn = (a.op === "transpose" && a.inputs[0] === x) || (x.op === "transpose" && x.inputs[0] === a);
  return isOwn && dtype === "float64" && x.shape[1] <= GRAM_COLUMNS ? makeGram(x, false) : undefined;
}

/** Of x [n, d] float64 the sums of x xᵀ over n; centred: of its deviations from the means. `divisor`: what they are divided by. */
export function makeGram(x: ArrayNode, centred: boolean, divisor?: number): ArrayNode {
  const d = x.shape[1];
  const divided = divisor === undefined ? {} : { divisor };
  return { op: "gram", inputs: [x], centred, ...divided, shape: [d, d], dtype: "float64", chunks: [[d], [d]] };
}
