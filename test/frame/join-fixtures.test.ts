import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { col, readCsv, type DataFrame } from "../../lib/index.ts";
import type { JoinNode } from "../../lib/collections/dataframe/nodes.ts";
import { compute, type Setting } from "./exchange-support.ts";
import type { Value } from "./reference.ts";

/** What DuckDB and pandas make of the same files: see the make.py beside them. */

const file = (name: string) => fileURLToPath(new URL(`../fixtures/${name}`, import.meta.url));
const answers = <T>(name: string) => JSON.parse(readFileSync(file(name), "utf8")) as T; // as make.py wrote it

function frameOf(name: string): DataFrame {
  const types = { name: "string", key: "int64", n: "float64", d: "float64", row: "int64" } as const;
  return readCsv(file(name), { types, blockSize: 300 })
    .assign({ ratio: col("n").div(col("d")) })
    .drop("n", "d");
}

const settings: readonly Setting[] = [
  { taskBytes: Infinity, onThreads: false, blockSize: 300 },
  { taskBytes: 1_000, onThreads: true, blockSize: 300 },
];
const numbers = (values: readonly Value[]) => values.map((value) => (value === null ? null : Number(value)));

describe.each(settings)("with $taskBytes bytes a task", (how) => {
  interface Join {
    readonly on: readonly string[];
    readonly how: JoinNode["how"];
    readonly pairs: readonly (readonly (number | null)[])[];
  }
  test.each(answers<Join[]>("join/answers.json"))("a $how join on $on is DuckDB's", async (answer) => {
    const joined = frameOf("join/left.csv").join(frameOf("join/right.csv"), { on: answer.on, how: answer.how });
    const { schema, rows } = await compute(joined, how);
    const left = schema.some(({ name }) => name === "row_x") ? "row_x" : "row";
    const pairs = rows.map((row) => JSON.stringify(numbers([row[left], row["row_y"] ?? null])));
    expect(pairs.sort()).toEqual(answer.pairs.map((pair) => JSON.stringify(pair)).sort());
  });

  interface Sorts {
    readonly sorts: readonly {
      readonly by: readonly string[];
      readonly descending: boolean;
      readonly nulls: "first" | "last";
      readonly rows: readonly number[];
    }[];
    readonly distinct: readonly { readonly by: readonly string[]; readonly rows: readonly number[] }[];
    readonly counts: readonly (readonly [string, number])[];
  }
  const { sorts, distinct, counts } = answers<Sorts>("sort/answers.json");
  test.each(sorts)("a sort by $by (descending: $descending, nulls $nulls) is pandas'", async (answer) => {
    const { descending, nulls } = answer;
    const { rows } = await compute(frameOf("join/left.csv").sort(answer.by, { descending, nulls }), how);
    expect(numbers(rows.map(({ row }) => row))).toEqual(answer.rows);
  });

  test.each(distinct)("distinct rows by $by are pandas'", async ({ by, rows: wanted }) => {
    const { rows } = await compute(frameOf("join/left.csv").distinct(by), how);
    expect(numbers(rows.map(({ row }) => row))).toEqual(wanted);
  });

  test("counts of values are pandas'", async () => {
    const { rows } = await compute(frameOf("join/left.csv").valueCounts("name"), how);
    const sorted = rows.map(({ name, count }) => [name, Number(count)]);
    expect(sorted).toEqual(counts);
  });
});
