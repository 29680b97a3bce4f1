import type { ScalarType } from "../../../collections/schema.ts";
import type { StateRows } from "../groups/state-rows.ts";
import type { VectorMemory } from "../vector-memory.ts";
import type { Column } from "../column.ts";
import type { Aggregator } from "./aggregator.ts";
import { floatsIn, numbersOf } from "./slots.ts";

/** min (−1) or max (+1) of numbers and booleans. */
export class NumberExtreme implements Aggregator {
  readonly #sign: -1 | 1;
  readonly #type: Exclude<ScalarType, "string">;
  readonly #rows: StateRows;
  /** A group's slot: NaN where there was no value yet. */
  readonly #at: number;
  /** Groups whose best is an integer outside ±2^53. */
  readonly #wide = new Map<number, bigint>();

  constructor(sign: -1 | 1, type: Exclude<ScalarType, "string">, rows: StateRows) {
    this.#sign = sign;
    this.#type = type;
    this.#rows = rows;
    this.#at = rows.claim(1, NaN);
  }

  update(groups: Int32Array, column: Column | undefined, count: number, memory?: VectorMemory): void {
    this.#rows.reserve(count, memory);
    const { values, valid } = numbersOf(column);
    if (values instanceof BigInt64Array || this.#wide.size > 0) {
      for (let i = 0; i < groups.length; i++)
        if (valid === undefined || valid[i] === 1) this.#offer(groups[i], values[i]);
      return;
    }
    const isMax = this.#sign > 0;
    const floats = floatsIn(column);
    const taken =
      floats !== undefined &&
      this.#rows.run(memory, [groups, floats, valid], this.#at, (loops, [g, v, mask], states, stride) =>
        loops.extremeGroups(g, v, mask, groups.length, states, stride, isMax),
      );
    if (!taken) takeBest(groups, values, valid, this.#rows.floats(), this.#rows.stride, this.#at, isMax);
  }

  absorb([other]: Column[], groups: Int32Array, count: number): void {
    this.update(groups, other, count);
  }

  state(count: number): Column[] {
    return [this.result(count)];
  }

  result(count: number): Column {
    const values = this.#rows.column(this.#at, count);
    const valid = Uint8Array.from(values, (value) => (value === value ? 1 : 0));
    const mask = valid.includes(0) ? valid : undefined;
    if (this.#type === "float64") return { type: "float64", values, valid: mask };
    if (mask !== undefined) for (let i = 0; i < count; i++) if (mask[i] === 0) values[i] = 0;
    if (this.#type === "bool") return { type: "bool", values: Uint8Array.from(values), valid: mask };
    if (this.#wide.size === 0) return { type: this.#type, values, valid: mask };
    const wide = BigInt64Array.from(values, (value, i) => this.#wide.get(i + 1) ?? BigInt(value));
    return { type: this.#type, values: wide, valid: mask };
  }

  #offer(g: number, value: number | bigint): void {
    const best = this.#rows.floats();
    const at = g * this.#rows.stride + this.#at;
    const old = this.#wide.get(g) ?? best[at];
    if (value !== value || !(old !== old || (this.#sign > 0 ? value > old : value < old))) return;
    best[at] = Number(value);
    if (typeof value === "bigint" && BigInt.asIntN(54, value) !== value) this.#wide.set(g, value);
    else this.#wide.delete(g);
  }
}

/** Stands alone, with arrays for arguments only: inside the class the same lines take twice the time. */
function takeBest(
  groups: Int32Array,
  values: Float64Array | Uint8Array,
  valid: Uint8Array | undefined,
  states: Float64Array,
  stride: number,
  first: number,
  isMax: boolean,
): void {
  for (let i = 0; i < groups.length; i++) {
    const value = values[i];
    if (value !== value || (valid !== undefined && valid[i] === 0)) continue;
    const at = groups[i] * stride + first;
    const old = states[at];
    if (old !== old || (isMax ? value > old : value < old)) states[at] = value;
  }
}
