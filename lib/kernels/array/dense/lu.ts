import type { Arena } from "../arena.ts";
import { PANEL, part, subtractProduct, type Matrix } from "./matrix.ts";
import { solveTriangular } from "./triangular.ts";

/** P a = L U, both in a's place. */
export interface Factors {
  /** Row i was changed with row `pivots[i]`, in that order. */
  readonly pivots: Int32Array;
  /** How many of these changed something. */
  readonly swaps: number;
  /** The first pivot that is 0; −1: none. */
  readonly singular: number;
}

/** Gaussian elimination with partial pivoting, by panels of columns (Golub and Van Loan, Matrix Computations, 3.2 and 3.4). */
export function luInPlace(arena: Arena, a: Matrix): Factors {
  const n = a.rows;
  const pivots = new Int32Array(n);
  let swaps = 0;
  let singular = -1;
  for (let from = 0; from < n; from += PANEL) {
    const to = Math.min(n, from + PANEL);
    for (let j = from; j < to; j++) {
      const best = largestBelow(a, j);
      pivots[j] = best;
      if (a.data[a.at + best * a.row + j] === 0) {
        if (singular < 0) singular = j;
        continue;
      }
      if (best !== j) {
        swapRows(a, best, j);
        swaps++;
      }
      eliminate(a, j, to);
    }
    solveTriangular(arena, part(a, from, to, from, to), part(a, from, to, to, n), { lower: true, unit: true });
    subtractProduct(arena, part(a, to, n, from, to), part(a, from, to, to, n), part(a, to, n, to, n));
  }
  return { pivots, swaps, singular };
}

/** The row, from j on, whose element in column j is largest. */
function largestBelow({ data, at, row, rows }: Matrix, j: number): number {
  let best = j;
  let most = Math.abs(data[at + j * row + j]);
  for (let i = j + 1; i < rows; i++) {
    const size = Math.abs(data[at + i * row + j]);
    if (size > most) [best, most] = [i, size];
  }
  return best;
}

/** Column j of L, and what it does to the columns up to `to`. */
function eliminate({ data, at, row, rows }: Matrix, j: number, to: number): void {
  const top = at + j * row;
  const pivot = data[top + j];
  for (let i = j + 1; i < rows; i++) {
    const own = at + i * row;
    const factor = (data[own + j] /= pivot);
    if (factor !== 0) for (let k = j + 1; k < to; k++) data[own + k] -= factor * data[top + k];
  }
}

export function swapRows({ data, at, row, cols }: Matrix, i: number, j: number): void {
  const [a, b] = [at + i * row, at + j * row];
  for (let k = 0; k < cols; k++) {
    const kept = data[a + k];
    data[a + k] = data[b + k];
    data[b + k] = kept;
  }
}

/** b becomes the solution x of a x = b, given a's factors in its place. */
export function solveFactored(arena: Arena, a: Matrix, { pivots }: Factors, b: Matrix): void {
  for (const [i, pivot] of pivots.entries()) if (pivot !== i) swapRows(b, i, pivot);
  solveTriangular(arena, a, b, { lower: true, unit: true });
  solveTriangular(arena, a, b, { lower: false });
}
