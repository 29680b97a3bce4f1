import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { difference } from "../../bench/agree.ts";
import { writeGroups, writeJoins } from "../../bench/data/h2o.ts";
import { checksOf } from "../../bench/jobs/h2o-checks.ts";
import { groupQuestions, joinQuestions } from "../../bench/jobs/h2o.queries.ts";
import * as abanico from "../../lib/index.ts";
import { rowsOfTable, type Cell } from "./rows.ts";

/** DuckDB's answers to the database benchmark: test/fixtures/h2o/make.py. */
interface Fixture {
  readonly few: number;
  readonly many: number;
  readonly answers: Readonly<
    Record<
      string,
      {
        readonly few: { readonly columns: readonly string[]; readonly rows: readonly (readonly Cell[])[] };
        readonly many: Readonly<Record<string, number>>;
      }
    >
  >;
}
const fixture = JSON.parse(readFileSync(new URL("../fixtures/h2o/answers.json", import.meta.url), "utf8")) as Fixture; // as make.py writes it

const questions = { ...groupQuestions, ...joinQuestions };
const folders = { few: mkdtempSync(join(tmpdir(), "h2o-few-")), many: mkdtempSync(join(tmpdir(), "h2o-many-")) };
beforeAll(async () => {
  for (const size of ["few", "many"] as const) {
    await writeGroups(folders[size], fixture[size]);
    await writeJoins(folders[size], fixture[size]);
  }
});
afterAll(() => Object.values(folders).forEach((folder) => rmSync(folder, { recursive: true, force: true })));

test("every question has an answer", () => {
  expect(Object.keys(questions)).toEqual(Object.keys(fixture.answers));
});

describe.each([2, 0])("with %i workers", (workers) => {
  let client: abanico.Client;
  beforeAll(async () => void (client = await abanico.Client.local({ workers, progress: false })));
  afterAll(() => client.close());

  test.each(Object.keys(questions))("%s", async (name) => {
    const answer = fixture.answers[name];
    const found = rowsOfTable(await client.compute(questions[name](abanico, folders.few)));
    expect([...found.columns].sort()).toEqual([...answer.few.columns].sort());
    const inOrder = answer.few.columns.map((column) => found.columns.indexOf(column));
    expect(told(found.rows.map((row) => inOrder.map((at) => row[at])))).toEqual(told(answer.few.rows));
    const many = await client.compute(questions[name](abanico, folders.many));
    expect(difference(answer.many, checksOf(many))).toBeUndefined();
  });
});

/** Rows in no order, floats to eleven digits. */
function told(rows: readonly (readonly Cell[])[]): string[] {
  const cell = (value: Cell) => (typeof value === "number" ? String(Number(value.toPrecision(11))) : String(value));
  return rows.map((row) => row.map(cell).join(" | ")).sort();
}
