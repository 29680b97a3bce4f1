import type { ScalarType } from "../../../collections/schema.ts";
import { fromValues } from "../from-values.ts";
import { valueAt, type Column, type Scalar } from "../column.ts";
import type { Aggregator } from "./aggregator.ts";

/** The first or last value of each group that is neither null nor NaN, in the order in which rows and partials come. */
export class Edge implements Aggregator {
  readonly #isLast: boolean;
  readonly #type: ScalarType;
  readonly #values: Scalar[] = [];
  /** By group: the row of the batch at hand that decides, counted from 1. */
  #rows = new Int32Array(0);

  constructor(edge: "first" | "last", type: ScalarType) {
    this.#isLast = edge === "last";
    this.#type = type;
  }

  update(groups: Int32Array, column: Column | undefined, count: number): void {
    if (column === undefined) return;
    if (this.#rows.length <= count) this.#rows = new Int32Array(2 * count + 2);
    const rows = this.#rows;
    const found: number[] = [];
    const isPresent = presence(column);
    for (let i = 0; i < groups.length; i++) {
      const g = groups[i];
      if (!this.#isLast && (rows[g] !== 0 || this.#values[g] !== undefined)) continue;
      if (!isPresent(i)) continue;
      if (rows[g] === 0) found.push(g);
      rows[g] = i + 1;
    }
    for (const g of found) {
      this.#values[g] = valueAt(column, rows[g] - 1);
      rows[g] = 0;
    }
  }

  absorb([other]: Column[], groups: Int32Array, count: number): void {
    this.update(groups, other, count);
  }

  state(count: number): Column[] {
    return [this.result(count)];
  }

  result(count: number): Column {
    const values = Array.from({ length: count }, (_, i): Scalar => this.#values[i + 1] ?? null);
    return fromValues(this.#type, values);
  }
}

/** Whether a row is neither null nor NaN. */
function presence(column: Column): (row: number) => boolean {
  if (column.type === "string") return (i) => column.codes[i] !== 0;
  const { valid } = column;
  if (column.type === "float64") {
    const { values } = column;
    return (i) => values[i] === values[i] && (valid === undefined || valid[i] === 1);
  }
  return valid === undefined ? () => true : (i) => valid[i] === 1;
}
