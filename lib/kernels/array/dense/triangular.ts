import type { Arena } from "../arena.ts";
import { PANEL, part, subtractProduct, type Matrix } from "./matrix.ts";

export interface TriangularOptions {
  readonly lower: boolean;
  /** The diagonal is taken to be ones. */
  readonly unit?: boolean;
}

/** b becomes the solution x of t x = b, for a triangular t: by blocks, of which products bring the others up to date. The columns of b lie side by side. */
export function solveTriangular(arena: Arena, t: Matrix, b: Matrix, options: TriangularOptions): void {
  const n = t.rows;
  const starts = Array.from({ length: Math.ceil(n / PANEL) }, (_, i) => i * PANEL);
  if (!options.lower) starts.reverse();
  for (const from of starts) {
    const to = Math.min(n, from + PANEL);
    solveBlock(part(t, from, to, from, to), part(b, from, to, 0, b.cols), options);
    const [first, end] = options.lower ? [to, n] : [0, from];
    subtractProduct(arena, part(t, first, end, from, to), part(b, from, to, 0, b.cols), part(b, first, end, 0, b.cols));
  }
}

function solveBlock(t: Matrix, b: Matrix, { lower, unit = false }: TriangularOptions): void {
  const n = t.rows;
  for (let step = 0; step < n; step++) {
    const i = lower ? step : n - 1 - step;
    const row = b.at + i * b.row;
    const [first, end] = lower ? [0, i] : [i + 1, n];
    for (let k = first; k < end; k++) {
      const factor = t.data[t.at + i * t.row + k * t.col];
      if (factor === 0) continue;
      const other = b.at + k * b.row;
      for (let j = 0; j < b.cols; j++) b.data[row + j] -= factor * b.data[other + j];
    }
    if (unit) continue;
    const pivot = t.data[t.at + i * t.row + i * t.col];
    for (let j = 0; j < b.cols; j++) b.data[row + j] /= pivot;
  }
}
