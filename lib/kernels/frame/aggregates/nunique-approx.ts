import { REGISTERS, cardinality, registerOf, runOf } from "../../sketch/hyperloglog.ts";
import { ValueHasher } from "../../sketch/hash.ts";
import type { Column } from "../column.ts";
import { WordPairs } from "../groups/word-pairs.ts";
import type { Aggregator } from "./aggregator.ts";
import { blobAt, bytesOf, joinBlobs } from "./blobs.ts";
import { pairsByGroup } from "./pairs.ts";

/** From so many registers on a group has an array of all of them. */
const MANY = 256;

/**
 * A HyperLogLog a group. Few registers are kept as pairs of group and register; many as an array a group, which holds what came since it was made,
 * beside the pairs from before.
 */
export class NuniqueApprox implements Aggregator {
  readonly #hasher = new ValueHasher();
  /** Numbers pairs of a group and a register. */
  readonly #pairs = new WordPairs();
  #runs = new Uint8Array(64);
  #used = new Int32Array(0);
  readonly #arrays: (Uint8Array | undefined)[] = [];

  update(groups: Int32Array, column: Column | undefined, count: number): void {
    if (column === undefined) return;
    this.#room(count);
    const hasher = this.#hasher;
    hasher.hash(column, groups.length);
    const { high, low, isValue } = hasher;
    for (let i = 0; i < groups.length; i++)
      if (isValue[i] === 1 && groups[i] !== 0) this.#take(groups[i], registerOf(high[i]), runOf(high[i], low[i]));
  }

  absorb([other]: Column[], groups: Int32Array, count: number): void {
    this.#room(count);
    for (let i = 0; i < groups.length; i++) {
      const blob = blobAt(other, i);
      if (blob.length === REGISTERS) {
        for (let r = 0; r < REGISTERS; r++) if (blob[r] !== 0) this.#take(groups[i], r, blob[r]);
      } else {
        const entries = new Uint32Array(blob.slice().buffer);
        for (const entry of entries) if (entry !== 0) this.#take(groups[i], entry >>> 8, entry & 255);
      }
    }
  }

  /** A group's blob: all registers, or those that are not 0, each in 4 bytes (register · 256 + run). */
  state(count: number): Column[] {
    return [joinBlobs(this.#perGroup(count, (found) => (found instanceof Uint32Array ? bytesOf(found) : found)))];
  }

  result(count: number): Column {
    const all = new Uint8Array(REGISTERS);
    const values = this.#perGroup(count, (found) => {
      if (found instanceof Uint8Array) return Math.round(cardinality(found));
      all.fill(0);
      for (const entry of found) if (entry !== 0) all[entry >>> 8] = entry & 255;
      return Math.round(cardinality(all));
    });
    return { type: "int64", values: Float64Array.from(values) };
  }

  #take(g: number, register: number, run: number): void {
    const array = this.#arrays[g];
    if (array !== undefined) {
      if (run > array[register]) array[register] = run;
      return;
    }
    const before = this.#pairs.count;
    const pair = this.#pairs.number(g, register);
    if (pair >= this.#runs.length) {
      const larger = new Uint8Array(2 * pair);
      larger.set(this.#runs);
      this.#runs = larger;
    }
    if (run > this.#runs[pair]) this.#runs[pair] = run;
    if (this.#pairs.count > before && ++this.#used[g] === MANY) this.#arrays[g] = new Uint8Array(REGISTERS);
  }

  /** Each group's registers: an array of all, or entries as in `state`. */
  #perGroup<T>(count: number, use: (found: Uint8Array | Uint32Array) => T): T[] {
    const { pairs, ends } = pairsByGroup(this.#pairs, count);
    return Array.from({ length: count }, (_, i) => {
      const own = pairs.subarray(i === 0 ? 0 : ends[i - 1], ends[i]);
      const registers = this.#arrays[i + 1]?.slice();
      if (registers === undefined) {
        // A 0 at the end where the length would be no multiple of 8 bytes.
        const entries = new Uint32Array(own.length + (own.length % 2));
        own.forEach((pair, k) => (entries[k] = this.#pairs.second[pair] * 256 + this.#runs[pair]));
        return use(entries);
      }
      for (const pair of own) {
        const register = this.#pairs.second[pair];
        registers[register] = Math.max(registers[register], this.#runs[pair]);
      }
      return use(registers);
    });
  }

  #room(count: number): void {
    if (this.#used.length > count) return;
    const larger = new Int32Array(2 * count + 2);
    larger.set(this.#used);
    this.#used = larger;
  }
}
