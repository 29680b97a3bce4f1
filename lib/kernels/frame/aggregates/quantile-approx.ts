import type { AggregateNode } from "../../../collections/aggregate.ts";
import { Buckets, DEFAULT_ERROR } from "../../sketch/ddsketch.ts";
import type { Column } from "../column.ts";
import { WordPairs } from "../groups/word-pairs.ts";
import type { Aggregator } from "./aggregator.ts";
import { blobAt, floatsIn, blobColumn, bytesOf } from "./blobs.ts";
import { pairsByGroup } from "./pairs.ts";
import { floatsOf, numbersOf } from "./slots.ts";

/** A DDSketch a group: how many values each of its buckets has taken. */
export class QuantileApprox implements Aggregator {
  readonly #buckets: Buckets;
  /** Numbers pairs of a group and a bucket. */
  readonly #pairs = new WordPairs();
  #counts = new Float64Array(64);

  constructor({ params }: AggregateNode) {
    this.#buckets = new Buckets(typeof params?.["error"] === "number" ? params["error"] : DEFAULT_ERROR);
  }

  update(groups: Int32Array, column: Column | undefined): void {
    const { valid } = numbersOf(column);
    const values = floatsOf(column);
    for (let i = 0; i < groups.length; i++) {
      const value = values[i];
      if (value !== value || groups[i] === 0 || (valid !== undefined && valid[i] === 0)) continue;
      this.#add(groups[i], this.#buckets.of(value), 1);
    }
  }

  absorb([other]: Column[], groups: Int32Array): void {
    for (let i = 0; i < groups.length; i++) {
      const counted = floatsIn(blobAt(other, i));
      for (let k = 0; k < counted.length; k += 2) this.#add(groups[i], counted[k], counted[k + 1]);
    }
  }

  /** A group's blob: its buckets, each followed by its count. */
  state(count: number): Column[] {
    const { pairs, ends } = pairsByGroup(this.#pairs, count);
    const data = new Float64Array(2 * pairs.length);
    pairs.forEach((pair, i) => {
      data[2 * i] = this.#pairs.second[pair];
      data[2 * i + 1] = this.#counts[pair];
    });
    return [
      blobColumn(
        bytesOf(data),
        ends.map((end) => 16 * end),
      ),
    ];
  }

  result(count: number, { params }: AggregateNode): Column {
    const q = Number(params?.["q"]);
    const { pairs, ends } = pairsByGroup(this.#pairs, count);
    const values = new Float64Array(count);
    const valid = new Uint8Array(count);
    for (let g = 0; g < count; g++) {
      const own = pairs.subarray(g === 0 ? 0 : ends[g - 1], ends[g]);
      const buckets = own.map((pair) => this.#pairs.second[pair]);
      values[g] = this.#buckets.quantile(
        buckets,
        Float64Array.from(own, (pair) => this.#counts[pair]),
        q,
      );
      valid[g] = own.length > 0 ? 1 : 0;
    }
    return { type: "float64", values, valid: valid.includes(0) ? valid : undefined };
  }

  #add(group: number, bucket: number, count: number): void {
    const pair = this.#pairs.number(group, bucket);
    if (pair >= this.#counts.length) {
      const larger = new Float64Array(2 * pair);
      larger.set(this.#counts);
      this.#counts = larger;
    }
    this.#counts[pair] += count;
  }
}
