import type { ScalarType } from "../../../collections/schema.ts";
import { isWideInteger, type BoolColumn, type Float64Column, type IntegerColumn } from "../column.ts";

/** Whole numbers, one by one: f64 until one comes that only 64 bits hold. Slots that are not set are 0. */
export class WholeValues {
  #values: Float64Array | BigInt64Array;

  constructor(rows: number) {
    this.#values = new Float64Array(rows);
  }

  set(i: number, value: number | bigint): void {
    if (typeof value === "bigint" && isWideInteger(value) && !(this.#values instanceof BigInt64Array))
      this.#values = BigInt64Array.from(this.#values, BigInt);
    if (this.#values instanceof BigInt64Array) this.#values[i] = BigInt(value);
    else this.#values[i] = Number(value) + 0; // no −0 among whole numbers
  }

  column(type: IntegerColumn["type"], valid: Uint8Array | undefined): IntegerColumn {
    return { type, values: this.#values, valid };
  }
}

/** Values of any type but string, one by one; a slot that is not set is null. */
export class ColumnValues {
  readonly #type: Exclude<ScalarType, "string">;
  readonly #whole: WholeValues;
  readonly #floats: Float64Array;
  readonly #valid: Uint8Array;
  #set = 0;

  constructor(type: Exclude<ScalarType, "string">, rows: number) {
    this.#type = type;
    this.#whole = new WholeValues(type === "float64" ? 0 : rows);
    this.#floats = type === "float64" ? new Float64Array(rows).fill(NaN) : new Float64Array(0);
    this.#valid = new Uint8Array(rows);
  }

  set(i: number, value: number | bigint | boolean): void {
    if (this.#type === "float64") this.#floats[i] = Number(value);
    else this.#whole.set(i, typeof value === "boolean" ? Number(value) : value);
    this.#set += 1 - this.#valid[i];
    this.#valid[i] = 1;
  }

  column(): BoolColumn | Float64Column | IntegerColumn {
    const valid = this.#set < this.#valid.length ? this.#valid : undefined;
    if (this.#type === "float64") return { type: "float64", values: this.#floats, valid };
    if (this.#type !== "bool") return this.#whole.column(this.#type, valid);
    return { type: "bool", values: Uint8Array.from(this.#whole.column("int64", valid).values, Number), valid };
  }
}
