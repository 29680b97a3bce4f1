import type { AggregateNode } from "../../../collections/aggregate.ts";
import type { Column } from "../column.ts";
import type { Aggregator } from "./aggregator.ts";
import { floatsOf, numbersOf, room, slots } from "./slots.ts";
import { addTwice, divideTwice, multiplyTwice, subtractTwice, twoSum, type Twice } from "./twice.ts";

/**
 * Count, sum and sum of squares of the values' distances from a pivot, the group's first value, so that nothing cancels where values are far
 * from 0; both sums in twice the precision. Merging moves the right side to the left side's pivot, which is what Chan, Golub & LeVeque,
 * "Updating formulae and a pairwise algorithm for computing sample variances" (1979), do with means.
 */
export class Moments implements Aggregator {
  #counts = new Float64Array(0);
  #pivots = new Float64Array(0);
  #sumHigh = new Float64Array(0);
  #sumLow = new Float64Array(0);
  #squareHigh = new Float64Array(0);
  #squareLow = new Float64Array(0);

  update(groups: Int32Array, column: Column | undefined, count: number): void {
    this.#room(count);
    const { valid } = numbersOf(column);
    const sums = [this.#sumHigh, this.#sumLow, this.#squareHigh, this.#squareLow] as const;
    addDistances(groups, floatsOf(column), valid, this.#counts, this.#pivots, ...sums);
  }

  absorb(other: Column[], groups: Int32Array, count: number): void {
    this.#room(count);
    const [counts, pivots, sumHigh, sumLow, squareHigh, squareLow] = other.map(floatsOf);
    for (let i = 0; i < groups.length; i++) {
      const g = groups[i];
      if (counts[i] === 0) continue;
      if (this.#counts[g] === 0) this.#pivots[g] = pivots[i];
      const n: Twice = [counts[i], 0];
      const shift = twoSum(pivots[i], -this.#pivots[g]);
      const sum: Twice = [sumHigh[i], sumLow[i]];
      const moved = addTwice(sum, multiplyTwice(n, shift));
      // Σ(d + s)² = Σd² + s(2Σd + ns) = Σd² + s(Σd + Σ(d + s))
      const square = addTwice([squareHigh[i], squareLow[i]], multiplyTwice(shift, addTwice(sum, moved)));
      this.#counts[g] += counts[i];
      [this.#sumHigh[g], this.#sumLow[g]] = addTwice([this.#sumHigh[g], this.#sumLow[g]], moved);
      [this.#squareHigh[g], this.#squareLow[g]] = addTwice([this.#squareHigh[g], this.#squareLow[g]], square);
    }
  }

  state(count: number): Column[] {
    this.#room(count);
    const arrays = [this.#counts, this.#pivots, this.#sumHigh, this.#sumLow, this.#squareHigh, this.#squareLow];
    return arrays.map((array) => ({ type: "float64", values: slots(array, count) }));
  }

  result(count: number, { kind, params }: AggregateNode): Column {
    this.#room(count);
    const ddof = ddofOf(params);
    const values = new Float64Array(count).fill(NaN);
    const valid = new Uint8Array(count);
    for (let g = 1; g <= count; g++) {
      const n = this.#counts[g];
      if (n <= ddof) continue;
      const centred = centredSquares(
        n,
        [this.#sumHigh[g], this.#sumLow[g]],
        [this.#sumHigh[g], this.#sumLow[g]],
        [this.#squareHigh[g], this.#squareLow[g]],
      );
      const variance = Math.max(0, centred) / (n - ddof);
      valid[g - 1] = 1;
      values[g - 1] = kind === "var" ? variance : Math.sqrt(kind === "sem" ? variance / n : variance);
    }
    return { type: "float64", values, valid: valid.includes(0) ? valid : undefined };
  }

  #room(count: number): void {
    this.#counts = room(this.#counts, count);
    this.#pivots = room(this.#pivots, count);
    this.#sumHigh = room(this.#sumHigh, count);
    this.#sumLow = room(this.#sumLow, count);
    this.#squareHigh = room(this.#squareHigh, count);
    this.#squareLow = room(this.#squareLow, count);
  }
}

export function ddofOf(params: AggregateNode["params"]): number {
  return typeof params?.["ddof"] === "number" ? params["ddof"] : 1;
}

/** Σ(x − mean x)(y − mean y) from Σx, Σy, Σxy, whatever they are counted from. */
export function centredSquares(n: number, sumX: Twice, sumY: Twice, products: Twice): number {
  if (!Number.isFinite(sumX[0]) || !Number.isFinite(sumY[0])) return NaN;
  if (!Number.isFinite(products[0])) return products[0];
  const [high, low] = subtractTwice(products, multiplyTwice(divideTwice(twoSum(...sumX), n), twoSum(...sumY)));
  return high + low;
}

/** Stands alone, with arrays for arguments only: inside the class the same lines take twice the time. */
function addDistances(
  groups: Int32Array,
  values: Float64Array,
  valid: Uint8Array | undefined,
  counts: Float64Array,
  pivots: Float64Array,
  sumHigh: Float64Array,
  sumLow: Float64Array,
  squareHigh: Float64Array,
  squareLow: Float64Array,
): void {
  for (let i = 0; i < groups.length; i++) {
    const value = values[i];
    if (value !== value || (valid !== undefined && valid[i] === 0)) continue;
    const g = groups[i];
    if (counts[g]++ === 0) pivots[g] = Number.isFinite(value) ? value : 0;
    // d + e is the distance, exactly (two-sum).
    const pivot = -pivots[g];
    const d = value + pivot;
    const half = d - value;
    const e = value - (d - half) + (pivot - half);
    let old = sumHigh[g];
    let sum = old + d;
    let part = sum - old;
    sumLow[g] += old - (sum - part) + (d - part) + e;
    sumHigh[g] = sum;
    // d², exactly (two-product), and what e adds to it.
    const square = d * d;
    const scaled = 134217729 * d;
    const dh = scaled - (scaled - d);
    const dl = d - dh;
    const rest = dl * dl - (square - dh * dh - 2 * dh * dl) + 2 * d * e;
    old = squareHigh[g];
    sum = old + square;
    part = sum - old;
    squareLow[g] += old - (sum - part) + (square - part) + rest;
    squareHigh[g] = sum;
  }
}
