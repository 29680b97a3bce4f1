import type { ScalarType, Schema } from "../../collections/schema.ts";
import { parseDate, parseTimestamp } from "../../collections/time/iso.ts";
import { ValueError } from "../../errors.ts";
import { PackedDictionary, type Column } from "../frame/column.ts";
import { encodeFrame } from "../frame/encode.ts";
import { refuseLongTexts } from "../frame/packed-texts.ts";
import type { Gather } from "./gather.ts";
import { rowOf } from "./schema.ts";
import { showItem, type Place } from "./user-errors.ts";

/** Rows of a frame from items that are objects. */
export function frameGather(schema: Schema, place: Place): Gather {
  const builders = schema.map(({ name, type }) => new ColumnBuilder(name, type, place));
  let rows = 0;
  return {
    full: false,
    push(items) {
      for (const item of items) {
        const row = rowOf(item, rows, place);
        for (const builder of builders) builder.add(Reflect.get(row, builder.name), rows);
        rows++;
      }
    },
    finish() {
      const columns = new Map(builders.map((builder): [string, Column] => [builder.name, builder.column(rows)]));
      return { value: encodeFrame({ schema, batch: { rows, columns } }), recordsOut: rows };
    },
  };
}

const INT64 = 2n ** 63n;

class ColumnBuilder {
  readonly name: string;
  readonly #type: ScalarType;
  readonly #place: Place;
  readonly #values: (number | bigint)[] = [];
  readonly #nulls: number[] = [];
  readonly #codes = new Map<string, number>();
  #isWide = false;

  constructor(name: string, type: ScalarType, place: Place) {
    this.name = name;
    this.#type = type;
    this.#place = place;
  }

  add(value: unknown, row: number): void {
    if (value === null || value === undefined) {
      this.#nulls.push(row);
      this.#values.push(this.#type === "float64" ? NaN : 0);
    } else this.#values.push(this.#type === "string" ? this.#code(value, row) : this.#number(value, row));
  }

  column(rows: number): Column {
    if (this.#type === "string") return this.#strings();
    const valid = this.#nulls.length === 0 ? undefined : new Uint8Array(rows).fill(1);
    for (const row of this.#nulls) valid?.fill(0, row, row + 1);
    const values = this.#values;
    if (this.#isWide && this.#type !== "bool" && this.#type !== "float64")
      return { type: this.#type, values: BigInt64Array.from(values, BigInt), valid };
    if (this.#type === "bool") return { type: "bool", values: Uint8Array.from(values, Number), valid };
    return { type: this.#type, values: Float64Array.from(values, Number), valid };
  }

  #number(value: unknown, row: number): number | bigint {
    if (this.#type === "bool" && typeof value === "boolean") return Number(value);
    if (this.#type === "float64" && (typeof value === "number" || typeof value === "bigint")) return Number(value);
    if (this.#type === "int64") {
      if (typeof value === "number" && Number.isSafeInteger(value)) return value;
      if (typeof value === "bigint" && value >= -INT64 && value < INT64) {
        this.#isWide ||= !Number.isSafeInteger(Number(value));
        return value;
      }
    }
    const time = this.#time(value);
    if (time === undefined) throw this.#wrong(value, row);
    return time;
  }

  /** Days and instants: `Date`s, and texts as ISO 8601 has them. */
  #time(value: unknown): number | bigint | undefined {
    if (this.#type !== "date" && this.#type !== "timestamp") return undefined;
    const text = value instanceof Date ? value.toJSON() : value;
    if (typeof text !== "string") return undefined;
    const time = this.#type === "date" ? parseDate(text) : parseTimestamp(text);
    this.#isWide ||= typeof time === "bigint";
    return time;
  }

  /** A column of strings takes numbers, booleans and dates by their text. */
  #code(value: unknown, row: number): number {
    const text = value instanceof Date ? value.toJSON() : value;
    if (typeof text === "object" || typeof text === "symbol" || typeof text === "function")
      throw this.#wrong(value, row);
    const key = String(text);
    const known = this.#codes.get(key);
    if (known !== undefined) return known;
    const code = this.#codes.size + 1;
    this.#codes.set(key, code);
    return code;
  }

  #strings(): Column {
    const texts = [...this.#codes.keys()].map((text) => Buffer.from(text));
    const offsets = new Int32Array(texts.length + 2);
    refuseLongTexts(texts.reduce((sum, text) => sum + text.length, 0));
    texts.forEach((text, i) => (offsets[i + 2] = offsets[i + 1] + text.length));
    const data = new Uint8Array(Buffer.concat(texts));
    const codes = Int32Array.from(this.#values, Number);
    return { type: "string", codes, dictionary: new PackedDictionary(offsets, data) };
  }

  #wrong(value: unknown, row: number): ValueError {
    const { partition } = this.#place;
    return new ValueError(
      `Column "${this.name}" expects ${this.#type}, found ${showItem(value)} (item ${row} of ${partition}).`,
      {
        fields: { column: this.name, row, partition, type: this.#type, text: showItem(value) },
        fix: `map the values to ${this.#type} first, or pass toDataFrame({ types: { ${JSON.stringify(this.name)}: … } }).`,
      },
    );
  }
}
