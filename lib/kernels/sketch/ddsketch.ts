/**
 * DDSketch (Masson, Rim & Lee, VLDB 2019): counts of values in buckets whose bounds grow by a fixed factor, so that a bucket's middle is no further from
 * its values than a relative error. Merging adds counts, so any order of merges gives the same counts. Buckets are as many as the values' range
 * needs, never collapsed: all of float64 at an error of 1 % is 71,000 of them; values within six decades are 700.
 */

/** What error a sketch has where nothing is said. */
export const DEFAULT_ERROR = 0.01;

const [ZERO, POSITIVE, NEGATIVE] = [0, 1, 2];
const INFINITE = 0x7fffffff;

/** Buckets as numbers of 32 bits, for one relative error. */
export class Buckets {
  /** The logarithm of the factor from one bound to the next. */
  readonly #step: number;
  /** A bucket's middle, as a part of its upper bound. */
  readonly #middle: number;

  constructor(error: number) {
    // A little finer than asked for, since logarithms are rounded.
    const exact = error * (1 - 1e-9);
    this.#step = Math.log1p((2 * exact) / (1 - exact));
    this.#middle = 1 - exact;
  }

  /** The bucket of a value that is not NaN. */
  of(value: number): number {
    if (value === 0) return ZERO;
    if (value === Infinity) return INFINITE;
    if (value === -Infinity) return -INFINITE;
    const index = Math.ceil(Math.log(Math.abs(value)) / this.#step);
    return (index << 2) | (value > 0 ? POSITIVE : NEGATIVE);
  }

  /** The value that stands for a bucket. */
  value(bucket: number): number {
    if (bucket === ZERO) return 0;
    if (bucket === INFINITE) return Infinity;
    if (bucket === -INFINITE) return -Infinity;
    const size = Math.min(Number.MAX_VALUE, Math.exp((bucket >> 2) * this.#step) * this.#middle);
    return (bucket & 3) === POSITIVE ? size : -size;
  }

  /** The value at rank ⌊q(n − 1)⌋ of what the buckets have counted; NaN where that is nothing. Buckets may come in any order, but each once. */
  quantile(buckets: Int32Array, counts: Float64Array, q: number): number {
    const values = Float64Array.from(buckets, (bucket) => this.value(bucket));
    const order = Int32Array.from(buckets, (_, i) => i).sort((a, b) => values[a] - values[b] || a - b);
    const total = counts.reduce((sum, count) => sum + count, 0);
    const rank = Math.floor(q * (total - 1));
    let below = 0;
    for (const i of order) {
      below += counts[i];
      if (below > rank) return values[i];
    }
    return NaN;
  }
}
