import type { Arena } from "../arena.ts";
import { addProduct, copyOf, identity, part, subtractProduct, transposed, zeroMatrix, type Matrix } from "./matrix.ts";

const COLUMNS = 16;

/** I − V T Vᵀ, the product of some reflections; V begins at row and column `from`. */
interface Reflections {
  readonly from: number;
  readonly v: Matrix;
  readonly t: Matrix;
}

/**
 * Householder's QR by panels, whose reflections are brought to the other columns by products (the compact WY form: Schreiber and Van Loan 1989). Signs are as
 * LAPACK's. `a` [m, n] is used up; the results have blocks of their own: q [m, k] and r [k, n], k the less of m and n.
 */
export function qr(
  arena: Arena,
  a: Matrix,
  wanted: { readonly q: boolean },
): { readonly q?: Matrix; readonly r: Matrix } {
  const { rows: m, cols: n } = a;
  const k = Math.min(m, n);
  const panels: Reflections[] = [];
  for (let from = 0; from < k; from += COLUMNS) {
    const to = Math.min(k, from + COLUMNS);
    const made = reflectPanel(arena, part(a, from, m, from, to), from);
    apply(arena, made, part(a, from, m, to, n), true);
    if (wanted.q) panels.push(made);
    else for (const one of [made.v, made.t]) arena.release(one);
  }
  const r = zeroMatrix(arena, k, n);
  for (let i = 0; i < k; i++) r.data.set(a.data.subarray(a.at + i * a.row + i, a.at + i * a.row + n), i * n + i);
  if (!wanted.q) return { r };
  const q = identity(arena, m, k);
  for (const panel of panels.reverse()) {
    apply(arena, panel, part(q, panel.from, m, panel.from, k), false);
    for (const one of [panel.v, panel.t]) arena.release(one);
  }
  return { q, r };
}

/** c = (I − V T Vᵀ) c, or with Tᵀ. */
function apply(arena: Arena, { v, t }: Reflections, c: Matrix, inverse: boolean): void {
  if (c.cols === 0) return;
  const inner = zeroMatrix(arena, v.cols, c.cols);
  addProduct(arena, transposed(v), c, inner);
  const turned = zeroMatrix(arena, v.cols, c.cols);
  addProduct(arena, inverse ? transposed(t) : t, inner, turned);
  subtractProduct(arena, v, turned, c);
  for (const one of [inner, turned]) arena.release(one);
}

/** Makes a panel triangular; R takes the place of its upper part. */
function reflectPanel(arena: Arena, panel: Matrix, from: number): Reflections {
  const { rows, cols } = panel;
  // Side by side: a column of a wide matrix would be a cache line for each element.
  const v = copyOf(arena, panel);
  const taus = new Float64Array(cols);
  for (let j = 0; j < cols; j++) {
    taus[j] = reflectColumn(v, j);
    reflectRest(v, j, taus[j]);
  }
  for (let i = 0; i < Math.min(rows, cols); i++)
    for (let j = i; j < cols; j++) {
      panel.data[panel.at + i * panel.row + j] = v.data[i * cols + j];
      v.data[i * cols + j] = i === j ? 1 : 0;
    }
  return { from, v, t: coupling(arena, v, taus) };
}

/** Column j below the diagonal becomes the reflection's vector, but for its 1; gives its factor (LAPACK's dlarfg). */
function reflectColumn({ data, rows, cols }: Matrix, j: number): number {
  let most = 0;
  for (let i = j + 1; i < rows; i++) most = Math.max(most, Math.abs(data[i * cols + j]));
  if (most === 0) return 0;
  const alpha = data[j * cols + j];
  most = Math.max(most, Math.abs(alpha));
  let sum = 0;
  for (let i = j; i < rows; i++) sum += (data[i * cols + j] / most) ** 2;
  const beta = alpha > 0 ? -most * Math.sqrt(sum) : most * Math.sqrt(sum);
  for (let i = j + 1; i < rows; i++) data[i * cols + j] /= alpha - beta;
  data[j * cols + j] = beta;
  return (beta - alpha) / beta;
}

function reflectRest({ data, rows, cols }: Matrix, j: number, tau: number): void {
  if (tau === 0 || j + 1 === cols) return;
  const sums = new Float64Array(cols);
  for (let k = j + 1; k < cols; k++) sums[k] = data[j * cols + k];
  for (let i = j + 1; i < rows; i++) {
    const row = i * cols;
    const factor = data[row + j];
    for (let k = j + 1; k < cols; k++) sums[k] += factor * data[row + k];
  }
  for (let k = j + 1; k < cols; k++) data[j * cols + k] -= tau * sums[k];
  for (let i = j + 1; i < rows; i++) {
    const row = i * cols;
    const factor = tau * data[row + j];
    for (let k = j + 1; k < cols; k++) data[row + k] -= factor * sums[k];
  }
}

/** T of the compact form (LAPACK's dlarft). */
function coupling(arena: Arena, v: Matrix, taus: Float64Array): Matrix {
  const n = taus.length;
  const inner = zeroMatrix(arena, n, n);
  addProduct(arena, transposed(v), v, inner);
  const t = zeroMatrix(arena, n, n);
  for (let j = 0; j < n; j++) {
    for (let i = 0; i < j; i++) {
      let sum = 0;
      for (let k = i; k < j; k++) sum += t.data[i * n + k] * inner.data[k * n + j];
      t.data[i * n + j] = -taus[j] * sum;
    }
    t.data[j * n + j] = taus[j];
  }
  arena.release(inner);
  return t;
}
