import type { AggregateNode } from "../../../collections/aggregate.ts";
import type { Column } from "../column.ts";
import type { Aggregator } from "./aggregator.ts";
import { floatsIn, floatsOf, numbersOf, room } from "./slots.ts";

/** The n largest (+1) or smallest (−1) values of each group, best first: n slots a group, NaN where there are not so many. */
export class Ranked implements Aggregator {
  readonly #sign: -1 | 1;
  readonly #n: number;
  #best = new Float64Array(0);

  constructor(sign: -1 | 1, { params }: AggregateNode) {
    this.#sign = sign;
    this.#n = Number(params?.["n"]);
  }

  update(groups: Int32Array, column: Column | undefined, count: number): void {
    const { valid } = numbersOf(column);
    this.#take(groups, floatsOf(column), valid, count);
  }

  absorb(others: Column[], groups: Int32Array, count: number): void {
    // By rank: equal values of the left partial stay before those of the right one.
    for (const other of others)
      this.#take(groups, floatsIn(other) ?? new Float64Array(groups.length), undefined, count);
  }

  state(count: number): Column[] {
    return Array.from({ length: this.#n }, (_, rank) => ({ type: "float64", values: this.#rank(rank, count) }));
  }

  result(count: number): Column {
    const values = this.#rank(this.#n - 1, count);
    const valid = Uint8Array.from(values, (value) => (value === value ? 1 : 0));
    return { type: "float64", values, valid: valid.includes(0) ? valid : undefined };
  }

  #take(groups: Int32Array, values: Float64Array, valid: Uint8Array | undefined, count: number): void {
    const n = this.#n;
    const sign = this.#sign;
    const best = (this.#best = room(this.#best, (count + 1) * n, NaN));
    for (let i = 0; i < groups.length; i++) {
      const value = values[i];
      if (value !== value || (valid !== undefined && valid[i] === 0)) continue;
      const first = groups[i] * n;
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

  #rank(rank: number, count: number): Float64Array<ArrayBuffer> {
    const best = (this.#best = room(this.#best, (count + 1) * this.#n, NaN));
    return Float64Array.from({ length: count }, (_, i) => best[(i + 1) * this.#n + rank]);
  }
}
