import type { AggregateNode } from "../../../collections/aggregate.ts";
import type { ScalarType } from "../../../collections/schema.ts";
import { compareTexts, valueAt, type Column, type Scalar } from "../column.ts";
import { fromValues } from "../from-values.ts";
import { Grouper } from "../groups/grouper.ts";
import { WordPairs } from "../groups/word-pairs.ts";
import { gather } from "../pipeline.ts";
import type { Aggregator } from "./aggregator.ts";
import { blobAt, blobColumn, bytesOf, floatsIn } from "./blobs.ts";
import { decodeLists, encodeLists } from "./lists.ts";
import { pairsByGroup } from "./pairs.ts";

/** The different values of each group, and how often each came: for nunique and mode. Neither null nor NaN is a value. */
export class DistinctValues implements Aggregator {
  readonly #type: ScalarType;
  /** Numbers values, whatever group they are in. */
  readonly #numbers: Grouper;
  /** Numbers pairs of a group and a value's number. */
  readonly #pairs = new WordPairs();
  /** How often each pair came. */
  #times = new Float64Array(64);

  constructor(type: ScalarType) {
    this.#type = type;
    this.#numbers = new Grouper([type], false);
  }

  update(groups: Int32Array, column: Column | undefined): void {
    if (column !== undefined) this.#add(groups, column, undefined);
  }

  absorb([lists, times]: Column[], groups: Int32Array): void {
    const { rows, column } = decodeLists(lists, this.#type, groups.length);
    const each: Float64Array[] = groups.length === 0 ? [] : Array.from(groups, (_, i) => floatsIn(blobAt(times, i)));
    const weights = new Float64Array(rows.length);
    let at = 0;
    for (const part of each) {
      weights.set(part, at);
      at += part.length;
    }
    this.#add(
      rows.map((row) => groups[row]),
      column,
      weights,
    );
  }

  state(count: number): Column[] {
    const { pairs, ends } = pairsByGroup(this.#pairs, count);
    const values = gather(
      this.#numbers.keys()[0],
      pairs.map((pair) => this.#pairs.second[pair] - 1),
    );
    const times = Float64Array.from(pairs, (pair) => this.#times[pair]);
    return [
      encodeLists(values, ends),
      blobColumn(
        bytesOf(times),
        ends.map((end) => 8 * end),
      ),
    ];
  }

  result(count: number, { kind }: AggregateNode): Column {
    if (kind === "mode") return this.#modes(count);
    const counts = new Float64Array(count);
    for (let pair = 1; pair <= this.#pairs.count; pair++) counts[this.#pairs.first[pair] - 1]++;
    return { type: "int64", values: counts };
  }

  #add(groups: Int32Array, column: Column, times: Float64Array | undefined): void {
    const numbers = this.#numbers.assign([column], groups.length);
    for (let i = 0; i < groups.length; i++) {
      if (groups[i] === 0 || numbers[i] === 0) continue;
      const pair = this.#pairs.number(groups[i], numbers[i]);
      if (pair >= this.#times.length) {
        const larger = new Float64Array(2 * pair);
        larger.set(this.#times);
        this.#times = larger;
      }
      this.#times[pair] += times === undefined ? 1 : times[i];
    }
  }

  /** Of equally frequent values the least. */
  #modes(count: number): Column {
    const values = this.#numbers.keys()[0];
    const best = new Int32Array(count + 1);
    const least = new Array<Scalar>(count).fill(null);
    for (let pair = 1; pair <= this.#pairs.count; pair++) {
      const g = this.#pairs.first[pair];
      const more = this.#times[pair] - (best[g] === 0 ? 0 : this.#times[best[g]]);
      if (more < 0) continue;
      const value = valueAt(values, this.#pairs.second[pair] - 1);
      if (more === 0 && !isLess(value, least[g - 1])) continue;
      best[g] = pair;
      least[g - 1] = value;
    }
    return fromValues(this.#type, least);
  }
}

function isLess(a: Scalar, b: Scalar): boolean {
  if (a === null || b === null) return a !== null;
  return typeof a === "string" && typeof b === "string" ? compareTexts(a, b) < 0 : a < b;
}
