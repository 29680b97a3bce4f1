import type { Table } from "apache-arrow";
import { cellsOf } from "./cells.ts";
import { formatTable } from "./format-table.ts";

export const FORMATS = ["table", "csv", "json"] as const;
export type Format = (typeof FORMATS)[number];

/** Text that is written at once, in characters. */
const PIECE = 64 * 1024;

/** A table in pieces of text. `rows`: how many a text table shows. */
export function* printTable(table: Table, format: Format, rows: number): Generator<string> {
  if (format === "table") yield `${formatTable(table, rows)}\n`;
  else yield* pieces(format === "csv" ? csvLines(table) : jsonLines(table));
}

/** RFC 4180 with line feeds. A null is an empty field, the empty string "". */
function* csvLines(table: Table): Generator<string> {
  const names = table.schema.fields.map(({ name }) => name);
  yield `${names.map((name) => csvField(name)).join(",")}\n`;
  for (const values of rowsOf(table)) yield `${values.map(csvField).join(",")}\n`;
}

function csvField(value: unknown): string {
  if (value === null || value === undefined) return "";
  const text = String(value);
  // Floats keep their point, so that they are read as floats again.
  if (typeof value === "number") return /^-?\d+$/.test(text) ? `${text}.0` : text;
  return typeof value === "string" && (text === "" || /[",\r\n]/.test(text)) ? `"${text.replaceAll('"', '""')}"` : text;
}

/** An array of objects, one a line. Integers keep all their digits; NaN and infinities, which JSON lacks, are null. */
function* jsonLines(table: Table): Generator<string> {
  const keys = table.schema.fields.map(({ name }) => JSON.stringify(name));
  let before = "[";
  for (const values of rowsOf(table)) {
    yield `${before}\n  { ${values.map((value, i) => `${keys[i]}: ${jsonValue(value)}`).join(", ")} }`;
    before = ",";
  }
  yield before === "[" ? "[]\n" : "\n]\n";
}

function jsonValue(value: unknown): string {
  return typeof value === "bigint" ? value.toString() : JSON.stringify(value ?? null);
}

function* rowsOf(table: Table): Generator<unknown[]> {
  const columns = table.schema.fields.map((_, i) => cellsOf(table.getChildAt(i)));
  for (let row = 0; row < table.numRows; row++) yield columns.map((cell) => cell(row));
}

function* pieces(lines: Iterable<string>): Generator<string> {
  let piece = "";
  for (const line of lines) {
    piece += line;
    if (piece.length < PIECE) continue;
    yield piece;
    piece = "";
  }
  if (piece !== "") yield piece;
}
