/**
 * One aggregate over all groups: arrays of state indexed by group number (see grouper.ts; slot 0 takes what belongs to no group and
 * is never read). States of two partials merge by `absorb`, so that any tree of merges gives the same groups.
 *
 * Float sums are kept in twice the precision (an unevaluated sum of two f64, by Knuth's two-sum: Hida, Li & Bailey, "Algorithms for
 * Quad-Double Precision Floating Point Arithmetic", 2001), so the error after a billion additions is still far below the last bit, and
 * results do not change with the block size. The same pair holds integer sums exactly up to 2^106.
 */
import type { AggregateNode } from "../../collections/expression.ts";
import type { ScalarType } from "../../collections/schema.ts";
import { InternalError, OverflowError } from "../../errors.ts";
import { TextDictionary, compareTexts, type Column, type StringColumn } from "./column.ts";
import { GroupSlots, type VectorMemory } from "./vector-memory.ts";

export interface Aggregator {
  /** Takes a batch in: row i belongs to groups[i]; there are `count` groups. `column` is absent for `size`; `memory` is the batch's. */
  update(groups: Int32Array, column: Column | undefined, count: number, memory?: VectorMemory): void;
  /** Takes another partial's state in: its group g + 1 is this one's groups[g]. */
  absorb(other: Column[], groups: Int32Array, count: number): void;
  /** The state of groups 1 … count, as columns. */
  state(count: number): Column[];
  result(count: number): Column;
}

export function makeAggregator(node: AggregateNode, inputType: ScalarType): Aggregator {
  switch (node.kind) {
    case "sum":
      return new Sum(inputType === "float64" ? "float64" : "int64");
    case "mean":
      return new Sum("mean");
    case "count":
    case "size":
      return new Count();
    case "min":
    case "max":
      if (inputType === "string") return new StringExtreme(node.kind === "min" ? -1 : 1);
      return new NumberExtreme(node.kind === "min" ? -1 : 1, inputType);
  }
}

function room(array: Float64Array<ArrayBuffer>, count: number, fill = 0): Float64Array<ArrayBuffer> {
  if (array.length > count) return array;
  const larger = new Float64Array(Math.max(64, 2 * count + 2));
  if (fill !== 0) larger.fill(fill, array.length);
  larger.set(array);
  return larger;
}

/** Slots 1 … count as they stand. */
function slots(array: Float64Array<ArrayBuffer>, count: number): Float64Array<ArrayBuffer> {
  return array.slice(1, count + 1);
}

function numbersOf(column: Column | undefined): Exclude<Column, StringColumn> {
  if (column === undefined || column.type === "string")
    throw new InternalError("An aggregate of numbers was given none.");
  return column;
}

/** The values where they are f64; undefined for all other columns. */
function floatsIn(column: Column | undefined): Float64Array | undefined {
  if (column === undefined || column.type === "string" || column.type === "bool") return undefined;
  return column.values instanceof Float64Array ? column.values : undefined;
}

class Count implements Aggregator {
  readonly #slots = new GroupSlots();
  #counts = new Float64Array(0);

  update(groups: Int32Array, column: Column | undefined, count: number, memory?: VectorMemory): void {
    const counts = (this.#counts = room(this.#counts, count));
    const n = groups.length;
    const floats = floatsIn(column);
    if (column === undefined || floats !== undefined) {
      const valid = floats === undefined ? undefined : numbersOf(column).valid;
      const lent = this.#slots.lend(memory, [groups, floats, valid], n, count + 1, [counts], (loops, at) =>
        loops.countGroups(groups.byteOffset, floats?.byteOffset ?? 0, valid?.byteOffset ?? 0, n, at),
      );
      if (lent) return;
    }
    if (column === undefined) for (let i = 0; i < n; i++) counts[groups[i]]++;
    else if (column.type === "string") for (let i = 0; i < n; i++) counts[groups[i]] += column.codes[i] === 0 ? 0 : 1;
    else {
      const { values, valid } = column;
      if (values instanceof Float64Array) countValues(groups, values, valid, counts);
      else for (let i = 0; i < n; i++) counts[groups[i]] += valid === undefined || valid[i] === 1 ? 1 : 0;
    }
  }

  absorb([other]: Column[], groups: Int32Array, count: number): void {
    const counts = (this.#counts = room(this.#counts, count));
    const { values } = numbersOf(other);
    for (let g = 0; g < groups.length; g++) counts[groups[g]] += Number(values[g]);
  }

  state(count: number): Column[] {
    return [{ type: "float64", values: slots(room(this.#counts, count), count) }];
  }

  result(count: number): Column {
    return { type: "int64", values: slots(room(this.#counts, count), count) };
  }
}

class Sum implements Aggregator {
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

// The loops stand alone, with arrays for arguments only: inside the classes the same lines take twice the time.

/** Counts what is neither null nor NaN (which does not equal itself). */
function countValues(
  groups: Int32Array,
  values: Float64Array,
  valid: Uint8Array | undefined,
  counts: Float64Array,
): void {
  for (let i = 0; i < groups.length; i++)
    if (values[i] === values[i] && (valid === undefined || valid[i] === 1)) counts[groups[i]]++;
}

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

/** min (−1) or max (+1) of numbers and booleans. */
class NumberExtreme implements Aggregator {
  readonly #sign: -1 | 1;
  readonly #type: Exclude<ScalarType, "string">;
  readonly #slots = new GroupSlots();
  /** NaN: no value yet. */
  #best = new Float64Array(0);
  /** Groups whose best is an integer outside ±2^53. */
  readonly #wide = new Map<number, bigint>();

  constructor(sign: -1 | 1, type: Exclude<ScalarType, "string">) {
    this.#sign = sign;
    this.#type = type;
  }

  update(groups: Int32Array, column: Column | undefined, count: number, memory?: VectorMemory): void {
    const best = (this.#best = room(this.#best, count, NaN));
    const { values, valid } = numbersOf(column);
    if (values instanceof BigInt64Array || this.#wide.size > 0) {
      for (let i = 0; i < groups.length; i++)
        if (valid === undefined || valid[i] === 1) this.#offer(groups[i], values[i]);
      return;
    }
    const isMax = this.#sign > 0;
    const floats = floatsIn(column);
    if (floats !== undefined) {
      const rows = groups.length;
      const lent = this.#slots.lend(memory, [groups, floats, valid], rows, count + 1, [best], (loops, at) =>
        loops.extremeGroups(groups.byteOffset, floats.byteOffset, valid?.byteOffset ?? 0, rows, at, isMax),
      );
      if (lent) return;
    }
    for (let i = 0; i < groups.length; i++) {
      const value = values[i];
      if (value !== value || (valid !== undefined && valid[i] === 0)) continue;
      const g = groups[i];
      const old = best[g];
      if (old !== old || (isMax ? value > old : value < old)) best[g] = value;
    }
  }

  absorb([other]: Column[], groups: Int32Array, count: number): void {
    this.update(groups, other, count);
  }

  state(count: number): Column[] {
    return [this.result(count)];
  }

  result(count: number): Column {
    const best = (this.#best = room(this.#best, count, NaN));
    const valid = Uint8Array.from({ length: count }, (_, i) => (best[i + 1] === best[i + 1] ? 1 : 0));
    const mask = valid.includes(0) ? valid : undefined;
    const values = slots(best, count);
    if (this.#type === "float64") return { type: "float64", values, valid: mask };
    if (mask !== undefined) for (let i = 0; i < count; i++) if (mask[i] === 0) values[i] = 0;
    if (this.#type === "bool") return { type: "bool", values: Uint8Array.from(values), valid: mask };
    if (this.#wide.size === 0) return { type: this.#type, values, valid: mask };
    const wide = BigInt64Array.from(values, (value, i) => this.#wide.get(i + 1) ?? BigInt(value));
    return { type: this.#type, values: wide, valid: mask };
  }

  #offer(g: number, value: number | bigint): void {
    const old = this.#wide.get(g) ?? this.#best[g];
    if (value !== value || !(old !== old || (this.#sign > 0 ? value > old : value < old))) return;
    this.#best[g] = Number(value);
    if (typeof value === "bigint" && BigInt.asIntN(54, value) !== value) this.#wide.set(g, value);
    else this.#wide.delete(g);
  }
}

/** min (−1) or max (+1) of strings. */
class StringExtreme implements Aggregator {
  readonly #sign: -1 | 1;
  readonly #best: (string | undefined)[] = [];

  constructor(sign: -1 | 1) {
    this.#sign = sign;
  }

  update(groups: Int32Array, column: Column | undefined, _count: number): void {
    const { codes, dictionary } = column as StringColumn; // by the input's type
    // A code that a group has seen cannot better it again.
    const last = new Map<number, number>();
    for (let i = 0; i < groups.length; i++) {
      const code = codes[i];
      if (code === 0 || last.get(groups[i]) === code) continue;
      last.set(groups[i], code);
      const text = dictionary.text(code);
      const old = this.#best[groups[i]];
      if (old === undefined || compareTexts(text, old) * this.#sign > 0) this.#best[groups[i]] = text;
    }
  }

  absorb([other]: Column[], groups: Int32Array, count: number): void {
    this.update(groups, other, count);
  }

  state(count: number): Column[] {
    return [this.result(count)];
  }

  result(count: number): Column {
    const dictionary = new TextDictionary();
    const codes = Int32Array.from({ length: count }, (_, i) => {
      const text = this.#best[i + 1];
      return text === undefined ? 0 : dictionary.code(text);
    });
    return { type: "string", codes, dictionary };
  }
}
