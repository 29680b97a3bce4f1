import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { formatNode } from "../../lib/collections/dataframe/format-node.ts";
import type { ScalarType } from "../../lib/collections/schema.ts";
import { compute, store, type Setting } from "../frame/exchange-support.ts";
import type { Value } from "../frame/reference.ts";
import { csvOf, frameOfCase, readTable, type Case, type Cases, type Cell } from "./case.ts";

/**
 * Random pipelines over random tables, against DuckDB's answers; each is run over several cuts of the files and of the data. ABANICO_FUZZ names
 * another file of cases, which `python test/fixtures/fuzz/make.py SEED CASES FILE` makes: thousands, where time allows.
 */
const path = process.env["ABANICO_FUZZ"] ?? new URL("../fixtures/fuzz/cases.json", import.meta.url);
const { tables, cases } = JSON.parse(readFileSync(path, "utf8")) as Cases; // as make.py writes it
const SETTINGS: readonly Setting[] = [
  { taskBytes: Infinity, onThreads: false, blockSize: 60 },
  { taskBytes: Infinity, onThreads: false, blockSize: 1 << 20 },
  { taskBytes: 40_000, onThreads: false, blockSize: 200 },
  { taskBytes: Infinity, onThreads: true, blockSize: 500 },
];
const CHUNK = 50;

for (const [n, table] of tables.entries()) await store.put(`memory://fuzz/${n}.csv`, Buffer.from(csvOf(table)));

test.each(Array.from({ length: Math.ceil(cases.length / CHUNK) }, (_, i) => i * CHUNK))(
  "DuckDB's answers, from case %i",
  async (start) => {
    const problems: string[] = [];
    for (const [i, one] of cases.slice(start, start + CHUNK).entries())
      // The smallest cut for all, and one of the others.
      for (const how of [SETTINGS[0], SETTINGS[1 + (i % 3)]]) {
        const problem = await problemOf(one, how);
        if (problem !== undefined) problems.push(problem);
      }
    expect(problems.slice(0, 3).join("\n\n")).toBe("");
  },
  300_000,
);

async function problemOf(one: Case, how: Setting): Promise<string | undefined> {
  const frame = frameOfCase(one, (n) => readTable(`memory://fuzz/${n}.csv`, how.blockSize));
  const say = (what: string) => `case ${one.seed}, ${JSON.stringify(how)}: ${what}\n${formatNode(frame.node)}`;
  try {
    const { schema, rows } = await compute(frame, how);
    const names = one.columns.map(([name, type]) => `${name} ${type}`).join();
    const found = schema.map(({ name, type }) => `${name} ${type}`).join();
    if (found !== names) return say(`columns ${found}, not ${names}`);
    const cells = rows.map((row) => one.columns.map(([name, type]) => told(row[name], type)).join(" | "));
    const wanted = one.rows.map((row) =>
      row.map((cell, i) => told(valueOf(cell, one.columns[i][1]), one.columns[i][1])).join(" | "),
    );
    if (!one.ordered) [cells, wanted].forEach((list) => list.sort());
    if (cells.join("\n") === wanted.join("\n")) return undefined;
    return say(`\n${cells.join("\n")}\nis not\n${wanted.join("\n")}`);
  } catch (error) {
    return say(`failed: ${error instanceof Error ? error.stack : String(error)}`);
  }
}

/** A cell as frames hold it: integers as bigint, dates as days. */
function valueOf(cell: Cell, type: ScalarType): Value {
  if (cell === null) return null;
  if (type === "int64") return BigInt(cell);
  if (type === "float64") return Number(cell);
  return type === "date" ? Date.parse(`${String(cell)}T00:00:00Z`) / 86_400_000 : cell;
}

/** Floats to twelve digits; of zero the sign is left out, and NaN is told from null. */
function told(value: Value, type: ScalarType): string {
  if (type === "float64" && typeof value === "number") return String(Number(value.toPrecision(12)) + 0);
  return typeof value === "string" ? JSON.stringify(value) : String(value);
}
