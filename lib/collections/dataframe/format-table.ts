import type { Table } from "apache-arrow";
import { cellsOf } from "./cells.ts";

/** An Arrow table as text: names, types and at most `rows` rows. `rows` less than the table's say that there are more. */
export function formatTable(table: Table, rows = 10): string {
  const shown = Math.min(rows, table.numRows);
  const columns = table.schema.fields.map((field, i) => {
    const cell = cellsOf(table.getChildAt(i));
    const cells = Array.from({ length: shown }, (_, row) => formatValue(cell(row)));
    const type = typeName(String(field.type));
    return { cells: [formatValue(field.name), type, ...cells], right: type !== "string" };
  });
  const widths = columns.map(({ cells }) => Math.max(...cells.map(widthOf)));
  const lines = Array.from({ length: shown + 2 }, (_, line) =>
    columns
      .map(({ cells, right }, i) => fit(cells[line], widths[i], right))
      .join("  ")
      .trimEnd(),
  );
  const rule = widths.map((width) => "─".repeat(width)).join("  ");
  const more = table.numRows > shown ? ["…"] : [];
  const count = table.numRows > shown ? [] : [`(${shown} ${shown === 1 ? "row" : "rows"})`];
  return [...lines.slice(0, 2), rule, ...lines.slice(2), ...more, ...count].join("\n");
}

function typeName(arrow: string): string {
  const names: Readonly<Record<string, string>> = {
    Int64: "int64",
    Float64: "float64",
    Bool: "bool",
    "Date32<DAY>": "date",
    "Timestamp<MICROSECOND>": "timestamp",
  };
  return names[arrow] ?? "string";
}

const MAX_WIDTH = 40;

function formatValue(value: unknown): string {
  if (value === null || value === undefined) return "null";
  if (typeof value === "number")
    return Number.isInteger(value) && Math.abs(value) < 1e15 ? value.toFixed(1) : String(Number(value.toPrecision(12)));
  const text = String(value).replace(/[\r\n\t]/g, (c) => ({ "\r": "\\r", "\n": "\\n", "\t": "\\t" })[c] ?? c);
  return [...text].length > MAX_WIDTH ? `${[...text].slice(0, MAX_WIDTH - 1).join("")}…` : text;
}

/** Columns that a terminal gives the text: wide characters (East Asian, emoji) take two. */
function widthOf(text: string): number {
  let width = 0;
  for (const char of text)
    width +=
      /\p{Extended_Pictographic}|[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60]/u.test(
        char,
      )
        ? 2
        : 1;
  return width;
}

function fit(text: string, width: number, right: boolean): string {
  const space = " ".repeat(width - widthOf(text));
  return right ? space + text : text + space;
}
