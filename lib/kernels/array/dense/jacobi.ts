import { MatrixError } from "../../../errors.ts";

/** Rounds of rotations after which nothing more is expected. Ten are usual. */
const MOST_ROUNDS = 60;
const EPSILON = 2 ** -52;

export interface Singular {
  /** Descending. */
  readonly s: Float64Array;
  /** [n, n]: the left vectors are its rows. */
  readonly uT: Float64Array;
  /** [n, m]: the right vectors are its rows. */
  readonly vT: Float64Array;
}

/**
 * The singular value decomposition of `w` [n, m], n ≤ m: rotates pairs of rows until all are orthogonal (one-sided Jacobi, Hestenes 1958; Demmel and Veselić 1992:
 * small singular values keep their relative precision). `w` is used up. `turned`: what `w` was multiplied by already, [n, n] and used up too; default:
 * nothing. `vectors`: whether the left vectors matter. @throws MatrixError where it does not converge
 */
export function jacobi(w: Float64Array, n: number, m: number, vectors = true, turned = unit(n)): Singular {
  const uT = turned;
  // So that no square overflows.
  const scale = w.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  if (scale > 0) for (let i = 0; i < w.length; i++) w[i] /= scale;
  const squares = new Float64Array(n);
  for (let round = 0; ; round++) {
    for (let i = 0; i < n; i++) squares[i] = dot(w, i * m, i * m, m);
    if (rotateAll(w, vectors ? uT : undefined, squares, n, m) === 0) break;
    if (round === MOST_ROUNDS)
      throw new MatrixError(`svd(…) did not converge in ${MOST_ROUNDS} rounds.`, { fields: { rounds: MOST_ROUNDS } });
  }
  return sorted(w, uT, squares, n, m, scale);
}

function unit(n: number): Float64Array {
  const rows = new Float64Array(n * n);
  for (let i = 0; i < n; i++) rows[i * n + i] = 1;
  return rows;
}

/** One rotation for each pair of rows that are not orthogonal; gives how many. */
function rotateAll(w: Float64Array, uT: Float64Array | undefined, squares: Float64Array, n: number, m: number): number {
  const enough = EPSILON * Math.sqrt(m);
  let rotations = 0;
  for (let i = 0; i < n - 1; i++)
    for (let j = i + 1; j < n; j++) {
      const a = squares[i];
      const b = squares[j];
      if (a === 0 || b === 0) continue;
      const c = dot(w, i * m, j * m, m);
      if (Math.abs(c) <= enough * Math.sqrt(a) * Math.sqrt(b) || Math.abs(c) < Number.MIN_VALUE / EPSILON) continue;
      rotations++;
      const zeta = (b - a) / (2 * c);
      const t = (zeta < 0 ? -1 : 1) / (Math.abs(zeta) + Math.hypot(1, zeta));
      const cos = 1 / Math.sqrt(1 + t * t);
      rotate(w, i * m, j * m, m, cos, cos * t);
      if (uT !== undefined) rotate(uT, i * n, j * n, n, cos, cos * t);
      squares[i] = Math.max(0, a - t * c);
      squares[j] = b + t * c;
    }
  return rotations;
}

function dot(w: Float64Array, a: number, b: number, length: number): number {
  // Four sums, so that none waits for the one before.
  let s0 = 0;
  let s1 = 0;
  let s2 = 0;
  let s3 = 0;
  let k = 0;
  for (; k + 3 < length; k += 4) {
    s0 += w[a + k] * w[b + k];
    s1 += w[a + k + 1] * w[b + k + 1];
    s2 += w[a + k + 2] * w[b + k + 2];
    s3 += w[a + k + 3] * w[b + k + 3];
  }
  for (; k < length; k++) s0 += w[a + k] * w[b + k];
  return s0 + s1 + (s2 + s3);
}

function rotate(x: Float64Array, a: number, b: number, length: number, cos: number, sin: number): void {
  for (let k = 0; k < length; k++) {
    const p = x[a + k];
    const q = x[b + k];
    x[a + k] = cos * p - sin * q;
    x[b + k] = sin * p + cos * q;
  }
}

function sorted(
  w: Float64Array,
  u: Float64Array,
  squares: Float64Array,
  n: number,
  m: number,
  scale: number,
): Singular {
  const norms = Float64Array.from(squares, (_, i) => Math.sqrt(dot(w, i * m, i * m, m)));
  const order = Array.from(norms.keys()).sort((a, b) => norms[b] - norms[a] || a - b);
  const [s, uT, vT] = [new Float64Array(n), new Float64Array(n * n), new Float64Array(n * m)];
  for (const [i, from] of order.entries()) {
    const norm = norms[from];
    s[i] = norm * scale;
    uT.set(u.subarray(from * n, (from + 1) * n), i * n);
    if (norm === 0) complete(vT, i, m);
    else for (let k = 0; k < m; k++) vT[i * m + k] = w[from * m + k] / norm;
  }
  return { s, uT, vT };
}

/** Row i of `v`: any vector of length 1 that is orthogonal to the rows before it. */
function complete(v: Float64Array, i: number, m: number): void {
  const own = i * m;
  for (let axis = 0; axis < m; axis++) {
    v.fill(0, own, own + m);
    v[own + axis] = 1;
    // Twice is enough (Kahan and Parlett): what rounding left of the others goes the second time.
    for (let round = 0; round < 2; round++)
      for (let j = 0; j < i; j++) {
        const share = dot(v, own, j * m, m);
        for (let k = 0; k < m; k++) v[own + k] -= share * v[j * m + k];
      }
    const norm = Math.sqrt(dot(v, own, own, m));
    if (norm < 0.5 / Math.sqrt(m)) continue;
    for (let k = 0; k < m; k++) v[own + k] /= norm;
    return;
  }
}
