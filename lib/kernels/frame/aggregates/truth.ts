import type { Column } from "../column.ts";
import type { Aggregator } from "./aggregator.ts";
import { numbersOf, room, slots } from "./slots.ts";

/** Whether any value is true, or all are: counts the values that decide it, true ones for `any`, false ones for `all`. */
export class Truth implements Aggregator {
  readonly #isAny: boolean;
  #deciding = new Float64Array(0);

  constructor(kind: "any" | "all") {
    this.#isAny = kind === "any";
  }

  update(groups: Int32Array, column: Column | undefined, count: number): void {
    const deciding = (this.#deciding = room(this.#deciding, count));
    const { values, valid } = numbersOf(column);
    for (let i = 0; i < groups.length; i++) {
      const value = Number(values[i]);
      if (value !== value || (valid !== undefined && valid[i] === 0)) continue;
      if ((value !== 0) === this.#isAny) deciding[groups[i]]++;
    }
  }

  absorb([other]: Column[], groups: Int32Array, count: number): void {
    const deciding = (this.#deciding = room(this.#deciding, count));
    const { values } = numbersOf(other);
    for (let i = 0; i < groups.length; i++) deciding[groups[i]] += Number(values[i]);
  }

  state(count: number): Column[] {
    return [{ type: "float64", values: slots(room(this.#deciding, count), count) }];
  }

  result(count: number): Column {
    const deciding = slots(room(this.#deciding, count), count);
    return { type: "bool", values: Uint8Array.from(deciding, (n) => (n > 0 === this.#isAny ? 1 : 0)) };
  }
}
