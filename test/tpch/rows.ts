import type { Table } from "../../lib/index.ts";

/** A value as JSON has it: integers are numbers, dates are texts as ISO 8601 has them. */
export type Cell = null | boolean | number | string;

/** A table as rows of plain values. Integers beyond 2^53 are an error. */
export function rowsOfTable(table: Table): { readonly columns: readonly string[]; readonly rows: readonly Cell[][] } {
  const { fields } = table.schema;
  const rows = Array.from({ length: table.numRows }, (_, row) =>
    fields.map(({ type }, column): Cell => {
      const value: unknown = table.getChildAt(column)?.get(row);
      if (value === null || value === undefined) return null;
      if (String(type).startsWith("Date")) return new Date(Number(value)).toISOString().slice(0, 10);
      if (typeof value === "bigint") {
        if (!Number.isSafeInteger(Number(value))) throw new RangeError(`${value} is beyond 2^53`);
        return Number(value);
      }
      return value as Cell; // what the types of frames are in Arrow
    }),
  );
  return { columns: fields.map(({ name }) => name), rows };
}
