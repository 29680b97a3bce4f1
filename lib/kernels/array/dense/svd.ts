import type { Arena } from "../arena.ts";
import { jacobi } from "./jacobi.ts";
import { addProduct, copyOf, product, transposed, zeroMatrix, type Matrix } from "./matrix.ts";
import { qr } from "./qr.ts";

export interface Svd {
  /** [m, k] */
  readonly u: Matrix;
  /** Descending. */
  readonly s: Float64Array;
  /** [k, n] */
  readonly vT: Matrix;
}

/** a = U S Vᵀ, k the less of a's lengths: QR, and Jacobi's rotations of the triangular factor. `a` is used up. `vectors`: whether U and Vᵀ matter. */
export function svd(arena: Arena, a: Matrix, vectors = true): Svd {
  if (a.rows < a.cols) {
    const turned = copyOf(arena, transposed(a));
    const { u, s, vT } = svd(arena, turned, vectors);
    return { u: copyOf(arena, transposed(vT)), s, vT: copyOf(arena, transposed(u)) };
  }
  const n = a.cols;
  const { q, r } = qr(arena, a, { q: vectors });
  const { s, uT, vT } = jacobi(r.data.slice(0, n * n), n, n, vectors);
  const left = filled(arena, n, n, uT);
  const u = q === undefined ? left : product(arena, q, transposed(left));
  return { u, s, vT: filled(arena, n, n, vT) };
}

/** A matrix of these elements, in C order. */
export function filled(arena: Arena, rows: number, cols: number, values: Float64Array): Matrix {
  const made = zeroMatrix(arena, rows, cols);
  made.data.set(values);
  return made;
}

/** The solution of least squares and least length of a x = b, given a's singular values of more than `least`. */
export function solveBySvd(
  arena: Arena,
  { u, s, vT }: Svd,
  b: Matrix,
  least: number,
): { readonly x: Matrix; readonly rank: number } {
  const turned = product(arena, transposed(u), b);
  const rank = s.reduce((count, value) => count + Number(value > least), 0);
  for (let i = 0; i < s.length; i++)
    for (let j = 0; j < turned.cols; j++) {
      const at = i * turned.cols + j;
      turned.data[at] = s[i] > least ? turned.data[at] / s[i] : 0;
    }
  const x = zeroMatrix(arena, vT.cols, b.cols);
  addProduct(arena, transposed(vT), turned, x);
  return { x, rank };
}
