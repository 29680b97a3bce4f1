import type { Region } from "../../collections/array/chunks.ts";
import { infoOf, isFloat } from "../../collections/array/dtype.ts";
import type { Arena, Block } from "./arena.ts";
import type { Evaluator } from "./evaluate.ts";

/** A matrix as it lies in memory: `row` and `col` are the bytes from one row, one column to the next. */
export interface MatrixLayout {
  readonly block: Block;
  readonly rows: number;
  readonly cols: number;
  readonly row: number;
  readonly col: number;
}

/** A matrix in C order; `isTransposed`: the block holds its transpose. */
export function matrixIn(block: Block, isTransposed = false): MatrixLayout {
  const [rows, cols] = block.shape;
  const { bytes } = infoOf(block.dtype);
  return isTransposed
    ? { block, rows: cols, cols: rows, row: bytes, col: cols * bytes }
    : { block, rows, cols, row: cols * bytes, col: bytes };
}

/** A box of an operand of a product. What is transposed stays as it lies: products take any strides. */
export async function operandBox(evaluator: Evaluator, place: number, { start, size }: Region): Promise<MatrixLayout> {
  const node = evaluator.program[place];
  const turns = node.op === "transpose" && node.axes[0] === 1;
  if (!turns || !isFloat(node.dtype)) return matrixIn(await evaluator.block(place, { start, size }));
  const box = { start: start.toReversed(), size: size.toReversed() };
  return matrixIn(await evaluator.block(node.inputs[0], box), true);
}

/** As `multiplyInto`, by what the plan says. `isFresh`: out holds zeros. @throws OptionError where the library is not there */
export async function multiplyBy(
  gemm: "onnxruntime" | undefined,
  arena: Arena,
  a: MatrixLayout,
  b: MatrixLayout,
  out: Block,
  isFresh: boolean,
): Promise<void> {
  if (gemm === undefined || a.cols === 0) multiplyInto(arena, a, b, out);
  else await (await import("./onnx.ts")).multiplyByOnnx(arena, a, b, out, isFresh);
}

/** out += a b, of matrices [m, k] and [k, n] of one dtype. Whole numbers wrap, as in NumPy; they lie in C order. */
export function multiplyInto(arena: Arena, a: MatrixLayout, b: MatrixLayout, out: Block): void {
  const { dtype } = out;
  if (dtype !== "float64" && dtype !== "float32") {
    multiplyWhole(arena, a.block, b.block, out);
    return;
  }
  const { matrix } = arena.kernel;
  const gemm = dtype === "float64" ? matrix.gemm_f64 : matrix.gemm_f32;
  const scratch = arena.bytes(matrix.matrixscratch());
  const side = ({ block, row, col }: MatrixLayout) => [block.address, row, col] as const;
  gemm(...side(a), ...side(b), out.address, b.cols * infoOf(dtype).bytes, a.rows, b.cols, a.cols, scratch);
  arena.release({ address: scratch });
}

/** Rows of b times numbers of a, added up, in the arithmetic of the dtype (of bools: or, and). */
function multiplyWhole(arena: Arena, a: Block, b: Block, out: Block): void {
  const [m, k] = a.shape;
  const n = b.shape[1];
  const { bytes, code } = infoOf(a.dtype);
  const { kernel } = arena;
  const [add, mul, copy] = [kernel.loop(`add_${code}`), kernel.loop(`mul_${code}`), kernel.copy2d(bytes)];
  const repeated = arena.bytes(n * bytes);
  for (let i = 0; i < m; i++)
    for (let p = 0; p < k; p++) {
      copy(a.address + (i * k + p) * bytes, 0, 0, repeated, 0, bytes, 1, n);
      mul(repeated, b.address + p * n * bytes, repeated, n);
      const row = out.address + i * n * bytes;
      add(row, repeated, row, n);
    }
  arena.release({ address: repeated });
}

/** The upper half of out [d, d] += xᵀ x, of float64 x [n, d]. */
export function gramInto(arena: Arena, x: Block, out: Block): void {
  const [n, d] = x.shape;
  const { matrix } = arena.kernel;
  const scratch = arena.bytes(matrix.matrixscratch());
  matrix.syrk_f64(x.address, 8 * d, n, d, out.address, 8 * d, scratch);
  arena.release({ address: scratch });
}
