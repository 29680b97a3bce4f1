/**
 * Rows to groups: gives every distinct combination of key values a number, from 1 on, in order of first sight.
 * Number 0 is for rows that belong to no group: those with a null key (or NaN) where nulls are dropped.
 *
 * Each key column is numbered on its own (strings by their codes, small whole numbers by a table, others by a hash table); several columns are
 * combined pair by pair. So all the work per row is a few look-ups in arrays.
 */
import type { ScalarType } from "../../../collections/schema.ts";
import type { Column } from "../column.ts";
import { FloatVector, type VectorMemory } from "../vector-memory.ts";
import { PairNumbers } from "./pair-numbers.ts";
import { StringNumbers } from "./string-numbers.ts";
import { ValueNumbers } from "./value-numbers.ts";

/** Numbers the values of one key column from 1 on; null is 0. */
export interface KeyNumbers {
  readonly count: number;
  /** Of each row. Good until the next call, and not to be written to. */
  number(column: Column, rows: number, memory: VectorMemory | undefined): Int32Array;
  /** The values of the numbers given. */
  values(numbers: Int32Array): Column;
  release?(): void;
}

export class Grouper {
  readonly #keys: readonly KeyNumbers[];
  readonly #pairs: readonly PairNumbers[];
  readonly #keepNulls: boolean;
  readonly #out = new FloatVector();

  constructor(types: readonly ScalarType[], keepNulls: boolean) {
    this.#keys = types.map((type) => (type === "string" ? new StringNumbers() : new ValueNumbers(type)));
    // A single key whose nulls are kept is paired with nothing, so that null gets a number when it is seen.
    const paired = keepNulls && types.length === 1 ? types : types.slice(1);
    // After the first pair, 0 stands for rows already dropped.
    this.#pairs = paired.map((_, k) => new PairNumbers(keepNulls ? (k === 0 ? "keep" : "keep-right") : "drop"));
    this.#keepNulls = keepNulls;
  }

  /** How many groups there are. */
  get count(): number {
    if (this.#keys.length === 0) return 1;
    if (this.#pairs.length > 0) return this.#pairs[this.#pairs.length - 1].count;
    return this.#keys[0].count;
  }

  /** The group of each row. Good until the next call, and not to be written to. */
  assign(columns: readonly Column[], rows: number, memory?: VectorMemory): Int32Array {
    if (columns.length === 0) return this.#out.takeWords(rows, memory).fill(1);
    let numbers = this.#keys[0].number(columns[0], rows, memory);
    if (columns.length === 1 && this.#keepNulls)
      return this.#pairs[0].number(numbers, this.#out.takeWords(rows, memory).fill(0), memory);
    for (let k = 1; k < columns.length; k++)
      numbers = this.#pairs[k - 1].number(numbers, this.#keys[k].number(columns[k], rows, memory), memory);
    return numbers;
  }

  /** Frees what lies in the kernel's memory outside of what is the task's. Nothing may be asked then. */
  release(): void {
    for (const key of this.#keys) key.release?.();
  }

  /** The groups' key values, a column a key, in the groups' order. */
  keys(): Column[] {
    const count = this.count;
    if (this.#keys.length === 0) return [];
    let numbers = ascending(count);
    const columns: Column[] = [];
    for (let k = this.#pairs.length - 1; k >= 0; k--) {
      const [left, right] = this.#pairs[k].split(numbers);
      if (k + 1 < this.#keys.length) columns.unshift(this.#keys[k + 1].values(right));
      numbers = left;
    }
    columns.unshift(this.#keys[0].values(numbers));
    return columns;
  }
}

/** 1 … count. */
function ascending(count: number): Int32Array<ArrayBuffer> {
  const numbers = new Int32Array(count);
  for (let i = 0; i < count; i++) numbers[i] = i + 1;
  return numbers;
}
