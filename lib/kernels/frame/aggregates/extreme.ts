import type { ScalarType } from "../../../collections/schema.ts";
import { GroupSlots, type VectorMemory } from "../vector-memory.ts";
import type { Column } from "../column.ts";
import type { Aggregator } from "./aggregator.ts";
import { floatsIn, numbersOf, room, slots } from "./slots.ts";

/** min (−1) or max (+1) of numbers and booleans. */
export class NumberExtreme implements Aggregator {
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
      const lent = this.#slots.lend(memory, [groups, floats, valid], rows, count + 1, best, 1, (loops, at) =>
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
