import type { StateRows } from "../groups/state-rows.ts";
import type { VectorMemory } from "../vector-memory.ts";
import type { Column } from "../column.ts";
import type { Aggregator } from "./aggregator.ts";
import { floatsIn, numbersOf } from "./slots.ts";

/** How many values are neither null nor NaN; without a column, how many rows there are. */
export class Count implements Aggregator {
  readonly #rows: StateRows;
  readonly #at: number;

  constructor(rows: StateRows) {
    this.#rows = rows;
    this.#at = rows.claim(1);
  }

  update(groups: Int32Array, column: Column | undefined, count: number, memory?: VectorMemory): void {
    this.#rows.reserve(count, memory);
    const n = groups.length;
    const floats = floatsIn(column);
    const valid = floats === undefined ? undefined : numbersOf(column).valid;
    const counted =
      (column === undefined || floats !== undefined) &&
      this.#rows.run(memory, [groups, floats, valid], this.#at, (loops, [g, v, mask], states, stride) =>
        loops.countGroups(g, v, mask, n, states, stride),
      );
    if (!counted) countRows(groups, column, this.#rows.floats(), this.#rows.stride, this.#at);
  }

  absorb([other]: Column[], groups: Int32Array, count: number): void {
    this.#rows.reserve(count);
    const [floats, stride] = [this.#rows.floats(), this.#rows.stride];
    const { values } = numbersOf(other);
    for (let g = 0; g < groups.length; g++) floats[groups[g] * stride + this.#at] += Number(values[g]);
  }

  state(count: number): Column[] {
    return [{ type: "float64", values: this.#rows.column(this.#at, count) }];
  }

  result(count: number): Column {
    return { type: "int64", values: this.#rows.column(this.#at, count) };
  }
}

function countRows(
  groups: Int32Array,
  column: Column | undefined,
  states: Float64Array,
  stride: number,
  at: number,
): void {
  const n = groups.length;
  if (column === undefined) for (let i = 0; i < n; i++) states[groups[i] * stride + at]++;
  else if (column.type === "string")
    for (let i = 0; i < n; i++) states[groups[i] * stride + at] += column.codes[i] === 0 ? 0 : 1;
  else {
    const { values, valid } = column;
    const isValue = (i: number) => values[i] === values[i] && (valid === undefined || valid[i] === 1);
    for (let i = 0; i < n; i++) if (isValue(i)) states[groups[i] * stride + at]++;
  }
}
