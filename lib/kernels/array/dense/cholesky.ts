import { MatrixError } from "../../../errors.ts";
import type { Arena } from "../arena.ts";
import { PANEL, part, subtractProduct, transposed, type Matrix } from "./matrix.ts";

/** a becomes L with L Lᵀ = a; only its lower triangle is read. @throws MatrixError that says which pivot is not positive */
export function choleskyInPlace(arena: Arena, a: Matrix): void {
  const n = a.rows;
  for (let from = 0; from < n; from += PANEL) {
    const to = Math.min(n, from + PANEL);
    for (let i = from; i < n; i++) factorRow(a, i, from, Math.min(to, i + 1));
    // The part above the diagonal is brought up to date with the rest: it is never read.
    const left = part(a, to, n, from, to);
    subtractProduct(arena, left, transposed(left), part(a, to, n, to, n));
  }
  for (let i = 0; i < n; i++) a.data.fill(0, a.at + i * a.row + i + 1, a.at + i * a.row + n);
}

/** The elements [from, to) of row i of L. */
function factorRow({ data, at, row }: Matrix, i: number, from: number, to: number): void {
  const own = at + i * row;
  for (let j = from; j < to; j++) {
    const other = at + j * row;
    let sum = data[own + j];
    for (let k = from; k < j; k++) sum -= data[own + k] * data[other + k];
    if (j < i) data[own + j] = sum / data[other + j];
    else if (sum > 0 && sum < Infinity) data[own + j] = Math.sqrt(sum);
    else
      throw new MatrixError(`cholesky(…) expects a positive definite matrix; pivot ${i} is ${sum}.`, {
        fields: { pivot: i, found: String(sum) },
        fix: "check that the matrix is symmetric, or add a little to its diagonal; for any symmetric matrix use eigh(…).",
      });
  }
}
