import { GroupSlots, type VectorMemory } from "../vector-memory.ts";
import type { Column } from "../column.ts";
import type { Aggregator } from "./aggregator.ts";
import { floatsIn, numbersOf, room, slots } from "./slots.ts";

/** How many values are neither null nor NaN; without a column, how many rows there are. */
export class Count implements Aggregator {
  readonly #slots = new GroupSlots();
  #counts = new Float64Array(0);

  update(groups: Int32Array, column: Column | undefined, count: number, memory?: VectorMemory): void {
    const counts = (this.#counts = room(this.#counts, count));
    const n = groups.length;
    const floats = floatsIn(column);
    if (column === undefined || floats !== undefined) {
      const valid = floats === undefined ? undefined : numbersOf(column).valid;
      const lent = this.#slots.lend(memory, [groups, floats, valid], n, count + 1, counts, 1, (loops, at) =>
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

// It stands alone, with arrays for arguments only: inside the class the same lines take twice the time.

/** Counts what is neither null nor NaN (which does not equal itself). */
export function countValues(
  groups: Int32Array,
  values: Float64Array,
  valid: Uint8Array | undefined,
  counts: Float64Array,
): void {
  for (let i = 0; i < groups.length; i++)
    if (values[i] === values[i] && (valid === undefined || valid[i] === 1)) counts[groups[i]]++;
}
