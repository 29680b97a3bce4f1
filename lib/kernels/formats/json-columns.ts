import { widerOf, type ScalarType } from "../../collections/schema.ts";
import { parseDate, parseTimestamp } from "../../collections/time/iso.ts";
import { SchemaWidenedError, ValueError, type JsonObject } from "../../errors.ts";
import { TextDictionary, isWideInteger, type Batch, type Column } from "../frame/column.ts";
import { jsonText } from "./json-text.ts";

/** A key that becomes a column. Plain JSON: part of the plan. */
export interface JsonColumn {
  readonly name: string;
  readonly type: ScalarType;
  /** What the type may become when a value does not fit: null for a type that the user fixed. */
  readonly widensTo: ScalarType | null;
}

/** Where a row stands, for an error's message and fields. */
export interface Place {
  readonly where: string;
  readonly fields: JsonObject;
}

type Value = boolean | number | bigint | string;

/** Makes columns of objects; texts of all batches share a dictionary. */
export class JsonColumns {
  readonly #columns: readonly JsonColumn[];
  readonly #texts = new Map<string, TextDictionary>();

  constructor(columns: readonly JsonColumn[]) {
    this.#columns = columns;
    for (const { name, type } of columns) if (type === "string") this.#texts.set(name, new TextDictionary());
  }

  /** @throws ValueError, SchemaWidenedError: of the first row that does not fit. */
  batch(rows: readonly object[], placeOf: (row: number) => Place, url: string): Batch {
    let first = rows.length;
    let misfit: JsonColumn | undefined;
    const columns = new Map<string, Column>();
    for (const column of this.#columns) {
      const values: (Value | null)[] = [];
      for (let i = 0; i < first; i++) {
        const found: unknown = Object.hasOwn(rows[i], column.name) ? rows[i][column.name as keyof object] : null;
        const value = found === null ? null : fitting(found, column.type);
        if (value === undefined) {
          first = i;
          misfit = column;
        } else values.push(value);
      }
      if (misfit === undefined) columns.set(column.name, this.#column(column, values));
    }
    if (misfit !== undefined) throw misfitOf(misfit, rows[first][misfit.name as keyof object], placeOf(first), url);
    return { rows: rows.length, columns };
  }

  #column({ name, type }: JsonColumn, values: readonly (Value | null)[]): Column {
    const texts = this.#texts.get(name);
    if (texts !== undefined) {
      const codes = Int32Array.from(values, (value) => (value === null ? 0 : texts.code(value as string))); // as it fits the type
      return { type: "string", codes, dictionary: texts };
    }
    const valid = values.includes(null) ? Uint8Array.from(values, (value) => (value === null ? 0 : 1)) : undefined;
    if (type === "bool") return { type, values: Uint8Array.from(values, Number), valid };
    if (type === "float64")
      return { type, values: Float64Array.from(values, (value) => (value === null ? NaN : Number(value))), valid };
    const isWide = values.some((value) => typeof value === "bigint" && isWideInteger(value));
    const numbers = isWide
      ? BigInt64Array.from(values, (value) => BigInt(value ?? 0))
      : Float64Array.from(values, (value) => Number(value ?? 0) + 0);
    return { type, values: numbers, valid } as Column; // int64, date or timestamp
  }
}

const MAX = 2n ** 63n;
const WORDS: Readonly<Record<string, number>> = { NaN: NaN, Infinity: Infinity, "-Infinity": -Infinity };

/** The value as the type holds it; undefined where it does not fit. */
function fitting(value: unknown, type: ScalarType): Value | undefined {
  switch (type) {
    case "string":
      return typeof value === "string" ? value : jsonText(value);
    case "bool":
      return typeof value === "boolean" ? value : undefined;
    case "int64":
      if (typeof value === "bigint") return value < MAX && value >= -MAX ? value : undefined;
      return typeof value === "number" && Number.isSafeInteger(value) ? value : undefined;
    case "float64":
      if (typeof value === "number") return value;
      if (typeof value === "bigint") return Number(value);
      return typeof value === "string" && Object.hasOwn(WORDS, value) ? WORDS[value] : undefined;
    case "date":
      return typeof value === "string" ? parseDate(value) : undefined;
    case "timestamp":
      return typeof value === "string" ? parseTimestamp(value) : undefined;
  }
}

function misfitOf(column: JsonColumn, value: unknown, { where, fields }: Place, url: string): Error {
  const { name, type, widensTo } = column;
  const text = jsonText(value).slice(0, 200);
  const facts = { ...fields, column: name, text, type };
  const isNumber = typeof value === "number" || typeof value === "bigint";
  const kind = isNumber ? "float64" : typeof value === "boolean" ? "bool" : "string";
  const wider = widensTo === null ? undefined : widerOf(type, kind, widensTo === "string");
  if (wider !== undefined && wider !== type)
    return new SchemaWidenedError(`Column "${name}" holds ${text}, so it is ${wider}, not ${type}.`, {
      fields: { ...facts, columns: { [name]: wider } },
    });
  return new ValueError(`${url} has ${text} for "${name}", expected ${type} (${where}).`, {
    fields: facts,
    fix: `correct the value, or read the column as text: { types: { ${JSON.stringify(name)}: "string" } }.`,
  });
}
