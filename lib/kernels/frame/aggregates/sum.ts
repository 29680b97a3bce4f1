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
  #high = new Float64Array(0);
  #low = new Float64Array(0);
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
    return [this.#high, this.#low, this.#counts].map((array) => ({ type: "float64", values: slots(array, count) }));
  }

  result(count: number): Column {
    this.#room(count);
    if (this.#kind === "int64") return this.#integers(count);
    const values = new Float64Array(count);
    const valid = new Uint8Array(count).fill(1);
    for (let g = 1; g <= count; g++) {
      // Once the high part is infinite or NaN the low part means nothing.
      const sum = Number.isFinite(this.#high[g]) ? this.#high[g] + this.#low[g] : this.#high[g];
      values[g - 1] = this.#kind === "mean" ? sum / this.#counts[g] : sum;
      if (this.#kind === "mean" && this.#counts[g] === 0) valid[g - 1] = 0;
    }
    return { type: "float64", values, valid: valid.includes(0) ? valid : undefined };
  }

  #room(count: number): void {
    this.#high = room(this.#high, count);
    this.#low = room(this.#low, count);
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
    const summed = this.#slots.lend(memory, vectors, rows, slots, [this.#high, this.#low], (loops, at) =>
      loops.sumGroups(g, v, mask, rows, at),
    );
    if (!summed || this.#kind !== "mean") return summed;
    const counted = this.#slots.lend(memory, vectors, rows, slots, [this.#counts], (loops, at) =>
      loops.countGroups(g, v, mask, rows, at),
    );
    if (!counted) countValues(groups, values, valid, this.#counts);
    return true;
  }

  #add(groups: Int32Array, values: Float64Array, valid: Uint8Array | undefined): void {
    if (this.#kind === "mean") countValues(groups, values, valid, this.#counts);
    if (valid === undefined) addAll(groups, values, this.#high, this.#low);
    else addValid(groups, values, valid, this.#high, this.#low);
  }

  #addOne(g: number, value: number): void {
    const old = this.#high[g];
    const sum = old + value;
    const part = sum - old;
    this.#low[g] += old - (sum - part) + (value - part);
    this.#high[g] = sum;
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
    const wide = new BigInt64Array(count);
    let isWide = false;
    for (let g = 1; g <= count; g++) {
      const sum = BigInt(this.#high[g]) + BigInt(this.#low[g]);
      if (BigInt.asIntN(64, sum) !== sum)
        throw new OverflowError(`A sum of integers, ${sum}, does not fit int64.`, {
          fields: { sum: sum.toString() },
          fix: 'sum floats instead: col(…).cast("float64").sum().',
        });
      if (BigInt.asIntN(54, sum) !== sum) isWide = true;
      wide[g - 1] = sum;
    }
    return { type: "int64", values: isWide ? wide : Float64Array.from(wide, Number) };
  }
}

// The loops stand alone, with arrays for arguments only: inside the class the same lines take twice the time.

/** Adds each value to its group's pair, by two-sum; NaN is skipped. */
function addAll(groups: Int32Array, values: Float64Array, high: Float64Array, low: Float64Array): void {
  for (let i = 0; i < groups.length; i++) {
    const value = values[i];
    if (value !== value) continue;
    const g = groups[i];
    const old = high[g];
    const sum = old + value;
    const part = sum - old;
    low[g] += old - (sum - part) + (value - part);
    high[g] = sum;
  }
}

function addValid(
  groups: Int32Array,
  values: Float64Array,
  valid: Uint8Array,
  high: Float64Array,
  low: Float64Array,
): void {
  for (let i = 0; i < groups.length; i++) {
    const value = values[i];
    if (value !== value || valid[i] === 0) continue;
    const g = groups[i];
    const old = high[g];
    const sum = old + value;
    const part = sum - old;
    low[g] += old - (sum - part) + (value - part);
    high[g] = sum;
  }
}
