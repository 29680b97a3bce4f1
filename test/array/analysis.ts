import { readFileSync } from "node:fs";
import { ChunkedArray, type AnyArray } from "../../lib/collections/array/chunked-array.ts";
import type { DType } from "../../lib/collections/array/dtype.ts";
import { makeTyped, NDArray } from "../../lib/collections/array/ndarray.ts";
import { fromArray } from "../../lib/collections/array/from-array.ts";
import * as covariance from "../../lib/collections/array/covariance.ts";
import * as fourier from "../../lib/collections/array/fourier.ts";
import * as linalg from "../../lib/collections/array/linalg.ts";
import { norm } from "../../lib/collections/array/norm.ts";
import * as order from "../../lib/collections/array/order.ts";
import * as products from "../../lib/collections/array/products.ts";
import * as statistics from "../../lib/collections/array/statistics.ts";

/** NumPy's answers (test/fixtures/array-analysis/make.py), and how to ask the same here. */

export interface Plain {
  readonly shape: readonly number[];
  readonly dtype: DType;
  /** What JSON has no number for is a text. */
  readonly data: readonly (number | string | boolean)[];
}
export interface Case {
  readonly fn: string;
  readonly arrays: readonly Plain[];
  readonly options: Readonly<Record<string, unknown>>;
  readonly results: readonly Plain[];
}

export const cases = JSON.parse(
  readFileSync(new URL("../fixtures/array-analysis/answers.json", import.meta.url), "utf8"),
) as readonly Case[];

export function arrayOf({ shape, dtype, data }: Plain): NDArray {
  const made = makeTyped(dtype, data.length) as Float64Array | BigInt64Array; // any of them is set alike
  for (const [i, value] of data.entries())
    made[i] = made instanceof BigInt64Array || dtype === "uint64" ? BigInt(value) : parsed(value);
  return new NDArray(dtype, shape, made);
}

function parsed(value: number | string | boolean): number {
  if (value === "inf") return Infinity;
  return value === "-inf" ? -Infinity : value === "nan" ? NaN : Number(value);
}

/** A case's arrays in chunks of these lengths, one for each axis; the first one's, as far as another has as many. */
export function given({ arrays }: Case, sizes: readonly number[]): ChunkedArray[] {
  return arrays.map((plain) =>
    fromArray(arrayOf(plain), { chunks: plain.shape.map((_, axis) => sizes[axis % sizes.length]) }),
  );
}

type Options = Readonly<Record<string, unknown>>;
type Asked = (arrays: readonly ChunkedArray[], options: Options) => AnyArray | readonly AnyArray[];
/** Options are as the functions take them: the generator says so. */
const as = <T>(options: Options): T => options as T;

function weighted(options: Options, weights: AnyArray | undefined): Options {
  return weights === undefined ? options : { ...options, weights };
}

function withoutQ({ q: _, ...options }: Options): Options {
  return options;
}

function ordered({ ord, ...options }: Options): Options {
  return ord === undefined ? options : { ...options, ord: ord === "inf" ? Infinity : ord === "-inf" ? -Infinity : ord };
}

export const functions: Readonly<Record<string, Asked>> = {
  cov: ([x], options) => covariance.cov(x, as(options)),
  corrcoef: ([x], options) => covariance.corrcoef(x, as(options)),
  average: ([x, weights], options) => statistics.average(x, as(weighted(options, weights))),
  histogram: ([x, weights], options) => statistics.histogram(x, as(weighted(options, weights))),
  bincount: ([x, weights], options) => statistics.bincount(x, as(weighted(options, weights))),
  digitize: ([x], { bins, ...options }) => statistics.digitize(x, bins as number[], as(options)),
  searchsorted: ([values, x], options) => statistics.searchsorted(values, x, as(options)),
  quantile: ([x], options) => order.quantile(x, options["q"] as number, as(withoutQ(options))),
  percentile: ([x], options) => order.percentile(x, options["q"] as number, as(withoutQ(options))),
  median: ([x], options) => order.median(x, as(options)),
  cumsum: ([x], options) => order.cumsum(x, as(options)),
  cumprod: ([x], options) => order.cumprod(x, as(options)),
  sort: ([x], options) => order.sort(x, as(options)),
  argsort: ([x], options) => order.argsort(x, as(options)),
  outer: ([a, b]) => products.outer(a, b),
  tensordot: ([a, b], { axes }) => products.tensordot(a, b, axes as number),
  matmul: ([a, b]) => products.matmul(a, b),
  norm: ([x], options) => norm(x, as(ordered(options))),
  solve: ([a, b]) => linalg.solve(a, b),
  inv: ([a]) => linalg.inv(a),
  det: ([a]) => linalg.det(a),
  slogdet: ([a]) => linalg.slogdet(a),
  cholesky: ([a]) => linalg.cholesky(a),
  eigvals: ([a]) => linalg.eigh(a)[0],
  singular: ([a]) => linalg.svd(a)[1],
  // Rows of R may have either sign.
  triangle: ([a]) => linalg.qr(a)[1].abs(),
  lstsq: ([a, b]) => linalg.lstsq(a, b),
  fft: ([x], options) => fourier.fft(x, as(options)),
  ifft: ([x], options) => fourier.ifft(x, as(options)),
  rfft: ([x], options) => fourier.rfft(x, as(options)),
  irfft: ([x], options) => fourier.irfft(x, as(options)),
};

/** All that a case computes to. */
export async function computed(one: Case, sizes: readonly number[]): Promise<NDArray[]> {
  if (one.fn === "unique") {
    const { values, counts } = await statistics.unique(given(one, sizes)[0]).compute();
    return [values, counts];
  }
  const made = functions[one.fn](given(one, sizes), one.options);
  const list = made instanceof ChunkedArray ? [made] : made;
  return Promise.all(list.map(async (array) => asArray(array, await array.compute())));
}

function asArray(array: AnyArray, value: unknown): NDArray {
  if (value instanceof NDArray) return value;
  const data = makeTyped(array.dtype, 1) as Float64Array | BigInt64Array; // any of them is set alike
  data[0] = data instanceof BigInt64Array ? BigInt(value as number) : Number(value);
  return new NDArray(array.dtype, [], data);
}
