import { createHash } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { TPCH_TABLES, writeTpch } from "../../bench/data/tpch.ts";
import { TPCH_QUERIES, readTpch, tpch, type TpchQuery } from "../../bench/jobs/tpch.queries.ts";
import * as abanico from "../../lib/index.ts";
import { rowsOfTable, type Cell } from "./rows.ts";

/** DuckDB's answers, with money as decimals, over data of our own generator: see test/fixtures/tpch/make.py. */
interface Answers {
  readonly scale: number;
  readonly quantity: number;
  readonly sha256: string;
  readonly answers: Readonly<
    Record<TpchQuery, { readonly columns: readonly string[]; readonly rows: readonly (readonly Cell[])[] }>
  >;
}
const wanted = JSON.parse(readFileSync(new URL("../fixtures/tpch/answers.json", import.meta.url), "utf8")) as Answers; // as make.py writes it

const folder = mkdtempSync(join(tmpdir(), "tpch-"));
beforeAll(() => writeTpch(folder, wanted.scale));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

test("the data is what DuckDB answered for", () => {
  const hash = createHash("sha256");
  for (const table of TPCH_TABLES) hash.update(readFileSync(join(folder, `${table}.csv`)));
  expect(hash.digest("hex")).toBe(wanted.sha256);
});

/** Little memory sends joins and groups through exchanges. */
describe.each([
  { workers: 2, memoryLimit: "2GB", blockSize: "16MB" },
  { workers: 2, memoryLimit: "24MB", blockSize: "500kB" },
  { workers: 0, memoryLimit: "2GB", blockSize: "2MB" },
])("with $workers workers of $memoryLimit, blocks of $blockSize", ({ blockSize, ...options }) => {
  let client: abanico.Client;
  beforeAll(async () => void (client = await abanico.Client.local({ ...options, progress: false })));
  afterAll(() => client.close());

  test.each(TPCH_QUERIES)("%s", async (name) => {
    const frame = tpch[name](abanico, readTpch(abanico, folder, { blockSize }), wanted.quantity);
    const { columns, rows } = rowsOfTable(await client.compute(frame));
    const answer = wanted.answers[name];
    expect(columns).toEqual(answer.columns);
    expect(answer.rows.length).toBeGreaterThan(0);
    expect(rows.length).toBe(answer.rows.length);
    rows.forEach((row, i) => row.forEach((cell, j) => expectClose(cell, answer.rows[i][j], `row ${i}, ${columns[j]}`)));
  });
});

/** Sums of decimals are exact, those of floats are not. */
function expectClose(found: Cell, expected: Cell, where: string): void {
  if (typeof found !== "number" || typeof expected !== "number") return expect(found, where).toBe(expected);
  expect(Math.abs(found - expected), `${where}: ${found}, not ${expected}`).toBeLessThanOrEqual(
    1e-10 * Math.abs(expected),
  );
}
