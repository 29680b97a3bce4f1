import type { Arena } from "../arena.ts";
import { copyOf, part, subtractProduct, type Matrix } from "./matrix.ts";
import { solveBySvd, svd } from "./svd.ts";
import { solveTriangular } from "./triangular.ts";

export interface LeastSquares {
  /** [n, right sides] */
  readonly x: Matrix;
  /** The sum of squares that remains, for each right side. */
  readonly residuals: Float64Array;
  readonly rank: number;
  /** A's singular values. */
  readonly s: Float64Array;
}

export interface LeastSquaresOptions {
  /** Of A. */
  readonly columns: number;
  /** Of A: R has fewer. */
  readonly rows: number;
  /** Singular values up to this part of the largest one count as 0. */
  readonly rcond: number;
}

/**
 * From the triangular factor R of [A b]: its first columns are A's factor, and the others the right sides turned alike. An A of full rank by substitution,
 * any other by its singular values: then x is the shortest of the best.
 */
export function leastSquares(arena: Arena, r: Matrix, { columns, rows, rcond }: LeastSquaresOptions): LeastSquares {
  const height = Math.min(columns, rows, r.rows);
  const a = part(r, 0, height, 0, columns);
  const b = part(r, 0, height, columns, r.cols);
  const decomposition = svd(arena, copyOf(arena, a));
  const least = rcond * (decomposition.s[0] ?? 0);
  const bySvd = solveBySvd(arena, decomposition, b, least);
  const x = bySvd.rank === columns ? substituted(arena, a, b) : bySvd.x;
  return { x, residuals: remaining(arena, r, a, b, x), rank: bySvd.rank, s: decomposition.s };
}

function substituted(arena: Arena, a: Matrix, b: Matrix): Matrix {
  const x = copyOf(arena, b);
  solveTriangular(arena, a, x, { lower: false });
  return x;
}

/** Column by column the squares of what A x leaves of b, and of the rows of R below A's. */
function remaining(arena: Arena, r: Matrix, a: Matrix, b: Matrix, x: Matrix): Float64Array {
  const left = copyOf(arena, b);
  subtractProduct(arena, a, x, left);
  const sums = new Float64Array(b.cols);
  for (const rest of [left, part(r, a.rows, r.rows, a.cols, r.cols)])
    for (let i = 0; i < rest.rows; i++)
      for (let j = 0; j < rest.cols; j++) sums[j] += rest.data[rest.at + i * rest.row + j * rest.col] ** 2;
  return sums;
}
