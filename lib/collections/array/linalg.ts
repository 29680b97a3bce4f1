import { OptionError, ShapeError } from "../../errors.ts";
import { knownKeys, wholeNumber } from "../options.ts";
import { ChunkedArray, type AnyArray } from "./chunked-array.ts";
import { concatenate } from "./join.ts";
import type { DType } from "./dtype.ts";
import { asFloat64, likeFloats, makeWhole } from "./make-local.ts";
import { matmul } from "./products.ts";
import { random } from "./random.ts";
import { shapeText } from "./shape.ts";
import { factored } from "./tall.ts";

/**
 * Linear algebra. Numbers are worked on in float64; of float32 arrays float32 comes out. Functions of square matrices need them in one place, within one task:
 * about four times their bytes, which the plan states, and refuses where that is over the limit.
 */

export { norm, type NormOptions } from "./norm.ts";

type Matrix = ChunkedArray<"float64">;

function matrixOf(x: AnyArray, what: string): AnyArray {
  if (x.ndim === 2) return x;
  throw new ShapeError(`${what} expects a matrix; found the shape ${shapeText(x.shape)}.`, {
    fields: { shapes: [[...x.shape]] },
    fix: "give two axes: x.reshape(rows, columns).",
  });
}

function squareOf(x: AnyArray, what: string): number {
  const [m, n] = matrixOf(x, what).shape;
  if (m === n) return n;
  throw new ShapeError(`${what} expects a square matrix; found the shape ${shapeText(x.shape)}.`, {
    fields: { shapes: [[...x.shape]] },
    fix: "for other shapes use lstsq, qr or svd.",
  });
}

/** Q with orthonormal columns, R upper triangular, Q R = x; of [m, n] they are [m, k] and [k, n], k the less of both. Tall matrices out of memory, block by block. */
export function qr(x: AnyArray): [q: Matrix, r: Matrix] {
  const { q, r } = factored(asFloat64(matrixOf(x, "qr(…)")).node);
  return [likeFloats(new ChunkedArray(q), [x.dtype]), likeFloats(new ChunkedArray(r), [x.dtype])];
}

/**
 * U, the singular values, descending, and Vᵀ, with U diag(s) Vᵀ = x; of [m, n] they are [m, k], [k], [k, n], k the less of both. Of tall and of wide matrices only a
 * triangular factor, [k, k], is ever in one place.
 */
export function svd(x: AnyArray): [u: Matrix, s: Matrix, vT: Matrix] {
  const [m, n] = matrixOf(x, "svd(…)").shape;
  if (m < n) {
    const [u, s, vT] = svd(x.T);
    return [vT.T, s, u.T];
  }
  const { q, r } = factored(asFloat64(x).node);
  const part = (output: number, shape: readonly number[]): Matrix =>
    new ChunkedArray(makeWhole([r], { name: "svd" }, output, shape));
  const u = matmul(new ChunkedArray(q), part(0, [n, n]));
  const made = [u, part(1, [n]), part(2, [n, n])] as const;
  return made.map((one) => likeFloats(one, [x.dtype])) as [Matrix, Matrix, Matrix]; // one for each
}

export interface CompressedOptions {
  /** Columns beside the k: default 10. More are more precise. */
  readonly oversampling?: number;
  /** How often the matrix is multiplied once more on both sides, for singular values that fall slowly: default 0. Each takes two passes. */
  readonly iterations?: number;
  readonly seed?: number;
}

/** The k largest singular values and their vectors, approximately: by products with a random matrix (Halko, Martinsson and Tropp 2011). x may be of any size. */
export function svdCompressed(
  x: AnyArray,
  k: number,
  options: CompressedOptions = {},
): [u: Matrix, s: Matrix, vT: Matrix] {
  const what = "svdCompressed(…)";
  knownKeys(options, ["oversampling", "iterations", "seed"], what);
  const [m, n] = matrixOf(x, what).shape;
  const rank = wholeNumber(k, `${what}: k`, 1);
  if (rank > Math.min(m, n))
    throw new OptionError(
      `${what} expects k up to ${Math.min(m, n)}, the less of the lengths ${shapeText(x.shape)}; found ${k}.`,
    );
  const iterations = wholeNumber(options.iterations ?? 0, `${what} option iterations`, 0);
  const width = Math.min(m, n, rank + wholeNumber(options.oversampling ?? 10, `${what} option oversampling`, 0));
  const wide = asFloat64(x);
  const seed = options.seed === undefined ? {} : { seed: options.seed };
  const start = random.normal([n, width], { chunks: [[...x.chunks[1]], width], ...seed });
  let [basis] = qr(matmul(wide, start));
  for (let i = 0; i < iterations; i++) {
    const [other] = qr(matmul(wide.T, basis));
    [basis] = qr(matmul(wide, other));
  }
  // The projection's transpose is tall: basisᵀ x = U S Vᵀ is xᵀ basis = V S Uᵀ.
  const [v, s, uT] = svd(matmul(wide.T, basis));
  const made = [matmul(basis, uT.T).slice([], [0, rank]), s.slice([0, rank]), v.T.slice([0, rank])] as const;
  return made.map((one) => likeFloats(one, [x.dtype])) as [Matrix, Matrix, Matrix]; // one for each
}

/** x with a x = b, for a square matrix a and a vector or matrix b: elimination with partial pivoting. @throws MatrixError, when run, that says which pivot is 0 */
export function solve(a: AnyArray, b: AnyArray): Matrix {
  const n = squareOf(a, "solve(…)");
  checkRight(a, b, n, "solve(…)");
  const made = makeWhole([asFloat64(a).node, asFloat64(b).node], { name: "solve" }, 0, b.shape);
  return likeFloats(new ChunkedArray(made), [a.dtype, b.dtype]);
}

function checkRight(a: AnyArray, b: AnyArray, rows: number, what: string): void {
  if ((b.ndim === 1 || b.ndim === 2) && b.shape[0] === rows) return;
  throw new ShapeError(
    `${what} expects a right side of ${rows} rows, one or two axes; found ${shapeText(b.shape)} beside ${shapeText(a.shape)}.`,
    { fields: { shapes: [[...a.shape], [...b.shape]] } },
  );
}

/** The inverse. @throws MatrixError, when run, that says which pivot is 0 */
export function inv(x: AnyArray): Matrix {
  const n = squareOf(x, "inv(…)");
  return likeFloats(new ChunkedArray(makeWhole([asFloat64(x).node], { name: "inv" }, 0, [n, n])), [x.dtype]);
}

/** The determinant; 0 of a singular matrix. */
export function det(x: AnyArray): ChunkedArray<"float64", number> {
  squareOf(x, "det(…)");
  return new ChunkedArray(makeWhole([asFloat64(x).node], { name: "det" }, 2, []), true);
}

/** The determinant's sign, and the logarithm of its absolute value: where it would overflow. */
export function slogdet(
  x: AnyArray,
): [sign: ChunkedArray<"float64", number>, logarithm: ChunkedArray<"float64", number>] {
  squareOf(x, "slogdet(…)");
  const { node } = asFloat64(x);
  const part = (output: number): ChunkedArray<"float64", number> =>
    new ChunkedArray(makeWhole([node], { name: "det" }, output, []), true);
  return [part(0), part(1)];
}

/** L, lower triangular, with L Lᵀ = x; only x's lower triangle is read. @throws MatrixError, when run, that says which pivot is not positive */
export function cholesky(x: AnyArray): Matrix {
  const n = squareOf(x, "cholesky(…)");
  return likeFloats(new ChunkedArray(makeWhole([asFloat64(x).node], { name: "cholesky" }, 0, [n, n])), [x.dtype]);
}

/** Eigenvalues, ascending, of a symmetric matrix, and its eigenvectors in columns; only its lower triangle is read. */
export function eigh(x: AnyArray): [values: Matrix, vectors: Matrix] {
  const n = squareOf(x, "eigh(…)");
  const { node } = asFloat64(x);
  const part = (output: number, shape: readonly number[]): Matrix =>
    likeFloats(new ChunkedArray(makeWhole([node], { name: "eigh" }, output, shape)), [x.dtype]);
  return [part(0, [n]), part(1, [n, n])];
}

export interface LeastSquaresOptions {
  /** Singular values up to this part of the largest one count as 0. Default: 2^-52 times the greater length, as numpy.linalg.lstsq. */
  readonly rcond?: number;
}

/**
 * The x that makes |a x − b|² least (of several the shortest), for a vector or matrix b; what remains, column by column; a's rank; a's singular values. Of a
 * tall a, and b beside it, only a triangular factor is ever in one place. Unlike NumPy's, what remains is given for any rank.
 */
export function lstsq(
  a: AnyArray,
  b: AnyArray,
  options: LeastSquaresOptions = {},
): [x: Matrix, residuals: Matrix, rank: ChunkedArray<"int64", number>, s: Matrix] {
  const what = "lstsq(…)";
  knownKeys(options, ["rcond"], what);
  const [m, n] = matrixOf(a, what).shape;
  checkRight(a, b, m, what);
  const rcond = options.rcond ?? 2 ** -52 * Math.max(m, n);
  const right = asFloat64(b.ndim === 1 ? b.expandDims(1) : b);
  const together = concatenate([asFloat64(a), right], { axis: 1 }).rechunk([[...a.chunks[0]], -1]);
  const { r } = factored(together.node);
  const fn = { name: "lstsq", columns: n, rows: m, rcond } as const;
  const part = (output: number, shape: readonly number[]): Matrix =>
    new ChunkedArray(makeWhole([r], fn, output, shape));
  const x = part(0, [n, right.shape[1]]);
  const floats: DType[] = [a.dtype, b.dtype];
  return [
    likeFloats(b.ndim === 1 ? x.slice([], 0) : x, floats),
    likeFloats(part(1, [right.shape[1]]), floats),
    new ChunkedArray(part(2, []).astype("int64").node, true),
    likeFloats(part(3, [Math.min(m, n)]), floats),
  ];
}
