import { infoOf } from "../../collections/array/dtype.ts";
import type { Arena, Block } from "./arena.ts";

/** out += a b, of matrices [m, k] and [k, n] of one dtype. Whole numbers wrap, as in NumPy. */
export function multiplyInto(arena: Arena, a: Block, b: Block, out: Block): void {
  const [m, k] = a.shape;
  const n = b.shape[1];
  const { dtype } = a;
  if (dtype !== "float64" && dtype !== "float32") {
    multiplyWhole(arena, a, b, out);
    return;
  }
  const width = infoOf(dtype).bytes;
  const { matrix } = arena.kernel;
  const gemm = dtype === "float64" ? matrix.gemm_f64 : matrix.gemm_f32;
  const scratch = arena.bytes(matrix.matrixscratch());
  gemm(a.address, k * width, width, b.address, n * width, width, out.address, n * width, m, n, k, scratch);
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
