/**
 * Float sums are kept in twice the precision (an unevaluated sum of two f64, by Knuth's two-sum: Hida, Li & Bailey, "Algorithms for
 * Quad-Double Precision Floating Point Arithmetic", 2001), so the error after a billion additions is still far below the last bit, and
 * results do not change with the block size. The same pair holds integer sums exactly up to 2^106.
 */
import { OverflowError } from "../../../errors.ts";
import type { StateRows } from "../groups/state-rows.ts";
import type { VectorMemory } from "../vector-memory.ts";
import type { Column } from "../column.ts";
import type { Aggregator } from "./aggregator.ts";
import { floatsOf, numbersOf } from "./slots.ts";

/** A mean is a sum with the count of what was added. A group's slots: high part, low part, and of a mean the count. */
export class Sum implements Aggregator {
  readonly #kind: "int64" | "float64" | "mean";
  readonly #rows: StateRows;
  readonly #at: number;

  constructor(kind: "int64" | "float64" | "mean", rows: StateRows) {
    this.#kind = kind;
    this.#rows = rows;
    this.#at = rows.claim(this.#width);
  }

  get #width(): number {
    return this.#kind === "mean" ? 3 : 2;
  }

  update(groups: Int32Array, column: Column | undefined, count: number, memory?: VectorMemory): void {
    this.#rows.reserve(count, memory);
    const { values, valid } = numbersOf(column);
    if (values instanceof BigInt64Array) {
      this.#addWide(groups, values, valid);
      return;
    }
    const floats = floatsOf(column);
    const isMean = this.#kind === "mean";
    const added = this.#rows.run(memory, [groups, floats, valid], this.#at, (loops, [g, v, mask], states, stride) =>
      (isMean ? loops.meanGroups : loops.sumGroups)(g, v, mask, groups.length, states, stride),
    );
    if (!added) addAll(groups, floats, valid, this.#rows.floats(), this.#rows.stride, this.#at, isMean ? 1 : 0);
  }

  absorb(other: Column[], groups: Int32Array, count: number): void {
    this.#rows.reserve(count);
    const [high, low, counts] = other.map(floatsOf);
    const [floats, stride] = [this.#rows.floats(), this.#rows.stride];
    addPairs(groups, high, low, floats, stride, this.#at);
    if (this.#kind === "mean")
      for (let g = 0; g < groups.length; g++) floats[groups[g] * stride + this.#at + 2] += counts[g];
  }

  state(count: number): Column[] {
    return Array.from({ length: this.#width }, (_, k) => ({
      type: "float64",
      values: this.#rows.column(this.#at + k, count),
    }));
  }

  result(count: number): Column {
    const high = this.#rows.column(this.#at, count);
    const low = this.#rows.column(this.#at + 1, count);
    if (this.#kind === "int64") return integers(high, low);
    // Once the high part is infinite or NaN the low part means nothing.
    for (let g = 0; g < count; g++) if (Number.isFinite(high[g])) high[g] += low[g];
    if (this.#kind === "float64") return { type: "float64", values: high };
    const counts = this.#rows.column(this.#at + 2, count);
    const valid = new Uint8Array(count).fill(1);
    for (let g = 0; g < count; g++) {
      high[g] /= counts[g];
      if (counts[g] === 0) valid[g] = 0;
    }
    return { type: "float64", values: high, valid: valid.includes(0) ? valid : undefined };
  }

  /** A wide integer is the sum of two f64, both exact. */
  #addWide(groups: Int32Array, values: BigInt64Array, valid: Uint8Array | undefined): void {
    const [floats, stride] = [this.#rows.floats(), this.#rows.stride];
    for (let i = 0; i < groups.length; i++) {
      if (valid !== undefined && valid[i] === 0) continue;
      const below = BigInt.asUintN(32, values[i]);
      const at = groups[i] * stride + this.#at;
      addOne(floats, at, Number(values[i] - below));
      addOne(floats, at, Number(below));
      if (this.#kind === "mean") floats[at + 2]++;
    }
  }
}

function integers(high: Float64Array, low: Float64Array): Column {
  // A sum within ±2^53 is its high part: nothing was ever lost.
  if (high.every((value, i) => low[i] === 0 && Math.abs(value) <= 2 ** 53)) return { type: "int64", values: high };
  const wide = new BigInt64Array(high.length);
  let isWide = false;
  for (let g = 0; g < high.length; g++) {
    const sum = BigInt(high[g]) + BigInt(low[g]);
    if (BigInt.asIntN(64, sum) !== sum)
      throw new OverflowError(`A sum of integers, ${sum}, does not fit int64.`, {
        fields: { sum: sum.toString() },
        fix: 'sum floats instead: col(…).cast("float64").sum().',
      });
    if (BigInt.asIntN(54, sum) !== sum) isWide = true;
    wide[g] = sum;
  }
  return { type: "int64", values: isWide ? wide : Float64Array.from(wide, Number) };
}

// The loops stand alone, with arrays for arguments only: inside the class the same lines take twice the time.

function addOne(states: Float64Array, at: number, value: number): void {
  const old = states[at];
  const sum = old + value;
  const part = sum - old;
  states[at + 1] += old - (sum - part) + (value - part);
  states[at] = sum;
}

/** Adds pairs; to nothing as they are, so that a state that was encoded is decoded to the bit. */
function addPairs(
  groups: Int32Array,
  high: Float64Array,
  low: Float64Array,
  states: Float64Array,
  stride: number,
  first: number,
): void {
  for (let g = 0; g < groups.length; g++) {
    const at = groups[g] * stride + first;
    if (states[at] === 0 && states[at + 1] === 0) {
      states[at] = high[g];
      states[at + 1] = low[g];
      continue;
    }
    addOne(states, at, high[g]);
    // An infinite high part has a meaningless low one.
    if (Number.isFinite(high[g])) addOne(states, at, low[g]);
  }
}

/** Adds each value to its group's pair, by two-sum; null and NaN are skipped. `counted`: 1 where a count stands behind the pair, else 0. */
function addAll(
  groups: Int32Array,
  values: Float64Array,
  valid: Uint8Array | undefined,
  states: Float64Array,
  stride: number,
  first: number,
  counted: number,
): void {
  for (let i = 0; i < groups.length; i++) {
    const value = values[i];
    if (value !== value || (valid !== undefined && valid[i] === 0)) continue;
    const at = groups[i] * stride + first;
    const old = states[at];
    const sum = old + value;
    const part = sum - old;
    states[at + 1] += old - (sum - part) + (value - part);
    states[at] = sum;
    if (counted !== 0) states[at + 2]++;
  }
}
