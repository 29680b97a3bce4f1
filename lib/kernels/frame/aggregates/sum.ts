/**
 * Float sums are kept in twice the precision (an unevaluated sum of two f64, by Knuth's two-sum: Hida, Li & Bailey, "Algorithms for
 * Quad-Double Precision Floating Point Arithmetic", 2001), so the error after a billion additions is still far below the last bit, and
 * results do not change with the block size. The same pair holds integer sums exactly up to 2^106.
 */
import { OverflowError } from "../../../errors.ts";
import { GroupSlots, type VectorMemory } from "../vector-memory.ts";
import type { Column } from "../column.ts";
import type { Aggregator } from "./aggregator.ts";
import { countValues } from "./count.ts";
import { numbersOf, room, slots } from "./slots.ts";

export class Sum implements Aggregator {
  readonly #kind: "int64" | "float64" | "mean";
  readonly #slots = new GroupSlots();
  /** High and low part of each group side by side: with many groups every row is a cache line of its own, and so only one. */
  #pairs = new Float64Array(0);
  #counts = new Float64Array(0);

  constructor(kind: "int64" | "float64" | "mean") {
    this.#kind = kind;
  }

  update(groups: Int32Array, column: Column | undefined, count: number, memory?: VectorMemory): void {
    this.#room(count);
    const { values, valid } = numbersOf(column);
    if (values instanceof BigInt64Array) this.#addWide(groups, values, valid);
    else if (values instanceof Uint8Array) this.#add(groups, Float64Array.from(values), valid);
    else if (!this.#addCompiled(groups, values, valid, count + 1, memory)) this.#add(groups, values, valid);
  }

  absorb(other: Column[], groups: Int32Array, count: number): void {
    this.#room(count);
    const [high, low, counts] = other.map((column) => numbersOf(column).values);
    for (let g = 0; g < groups.length; g++) {
      this.#addOne(groups[g], Number(high[g]));
      // An infinite high part has a meaningless low one.
      if (Number.isFinite(high[g])) this.#addOne(groups[g], Number(low[g]));
      this.#counts[groups[g]] += Number(counts[g]);
    }
  }

  state(count: number): Column[] {
    this.#room(count);
    const [high, low] = partsOf(this.#pairs, count);
    return [high, low, slots(this.#counts, count)].map((values) => ({ type: "float64", values }));
  }

  result(count: number): Column {
    this.#room(count);
    if (this.#kind === "int64") return this.#integers(count);
    const values = new Float64Array(count);
    const valid = new Uint8Array(count).fill(1);
    for (let g = 1; g <= count; g++) {
      // Once the high part is infinite or NaN the low part means nothing.
      const [high, low] = [this.#pairs[2 * g], this.#pairs[2 * g + 1]];
      const sum = Number.isFinite(high) ? high + low : high;
      values[g - 1] = this.#kind === "mean" ? sum / this.#counts[g] : sum;
      if (this.#kind === "mean" && this.#counts[g] === 0) valid[g - 1] = 0;
    }
    return { type: "float64", values, valid: valid.includes(0) ? valid : undefined };
  }

  #room(count: number): void {
    this.#pairs = room(this.#pairs, 2 * count + 1);
    this.#counts = room(this.#counts, count);
  }

  /** Whether loops that are compiled ahead did it. */
  #addCompiled(
    groups: Int32Array,
    values: Float64Array,
    valid: Uint8Array | undefined,
    slots: number,
    memory: VectorMemory | undefined,
  ): boolean {
    const vectors = [groups, values, valid];
    const [g, v, mask, rows] = [groups.byteOffset, values.byteOffset, valid?.byteOffset ?? 0, groups.length];
    const summed = this.#slots.lend(memory, vectors, rows, slots, this.#pairs, 2, (loops, at) =>
      loops.sumGroups(g, v, mask, rows, at),
    );
    if (!summed || this.#kind !== "mean") return summed;
    const counted = this.#slots.lend(memory, vectors, rows, slots, this.#counts, 1, (loops, at) =>
      loops.countGroups(g, v, mask, rows, at),
    );
    if (!counted) countValues(groups, values, valid, this.#counts);
    return true;
  }

  #add(groups: Int32Array, values: Float64Array, valid: Uint8Array | undefined): void {
    if (this.#kind === "mean") countValues(groups, values, valid, this.#counts);
    if (valid === undefined) addAll(groups, values, this.#pairs);
    else addValid(groups, values, valid, this.#pairs);
  }

  #addOne(g: number, value: number): void {
    const pairs = this.#pairs;
    const old = pairs[2 * g];
    const sum = old + value;
    const part = sum - old;
    pairs[2 * g + 1] += old - (sum - part) + (value - part);
    pairs[2 * g] = sum;
  }

  /** A wide integer is the sum of two f64, both exact. */
  #addWide(groups: Int32Array, values: BigInt64Array, valid: Uint8Array | undefined): void {
    for (let i = 0; i < groups.length; i++) {
      if (valid !== undefined && valid[i] === 0) continue;
      const below = BigInt.asUintN(32, values[i]);
      this.#addOne(groups[i], Number(values[i] - below));
      this.#addOne(groups[i], Number(below));
      this.#counts[groups[i]]++;
    }
  }

  #integers(count: number): Column {
    const [high, low] = partsOf(this.#pairs, count);
    // A sum within ±2^53 is its high part: nothing was ever lost.
    if (high.every((value, i) => low[i] === 0 && Math.abs(value) <= 2 ** 53)) return { type: "int64", values: high };
    const wide = new BigInt64Array(count);
    let isWide = false;
    for (let g = 0; g < count; g++) {
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
}

/** The high and the low parts of groups 1 … count. */
function partsOf(
  pairs: Float64Array,
  count: number,
): [high: Float64Array<ArrayBuffer>, low: Float64Array<ArrayBuffer>] {
  const [high, low] = [new Float64Array(count), new Float64Array(count)];
  for (let g = 0; g < count; g++) {
    high[g] = pairs[2 * g + 2];
    low[g] = pairs[2 * g + 3];
  }
  return [high, low];
}

// The loops stand alone, with arrays for arguments only: inside the class the same lines take twice the time.

/** Adds each value to its group's pair, by two-sum; NaN is skipped. */
function addAll(groups: Int32Array, values: Float64Array, pairs: Float64Array): void {
  for (let i = 0; i < groups.length; i++) {
    const value = values[i];
    if (value !== value) continue;
    const at = 2 * groups[i];
    const old = pairs[at];
    const sum = old + value;
    const part = sum - old;
    pairs[at + 1] += old - (sum - part) + (value - part);
    pairs[at] = sum;
  }
}

function addValid(groups: Int32Array, values: Float64Array, valid: Uint8Array, pairs: Float64Array): void {
  for (let i = 0; i < groups.length; i++) {
    const value = values[i];
    if (value !== value || valid[i] === 0) continue;
    const at = 2 * groups[i];
    const old = pairs[at];
    const sum = old + value;
    const part = sum - old;
    pairs[at + 1] += old - (sum - part) + (value - part);
    pairs[at] = sum;
  }
}
