import type { Arena } from "../arena.ts";
import { eigh } from "./eigh.ts";
import { jacobi, type Singular } from "./jacobi.ts";
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

/** Smaller matrices are rotated as they are. */
const TURNED_FROM = 48;

/** Where the triangular factor's diagonal falls further, squares lose the small values: its rows are turned well by rotations alone. */
const STEEP = 1e-7;

/**
 * a = U S Vᵀ, k the less of a's lengths: QR, and Jacobi's rotations of the triangular factor. Where squares keep enough of it the eigenvectors of R Rᵀ make its rows
 * nearly orthogonal first: a few rounds in place of ten, a third of the time. `a` is used up. `vectors`: whether U and Vᵀ matter.
 */
export function svd(arena: Arena, a: Matrix, vectors = true): Svd {
  if (a.rows < a.cols) {
    const turned = copyOf(arena, transposed(a));
    const { u, s, vT } = svd(arena, turned, vectors);
    return { u: copyOf(arena, transposed(vT)), s, vT: copyOf(arena, transposed(u)) };
  }
  const n = a.cols;
  const { q, r } = qr(arena, a, { q: vectors });
  const { s, uT, vT } = isFlat(r) ? turned(arena, r, vectors) : jacobi(r.data.slice(0, n * n), n, n, vectors);
  const left = filled(arena, n, n, uT);
  const u = q === undefined ? left : product(arena, q, transposed(left));
  return { u, s, vT: filled(arena, n, n, vT) };
}

function isFlat({ data, rows }: Matrix): boolean {
  if (rows < TURNED_FROM) return false;
  const diagonal = Array.from({ length: rows }, (_, i) => Math.abs(data[i * rows + i]));
  return Math.min(...diagonal) > STEEP * Math.max(...diagonal);
}

function turned(arena: Arena, r: Matrix, vectors: boolean): Singular {
  const n = r.rows;
  const most = r.data.reduce((found, value) => Math.max(found, Math.abs(value)), 0);
  // So that no square overflows.
  const scaled = copyOf(arena, r, 1 / most);
  const squares = product(arena, scaled, transposed(scaled));
  eigh(squares.data, n);
  // Descending, as what comes out: rows that are long first.
  const left = zeroMatrix(arena, n, n);
  for (let i = 0; i < n; i++) left.data.set(squares.data.subarray((n - 1 - i) * n, (n - i) * n), i * n);
  const rows = product(arena, left, r);
  const made = jacobi(rows.data.slice(0, n * n), n, n, vectors, left.data.slice(0, n * n));
  for (const one of [scaled, squares, left, rows]) arena.release(one);
  return made;
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
