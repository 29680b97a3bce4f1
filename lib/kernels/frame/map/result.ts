/** What a user's function made of a partition, as a frame of the columns that were declared; or the columns that it shows to have. */
import type { RecordBatch, Table } from "apache-arrow";
import { widerOf, type ScalarType, type Schema } from "../../../collections/schema.ts";
import { TypeMismatchError } from "../../../errors.ts";
import { arrowColumn, describeArrow } from "../../formats/arrow-columns.ts";
import { ByteDictionary } from "../byte-dictionary.ts";
import { castColumn } from "../cast.ts";
import { concatenate } from "../collect.ts";
import { columnOf, type Batch, type Column, type Scalar } from "../column.ts";
import type { Frame } from "../encode.ts";
import { fromValues } from "../from-values.ts";
import { kindOf, scalarOf } from "./values.ts";

/** A list of values a column. */
type Lists = ReadonlyMap<string, ArrayLike<unknown>>;

/** `where`: the call and the partition, for errors. @throws TypeMismatchError */
export function frameOfResult(result: unknown, schema: Schema, where: string): Frame {
  if (isTable(result)) return frameOfTable(result, schema, where);
  const lists = listsOf(result, where);
  const rows = lengthOf(lists, where);
  const names = [...lists.keys()];
  if (rows > 0 || names.length > 0) refuseOtherNames(schema, names, where, rows);
  const columns = schema.map(({ name, type }): [string, Column] => {
    const values = lists.get(name) ?? [];
    const scalars = Array.from({ length: rows }, (_, i): Scalar => {
      const scalar = scalarOf(values[i], type);
      if (scalar !== undefined) return scalar;
      throw misfit(where, name, type, `${shown(values[i])} in row ${i}`, schema);
    });
    return [name, fromValues(type, scalars)];
  });
  return { schema, batch: { rows, columns: new Map(columns) } };
}

/** The columns that a result has. @throws TypeMismatchError where values do not tell */
export function schemaOfResult(result: unknown, where: string): Schema {
  if (isTable(result)) return result.schema.fields.map((field) => describeArrow(field).field);
  const lists = listsOf(result, where);
  if (lists.size === 0) throw new TypeMismatchError(`${where} gave no columns.`, { fix: DECLARE });
  return [...lists].map(([name, values]) => ({ name, type: typeOfList(values, name, where) }));
}

const DECLARE = 'say which columns come out: mapPartitions(fn, { schema: { name: "string" } }).';

function typeOfList(values: ArrayLike<unknown>, name: string, where: string): ScalarType {
  if (values instanceof Float64Array || values instanceof Float32Array) return "float64";
  if (ArrayBuffer.isView(values)) return "int64";
  let type: ScalarType | undefined;
  for (let i = 0; i < values.length; i++) {
    const kind = kindOf(values[i]);
    if (kind === undefined) continue;
    const wider = kind === "nothing" ? undefined : type === undefined ? kind : widerOf(type, kind);
    if (wider === undefined)
      throw new TypeMismatchError(
        `${where} gave ${shown(values[i])} in column "${name}", which is of no type a column has${type === undefined ? "" : `, or not of ${type}, as others are`}.`,
        {
          fields: { column: name },
          fix: DECLARE,
        },
      );
    type = wider;
  }
  if (type !== undefined) return type;
  throw new TypeMismatchError(`${where} gave nothing but nulls in column "${name}": its type cannot be told.`, {
    fields: { column: name },
    fix: DECLARE,
  });
}

/** By its form: a function may have loaded a library of its own. */
function isTable(value: unknown): value is Table {
  if (typeof value !== "object" || value === null) return false;
  const { schema, batches, getChild } = value as Partial<Table>; // looked at before it is used
  return typeof getChild === "function" && Array.isArray(batches) && Array.isArray(schema?.fields);
}

function frameOfTable(table: Table, schema: Schema, where: string): Frame {
  const found = table.schema.fields.map((field) => describeArrow(field).field);
  refuseOtherNames(
    schema,
    found.map(({ name }) => name),
    where,
    table.numRows,
  );
  const casts = schema.map(({ name, type }) => {
    const index = found.findIndex((field) => field.name === name);
    const given = table.schema.fields[index].type.typeId === NULL ? "null" : found[index].type;
    if (given !== "null" && widerOf(given, type) !== type) throw misfit(where, name, type, given, schema);
    return { name, type, index, texts: new ByteDictionary() };
  });
  const pieces = table.batches
    .filter(({ numRows }) => numRows > 0)
    .map((batch: RecordBatch): Batch => {
      const columns = casts.map(({ name, type, index, texts }): [string, Column] => {
        const vector = batch.getChildAt(index);
        if (vector === null) throw misfit(where, name, type, "no column", schema);
        const column = arrowColumn(vector, name, texts);
        const isNothing = column.type === "float64" && type === "string";
        return [
          name,
          isNothing ? fromValues(type, new Array<null>(batch.numRows).fill(null)) : castColumn(column, type),
        ];
      });
      return { rows: batch.numRows, columns: new Map(columns) };
    });
  const { batch } = concatenate(schema, pieces);
  return {
    schema,
    batch: { rows: batch.rows, columns: new Map(schema.map(({ name }) => [name, columnOf(batch, name)])) },
  };
}

/** Arrow's number of its type of nulls. */
const NULL = 1;

function listsOf(result: unknown, where: string): Lists {
  if (Array.isArray(result)) return listsOfRows(result, where);
  if (typeof result !== "object" || result === null || ArrayBuffer.isView(result)) throw noRows(where, result);
  const entries = Object.entries(result);
  const wrong = entries.find(([, values]) => !isList(values));
  if (wrong !== undefined) throw noRows(where, result, `, whose "${wrong[0]}" is ${shown(wrong[1])}`);
  return new Map(entries as [string, ArrayLike<unknown>][]); // just looked at
}

function isList(value: unknown): boolean {
  return Array.isArray(value) || (ArrayBuffer.isView(value) && !(value instanceof DataView));
}

function listsOfRows(rows: readonly unknown[], where: string): Lists {
  const lists = new Map<string, unknown[]>();
  rows.forEach((row, i) => {
    if (typeof row !== "object" || row === null || Array.isArray(row)) throw noRows(where, row, ` as row ${i}`);
    for (const [name, value] of Object.entries(row)) {
      let list = lists.get(name);
      if (list === undefined) lists.set(name, (list = new Array<unknown>(rows.length).fill(null)));
      list[i] = value;
    }
  });
  return lists;
}

function lengthOf(lists: Lists, where: string): number {
  const [first, ...others] = [...lists];
  if (first === undefined) return 0;
  const other = others.find(([, values]) => values.length !== first[1].length);
  if (other === undefined) return first[1].length;
  throw new TypeMismatchError(
    `${where} gave ${first[1].length} values in column "${first[0]}" and ${other[1].length} in "${other[0]}".`,
    { fields: { columns: [first[0], other[0]] }, fix: "give as many in each." },
  );
}

/** A list of rows without any has no columns, and lacks none. */
function refuseOtherNames(schema: Schema, names: readonly string[], where: string, rows: number): void {
  const lacking = schema.find(({ name }) => !names.includes(name));
  if (lacking !== undefined) throw misfit(where, lacking.name, lacking.type, "no such column", schema);
  const more = names.find((name) => !schema.some((field) => field.name === name));
  if (more !== undefined) throw misfit(where, more, undefined, `a column of ${rows} rows`, schema);
}

function misfit(
  where: string,
  column: string,
  expected: ScalarType | undefined,
  found: string,
  schema: Schema,
): TypeMismatchError {
  const columns = schema.map(({ name, type }) => `${name} ${type}`).join(", ");
  return new TypeMismatchError(
    `${where} was to give ${columns}: column "${column}" expects ${expected ?? "not to be there"}, found ${found}.`,
    {
      fields: { column, found, ...(expected === undefined ? {} : { expected }) },
      fix: "correct the function, or say which columns come out: mapPartitions(fn, { schema: { … } }).",
    },
  );
}

function noRows(where: string, found: unknown, which = ""): TypeMismatchError {
  return new TypeMismatchError(
    `${where} expects an Arrow table, a list of rows, or columns by name, found ${shown(found)}${which}.`,
    { fields: { found: shown(found) }, fix: "return one of those." },
  );
}

function shown(value: unknown): string {
  if (typeof value === "string") return JSON.stringify(value.slice(0, 100));
  if (typeof value === "object" && value !== null) return Array.isArray(value) ? "an array" : "an object";
  return typeof value === "function" ? "a function" : String(value);
}
