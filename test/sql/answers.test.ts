import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import type { Table } from "apache-arrow";
import { afterAll, describe, expect, test } from "vitest";
import { Client, readCsv, sql } from "../../lib/index.ts";
import { cellsOf } from "../../lib/collections/dataframe/cells.ts";

/** Queries over small tables, against DuckDB's answers: see test/fixtures/sql/make.py. */

const folder = new URL("../fixtures/sql/", import.meta.url);
const path = (name: string) => fileURLToPath(new URL(name, folder));

type Cell = null | boolean | number | string | bigint | { readonly float: string } | { readonly int: string };
interface Answer {
  readonly name: string;
  readonly sql: string;
  readonly columns: readonly string[];
  readonly ordered: boolean;
  readonly rows: readonly (readonly Cell[])[];
}
const answers = JSON.parse(await readFile(path("answers.json"), "utf8")) as readonly Answer[]; // made by the generator

const tables = {
  // Small blocks, so that there are several tasks.
  sales: readCsv(path("sales.csv"), { types: { day: "date", moment: "timestamp", shop: "int64" }, blockSize: 700 }),
  shops: readCsv(path("shops.csv")),
  regions: readCsv(path("regions.csv")),
  numbers: readCsv(path("numbers.csv"), { blockSize: 60 }),
};

const inline = await Client.local({ workers: 0, progress: false });
const threads = await Client.local({ workers: 2, progress: false });
afterAll(() => Promise.all([inline.close(), threads.close()]));

/** Columns that a query does not name are named otherwise here than in DuckDB. */
const isNamed = (name: string) => /^[\w ]+$/.test(name);

describe.each([
  ["inline", inline],
  ["threads", threads],
])("DuckDB's answers, %s", (_, client) => {
  test.each(answers.map((answer) => [answer.name, answer] as const))("%s", async (_name, answer) => {
    const table = await client.compute(sql(answer.sql, tables));
    const names = table.schema.fields.map(({ name }) => name);
    expect(names.length).toBe(answer.columns.length);
    expect(names.filter((_, i) => isNamed(answer.columns[i]))).toEqual(answer.columns.filter(isNamed));
    const [found, wanted] = [rowsOf(table), answer.rows.map((row) => row.map(value))];
    expect(answer.ordered ? found : inOrder(found)).toEqual(answer.ordered ? wanted : inOrder(wanted));
  });
});

function rowsOf(table: Table): unknown[][] {
  const columns = table.schema.fields.map((_, i) => cellsOf(table.getChildAt(i)));
  return Array.from({ length: table.numRows }, (_, row) => columns.map((cell) => value(cell(row) as Cell)));
}

/** Integers and floats of one value are one, floats have 12 digits; times as ISO 8601 has them, midnight as its day. */
function value(cell: Cell): unknown {
  if (typeof cell === "object" && cell !== null) return "int" in cell ? cell.int : cell.float;
  if (typeof cell === "bigint") return Number.isSafeInteger(Number(cell)) ? Number(cell) : cell.toString();
  if (typeof cell === "number") return Number.isFinite(cell) ? Number(cell.toPrecision(12)) + 0 : String(cell);
  if (typeof cell !== "string") return cell;
  const time = /^(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d:\d\d)(\.\d+)?Z?$/.exec(cell);
  return time === null ? cell : time[2] === "00:00:00" ? time[1] : `${time[1]}T${time[2]}`;
}

function inOrder(rows: readonly (readonly unknown[])[]): unknown[] {
  return rows.toSorted((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1));
}
