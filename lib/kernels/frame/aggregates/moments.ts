import type { AggregateNode } from "../../../collections/aggregate.ts";
import type { Column } from "../column.ts";
import type { Aggregator } from "./aggregator.ts";
import type { StateRows } from "../groups/state-rows.ts";
import type { VectorMemory } from "../vector-memory.ts";
import { floatsOf, numbersOf } from "./slots.ts";
import { addTwice, divideTwice, multiplyTwice, subtractTwice, twoSum, type Twice } from "./twice.ts";

/** A group's slots lie side by side. */
const [COUNT, PIVOT, SUM, SQUARE, WIDTH] = [0, 1, 2, 4, 6];

/**
 * Count, sum and sum of squares of the values' distances from a pivot, the group's first value, so that nothing cancels where values are far
 * from 0; both sums in twice the precision. Merging moves the right side to the left side's pivot, which is what Chan, Golub & LeVeque,
 * "Updating formulae and a pairwise algorithm for computing sample variances" (1979), do with means.
 */
export class Moments implements Aggregator {
  readonly #rows: StateRows;
  readonly #at: number;

  constructor(rows: StateRows) {
    this.#rows = rows;
    this.#at = rows.claim(WIDTH);
  }

  update(groups: Int32Array, column: Column | undefined, count: number, memory?: VectorMemory): void {
    this.#rows.reserve(count, memory);
    const { valid } = numbersOf(column);
    const values = floatsOf(column);
    const added = this.#rows.run(memory, [groups, values, valid], this.#at, (loops, [g, v, mask], states, stride) =>
      loops.momentGroups(g, v, mask, groups.length, states, stride),
    );
    if (!added) addDistances(groups, values, valid, this.#rows.floats(), this.#rows.stride, this.#at);
  }

  absorb(other: Column[], groups: Int32Array, count: number): void {
    this.#rows.reserve(count);
    const theirs = other.map(floatsOf);
    const [counts, pivots, sumHigh, sumLow, squareHigh, squareLow] = theirs;
    const [slots, stride] = [this.#rows.floats(), this.#rows.stride];
    for (let i = 0; i < groups.length; i++) {
      const at = groups[i] * stride + this.#at;
      if (counts[i] === 0) continue;
      // To the bit, so that a state that was encoded is decoded as it was.
      if (slots[at] === 0) {
        for (let k = 0; k < WIDTH; k++) slots[at + k] = theirs[k][i];
        continue;
      }
      const n: Twice = [counts[i], 0];
      const shift = twoSum(pivots[i], -slots[at + PIVOT]);
      const sum: Twice = [sumHigh[i], sumLow[i]];
      const moved = addTwice(sum, multiplyTwice(n, shift));
      // Σ(d + s)² = Σd² + s(2Σd + ns) = Σd² + s(Σd + Σ(d + s))
      const square = addTwice([squareHigh[i], squareLow[i]], multiplyTwice(shift, addTwice(sum, moved)));
      slots[at] += counts[i];
      addPart(slots, at + SUM, moved);
      addPart(slots, at + SQUARE, square);
    }
  }

  state(count: number): Column[] {
    return Array.from({ length: WIDTH }, (_, k) => ({
      type: "float64",
      values: this.#rows.column(this.#at + k, count),
    }));
  }

  result(count: number, { kind, params }: AggregateNode): Column {
    this.#rows.reserve(count);
    const ddof = ddofOf(params);
    const values = new Float64Array(count).fill(NaN);
    const valid = new Uint8Array(count);
    const [slots, stride] = [this.#rows.floats(), this.#rows.stride];
    for (let g = 1; g <= count; g++) {
      const at = g * stride + this.#at;
      const n = slots[at + COUNT];
      if (n <= ddof) continue;
      const sum: Twice = [slots[at + SUM], slots[at + SUM + 1]];
      const centred = centredSquares(n, sum, sum, [slots[at + SQUARE], slots[at + SQUARE + 1]]);
      const variance = Math.max(0, centred) / (n - ddof);
      valid[g - 1] = 1;
      values[g - 1] = kind === "var" ? variance : Math.sqrt(kind === "sem" ? variance / n : variance);
    }
    return { type: "float64", values, valid: valid.includes(0) ? valid : undefined };
  }
}

function addPart(slots: Float64Array, at: number, value: Twice): void {
  [slots[at], slots[at + 1]] = addTwice([slots[at], slots[at + 1]], value);
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
  slots: Float64Array,
  stride: number,
  first: number,
): void {
  for (let i = 0; i < groups.length; i++) {
    const value = values[i];
    if (value !== value || (valid !== undefined && valid[i] === 0)) continue;
    const at = groups[i] * stride + first;
    if (slots[at]++ === 0) slots[at + PIVOT] = Number.isFinite(value) ? value : 0;
    // d + e is the distance, exactly (two-sum).
    const pivot = -slots[at + PIVOT];
    const d = value + pivot;
    const half = d - value;
    const e = value - (d - half) + (pivot - half);
    let old = slots[at + SUM];
    let sum = old + d;
    let part = sum - old;
    slots[at + SUM + 1] += old - (sum - part) + (d - part) + e;
    slots[at + SUM] = sum;
    // d², exactly (two-product), and what e adds to it.
    const square = d * d;
    const scaled = 134217729 * d;
    const dh = scaled - (scaled - d);
    const dl = d - dh;
    const rest = dl * dl - (square - dh * dh - 2 * dh * dl) + 2 * d * e;
    old = slots[at + SQUARE];
    sum = old + square;
    part = sum - old;
    slots[at + SQUARE + 1] += old - (sum - part) + (square - part) + rest;
    slots[at + SQUARE] = sum;
  }
}
