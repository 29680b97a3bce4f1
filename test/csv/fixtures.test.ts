import { describe, expect, test } from "vitest";
import type { CsvOptions } from "../../lib/index.ts";
import { Client, col, readCsv, type Aggregate } from "../../lib/index.ts";
import type { ScalarType } from "../../lib/collections/schema.ts";
import { bits, fixture, fixtureJson, plain, spell, type Plain, type Value } from "./support.ts";

/** Every file that pandas has read, against what pandas read: see test/fixtures/csv/README.md. */

type Coded = Value | { readonly int: string } | { readonly repeat: string; readonly times: number };
type Columns = readonly { readonly name: string; readonly type: ScalarType }[];
type Kind = "sum" | "mean" | "min" | "max" | "count";
interface Group {
  readonly key: string;
  readonly aggs: Readonly<Record<string, readonly [column: string, kind: Kind]>>;
  readonly columns: Columns;
  readonly rows: readonly Readonly<Record<string, Coded>>[];
}
interface Case {
  readonly options: CsvOptions;
  readonly columns: Columns;
  readonly rows: number;
  readonly data: Readonly<Record<string, readonly Coded[]>>;
  readonly groupBy?: readonly Group[];
}

function decoded(value: Coded, type: ScalarType): Value {
  if (value === null) return null;
  if (typeof value === "object") return "int" in value ? BigInt(value.int) : value.repeat.repeat(value.times);
  if (type === "int64") return BigInt(value);
  return type === "float64" ? Number(value) : value;
}

function expected({ columns, rows, data }: Case): Plain {
  return {
    columns,
    rows,
    data: Object.fromEntries(columns.map(({ name, type }) => [name, data[name].map((v) => decoded(v, type))])),
  };
}

function near(a: Value, b: Value): boolean {
  if (typeof a !== "number" || typeof b !== "number" || !Number.isFinite(a)) return spell(a) === spell(b);
  return Math.abs(a - b) <= 1e-12 * Math.max(1, Math.abs(b));
}

function checkGroup(found: Plain, { columns, rows }: Group): void {
  expect(found.columns).toEqual(columns);
  expect(found.rows).toBe(rows.length);
  for (const { name, type } of columns)
    found.data[name].forEach((value, i) => {
      const wanted = decoded(rows[i][name], type);
      // -0 and 0 are one group, and one sum.
      const same = near(value, wanted) || (value === 0 && wanted === 0);
      expect(same, `${name}[${i}]: ${spell(value)}, pandas: ${spell(wanted)}`).toBe(true);
    });
}

const names = fixtureJson<readonly string[]>("cases.json");

describe.each([
  ["inline", 0],
  ["two threads", 2],
])("%s", async (_, workers) => {
  const client = await Client.local({ workers, progress: false, memoryLimit: "256MB" });

  test.each(names)("%s", async (name) => {
    const wanted = fixtureJson<Case>(`${name}.json`);
    const frame = readCsv(fixture(`${name}.csv`), wanted.options);
    expect(bits(plain(await client.compute(frame)))).toBe(bits(expected(wanted)));
    for (const group of wanted.groupBy ?? []) {
      const aggs = Object.entries(group.aggs).map(([out, [column, kind]]): [string, Aggregate] => [
        out,
        col(column)[kind](),
      ]);
      checkGroup(plain(await client.compute(frame.groupBy(group.key).agg(Object.fromEntries(aggs)))), group);
    }
  });

  test("the client ends", () => client.close());
});
