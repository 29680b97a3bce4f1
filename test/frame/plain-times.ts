import { Vector } from "apache-arrow";
import type { Table } from "../../lib/index.ts";

/** A table's columns as JSON would have them: integers as numbers, dates and timestamps as ISO 8601 has them. */
export function toPlainRows(table: Table): Record<string, (null | boolean | number | string)[]> {
  return Object.fromEntries(
    table.schema.fields.map(({ name, type }, i) => {
      const vector = table.getChildAt(i) ?? new Vector([]);
      return [name, Array.from(vector, (value: unknown) => plainValue(value, String(type)))];
    }),
  );
}

function plainValue(value: unknown, type: string): null | boolean | number | string {
  if (value === null || value === undefined) return null;
  if (type.startsWith("Date")) return new Date(Number(value)).toISOString().slice(0, 10);
  if (type.startsWith("Timestamp")) return spellMicroseconds(Math.round(Number(value) * 1000));
  if (typeof value === "bigint") return Number(value);
  if (typeof value === "number" || typeof value === "boolean") return value;
  return String(value as string); // what is left are texts
}

function spellMicroseconds(count: number): string {
  const seconds = Math.floor(count / 1e6);
  return `${new Date(seconds * 1000).toISOString().slice(0, 19)}.${String(count - seconds * 1e6).padStart(6, "0")}`;
}
