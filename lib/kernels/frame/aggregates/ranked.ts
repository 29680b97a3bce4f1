import type { AggregateNode } from "../../../collections/aggregate.ts";
import type { Column } from "../column.ts";
import type { Aggregator } from "./aggregator.ts";
import type { StateRows } from "../groups/state-rows.ts";
import type { VectorMemory } from "../vector-memory.ts";
import { floatsOf, numbersOf } from "./slots.ts";

/** The n largest (+1) or smallest (−1) values of each group, best first: n slots a group, NaN where there are not so many. */
export class Ranked implements Aggregator {
  readonly #sign: -1 | 1;
  readonly #n: number;
  readonly #rows: StateRows;
  readonly #at: number;

  constructor(sign: -1 | 1, { params }: AggregateNode, rows: StateRows) {
    this.#sign = sign;
    this.#n = Number(params?.["n"]);
    this.#rows = rows;
    this.#at = rows.claim(this.#n, NaN);
  }

  update(groups: Int32Array, column: Column | undefined, count: number, memory?: VectorMemory): void {
    this.#rows.reserve(count, memory);
    const { valid } = numbersOf(column);
    const values = floatsOf(column);
    const isLargest = this.#sign > 0;
    const taken = this.#rows.run(memory, [groups, values, valid], this.#at, (loops, [g, v, mask], states, stride) =>
      loops.rankGroups(g, v, mask, groups.length, states, stride, this.#n, isLargest),
    );
    if (!taken) this.#take(groups, values, valid);
  }

  absorb(others: Column[], groups: Int32Array, count: number): void {
    this.#rows.reserve(count);
    // By rank: equal values of the left partial stay before those of the right one.
    for (const other of others) this.#take(groups, floatsOf(other), undefined);
  }

  state(count: number): Column[] {
    return Array.from({ length: this.#n }, (_, rank) => ({
      type: "float64",
      values: this.#rows.column(this.#at + rank, count),
    }));
  }

  result(count: number): Column {
    const values = this.#rows.column(this.#at + this.#n - 1, count);
    const valid = Uint8Array.from(values, (value) => (value === value ? 1 : 0));
    return { type: "float64", values, valid: valid.includes(0) ? valid : undefined };
  }

  #take(groups: Int32Array, values: Float64Array, valid: Uint8Array | undefined): void {
    const [n, sign, best, stride] = [this.#n, this.#sign, this.#rows.floats(), this.#rows.stride];
    for (let i = 0; i < groups.length; i++) {
      const value = values[i];
      if (value !== value || (valid !== undefined && valid[i] === 0)) continue;
      const first = groups[i] * stride + this.#at;
      let at = first + n - 1;
      const worst = best[at];
      if (worst === worst && (sign > 0 ? worst >= value : worst <= value)) continue;
      for (; at > first; at--) {
        const before = best[at - 1];
        if (before === before && (sign > 0 ? before >= value : before <= value)) break;
        best[at] = before;
      }
      best[at] = value;
    }
  }
}
