import { MatrixError } from "../../../errors.ts";

const EPSILON = 2 ** -52;
const MOST_STEPS = 60;

/**
 * Eigenvalues, ascending, and eigenvectors of a symmetric matrix: Householder's tridiagonal form and implicit QL (EISPACK's tred2 and tql2, as in JAMA). `v`
 * [n, n] is the matrix, by columns of its lower triangle: v[j * n + k] is element (k, j); row i of it becomes the i-th vector.
 *
 * @throws MatrixError where it does not converge
 */
export function eigh(v: Float64Array, n: number): Float64Array {
  const [d, e] = [new Float64Array(n), new Float64Array(n)];
  if (n === 0) return d;
  tridiagonal(v, d, e, n);
  diagonal(v, d, e, n);
  sortVectors(v, d, n);
  return d;
}

function tridiagonal(v: Float64Array, d: Float64Array, e: Float64Array, n: number): void {
  for (let j = 0; j < n; j++) d[j] = v[j * n + n - 1];
  for (let i = n - 1; i > 0; i--) {
    let scale = 0;
    for (let k = 0; k < i; k++) scale += Math.abs(d[k]);
    d[i] = scale === 0 ? skip(v, d, e, n, i) : reflect(v, d, e, n, i, scale);
  }
  accumulate(v, d, n);
  e[0] = 0;
}

function skip(v: Float64Array, d: Float64Array, e: Float64Array, n: number, i: number): number {
  e[i] = d[i - 1];
  for (let j = 0; j < i; j++) {
    d[j] = v[j * n + i - 1];
    v[j * n + i] = 0;
    v[i * n + j] = 0;
  }
  return 0;
}

function reflect(v: Float64Array, d: Float64Array, e: Float64Array, n: number, i: number, scale: number): number {
  let h = 0;
  for (let k = 0; k < i; k++) {
    d[k] /= scale;
    h += d[k] * d[k];
  }
  const last = d[i - 1];
  const g = last > 0 ? -Math.sqrt(h) : Math.sqrt(h);
  e[i] = scale * g;
  h -= last * g;
  d[i - 1] = last - g;
  e.fill(0, 0, i);
  for (let j = 0; j < i; j++) {
    const f = d[j];
    const column = j * n;
    v[i * n + j] = f;
    let sum = e[j] + v[column + j] * f;
    for (let k = j + 1; k < i; k++) {
      sum += v[column + k] * d[k];
      e[k] += v[column + k] * f;
    }
    e[j] = sum;
  }
  let f = 0;
  for (let j = 0; j < i; j++) {
    e[j] /= h;
    f += e[j] * d[j];
  }
  const half = f / (h + h);
  for (let j = 0; j < i; j++) e[j] -= half * d[j];
  for (let j = 0; j < i; j++) {
    const p = d[j];
    const q = e[j];
    const column = j * n;
    for (let k = j; k < i; k++) v[column + k] -= p * e[k] + q * d[k];
    d[j] = v[column + i - 1];
    v[column + i] = 0;
  }
  return h;
}

/** The product of the reflections. */
function accumulate(v: Float64Array, d: Float64Array, n: number): void {
  for (let i = 0; i < n - 1; i++) {
    v[i * n + n - 1] = v[i * n + i];
    v[i * n + i] = 1;
    const h = d[i + 1];
    const next = (i + 1) * n;
    if (h !== 0) {
      for (let k = 0; k <= i; k++) d[k] = v[next + k] / h;
      for (let j = 0; j <= i; j++) {
        const column = j * n;
        let g = 0;
        for (let k = 0; k <= i; k++) g += v[next + k] * v[column + k];
        for (let k = 0; k <= i; k++) v[column + k] -= g * d[k];
      }
    }
    v.fill(0, next, next + i + 1);
  }
  for (let j = 0; j < n; j++) {
    d[j] = v[j * n + n - 1];
    v[j * n + n - 1] = 0;
  }
  v[n * n - 1] = 1;
}

function diagonal(v: Float64Array, d: Float64Array, e: Float64Array, n: number): void {
  e.copyWithin(0, 1);
  e[n - 1] = 0;
  let shift = 0;
  let size = 0;
  for (let l = 0; l < n; l++) {
    size = Math.max(size, Math.abs(d[l]) + Math.abs(e[l]));
    let m = l;
    while (m < n - 1 && Math.abs(e[m]) > EPSILON * size) m++;
    for (let steps = 0; m > l && Math.abs(e[l]) > EPSILON * size; steps++) {
      if (steps === MOST_STEPS)
        throw new MatrixError(`eigh(…) did not converge at eigenvalue ${l}.`, { fields: { steps, value: l } });
      shift += step(v, d, e, n, l, m);
    }
    d[l] += shift;
    e[l] = 0;
  }
}

/** One implicit QL step on rows l … m; gives by how much all values were shifted. */
function step(v: Float64Array, d: Float64Array, e: Float64Array, n: number, l: number, m: number): number {
  const first = d[l];
  let p = (d[l + 1] - first) / (2 * e[l]);
  const r = p < 0 ? -Math.hypot(p, 1) : Math.hypot(p, 1);
  d[l] = e[l] / (p + r);
  d[l + 1] = e[l] * (p + r);
  const second = d[l + 1];
  const shift = first - d[l];
  for (let i = l + 2; i < n; i++) d[i] -= shift;
  p = d[m];
  let [c, c2, c3] = [1, 1, 1];
  let [s, s2] = [0, 0];
  const next = e[l + 1];
  for (let i = m - 1; i >= l; i--) {
    [c3, c2, s2] = [c2, c, s];
    const g = c * e[i];
    const h = c * p;
    const length = Math.hypot(p, e[i]);
    e[i + 1] = s * length;
    s = e[i] / length;
    c = p / length;
    p = c * d[i] - s * g;
    d[i + 1] = h + s * (c * g + s * d[i]);
    rotate(v, i * n, (i + 1) * n, n, c, s);
  }
  p = (-s * s2 * c3 * next * e[l]) / second;
  e[l] = s * p;
  d[l] = c * p;
  return shift;
}

function rotate(v: Float64Array, a: number, b: number, n: number, c: number, s: number): void {
  for (let k = 0; k < n; k++) {
    const x = v[a + k];
    const y = v[b + k];
    v[b + k] = s * x + c * y;
    v[a + k] = c * x - s * y;
  }
}

function sortVectors(v: Float64Array, d: Float64Array, n: number): void {
  const order = Array.from(d.keys()).sort((a, b) => d[a] - d[b] || a - b);
  const [vectors, values] = [v.slice(0, n * n), d.slice()];
  for (const [i, from] of order.entries()) {
    d[i] = values[from];
    v.set(vectors.subarray(from * n, (from + 1) * n), i * n);
  }
}
