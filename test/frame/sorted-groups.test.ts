import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { col, readCsv, size } from "../../lib/index.ts";
import type { Schema } from "../../lib/collections/schema.ts";
import { columnOf, valueAt, type Column, type Scalar } from "../../lib/kernels/frame/column.ts";
import type { Frame } from "../../lib/kernels/frame/encode.ts";
import { fromValues } from "../../lib/kernels/frame/from-values.ts";
import { GroupState } from "../../lib/kernels/frame/group.ts";
import { sortedGroups } from "../../lib/kernels/frame/groups/sorted-groups.ts";
import type { GroupSink } from "../../lib/kernels/frame/steps.ts";
import { explainPlan } from "../../lib/plan/explain.ts";
import { compute, planFor, store } from "./exchange-support.ts";

const SCHEMA: Schema = [
  { name: "s", type: "string" },
  { name: "k", type: "int64" },
  { name: "f", type: "float64" },
  { name: "b", type: "bool" },
  { name: "d", type: "date" },
  { name: "v", type: "float64" },
];
const v = col("v");
const aggregates = {
  size: size(),
  sum: v.sum(),
  whole: col("k").count(),
  mean: v.mul(2).mean(),
  max: v.max(),
  var: v.var(),
  corr: v.corr(col("f")),
  first: v.first(),
  last: col("s").last(),
  least: col("s").min(),
  median: v.median(),
  second: v.nthLargest(2),
  kinds: col("s").nunique(),
};

const text = fc.oneof(
  fc.constantFrom("", "a", "b", "ab", "\u0000", "\uffff", "🙂", "longer than eight bytes", "longer than eight"),
  fc.nat(50).map((n) => `id${String(n).padStart(8, "0")}`),
);
const whole = fc.oneof(fc.nat(9), fc.constantFrom(-1, 2 ** 31, -(2 ** 40), 2 ** 53), fc.integer());
const wide = fc.oneof<fc.Arbitrary<number | bigint>[]>(whole, fc.constantFrom(2n ** 62n, -(2n ** 62n), 2n ** 60n + 1n));
const float = fc.oneof(fc.double(), fc.nat(5), fc.constantFrom(0, -0, NaN, Infinity, -Infinity, 0.1));
const orNull = <T extends Scalar>(arbitrary: fc.Arbitrary<T>) => fc.option<Scalar>(arbitrary, { freq: 9 });
const row = fc
  .oneof(whole, wide)
  .chain((k) =>
    fc.tuple(
      orNull(text),
      orNull(fc.constant(k)),
      orNull(float),
      orNull(fc.boolean()),
      orNull(fc.nat(40)),
      orNull(float),
    ),
  );
const keys = fc
  .subarray(["s", "k", "f", "b", "d"], { minLength: 1 })
  .chain((chosen) => fc.shuffledSubarray(chosen, { minLength: chosen.length, maxLength: chosen.length }));

function sinkOf(by: readonly string[], keepNulls: boolean): GroupSink {
  const named = Object.entries(aggregates).map(([name, { node }]) => ({ name, value: node }));
  return { to: "group", keys: by, aggregates: named, keepNulls };
}

/** Whole numbers as bigints, however they are held. */
function told({ schema, batch }: Frame) {
  const value = (column: Column, i: number) => {
    const found = valueAt(column, i);
    return typeof found === "number" && column.type !== "float64" ? BigInt(found) : found;
  };
  return schema.map(({ name, type }) => {
    const column = columnOf(batch, name);
    return [name, type, Array.from({ length: batch.rows }, (_, i) => value(column, i))];
  });
}

describe("rows in the order of their keys", () => {
  test("give what a table of groups gives, to the bit", () => {
    fc.assert(
      fc.property(fc.array(row, { maxLength: 120 }), keys, fc.boolean(), (rows, by, keepNulls) => {
        const columns = SCHEMA.map(({ name, type }, c): [string, Column] => [
          name,
          fromValues(
            type,
            rows.map((r) => r[c]),
          ),
        ]);
        const batch = { rows: rows.length, columns: new Map(columns) };
        const state = new GroupState(sinkOf(by, keepNulls), SCHEMA);
        state.update(batch);
        expect(told(sortedGroups(sinkOf(by, keepNulls), { schema: SCHEMA, batch }))).toEqual(told(state.finish()));
      }),
      { numRuns: 400 },
    );
  });

  test("many, with few and with many rows to a key", () => {
    for (const kinds of [3, 700, 60_000]) {
      const rows = 60_000;
      const columns = new Map<string, Column>([
        [
          "s",
          fromValues(
            "string",
            Array.from({ length: rows }, (_, i) => `key ${(i * 7_919) % kinds}`),
          ),
        ],
        [
          "k",
          fromValues(
            "int64",
            Array.from({ length: rows }, (_, i) => ((i * 104_729) % kinds) * 70_000),
          ),
        ],
        [
          "f",
          fromValues(
            "float64",
            Array.from({ length: rows }, (_, i) => ((i * 31) % 7) / 3),
          ),
        ],
        [
          "v",
          fromValues(
            "float64",
            Array.from({ length: rows }, (_, i) => i / 7),
          ),
        ],
      ]);
      const schema = SCHEMA.filter(({ name }) => columns.has(name));
      const sink = { ...sinkOf(["f", "s", "k"], false), aggregates: [{ name: "sum", value: v.sum().node }] };
      const state = new GroupState(sink, schema);
      state.update({ rows, columns });
      expect(told(sortedGroups(sink, { schema, batch: { rows, columns } }))).toEqual(told(state.finish()));
    }
  });
});

describe("where most rows are groups", () => {
  const rows = 220_000;
  const keyOf = (i: number) => (i * 7_919) % 200_003;
  const lines = Array.from({ length: rows }, (_, i) => `${String(keyOf(i)).padStart(6, "0")},${i % 3},${i / 8}\n`);
  const url = "memory://sorted-groups/many.csv";
  const frame = (blockSize: number) =>
    readCsv(url, { blockSize, types: { s: "string" } })
      .groupBy("s", "k")
      .agg({ n: size(), v: v.sum() });

  test("rows meet, and are grouped once; the same for every block size and number of threads", async () => {
    await store.put(url, Buffer.from(`s,k,v\n${lines.join("")}`));
    const plan = await planFor(frame(1 << 18), 2_000_000);
    const said = explainPlan(plan, []);
    expect(said).toMatch(
      /note {8}group by s, k: about \d+ groups of \d+ rows, few rows of one in any task: rows meet, and/,
    );
    expect(said).toContain("group by  s, k: n = size(), v = sum(v), of rows sorted by key");
    const expected = new Map<string, [number, number]>();
    for (let i = 0; i < rows; i++) {
      const key = `${String(keyOf(i)).padStart(6, "0")} ${i % 3}`;
      const [n, sum] = expected.get(key) ?? [0, 0];
      expected.set(key, [n + 1, sum + i / 8]);
    }
    const inOrder = [...expected]
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, values]) => `${key} ${values.join(" ")}`);
    for (const [blockSize, onThreads] of [
      [1 << 18, false],
      [1 << 20, true],
    ] as const) {
      const found = await compute(frame(blockSize), { taskBytes: 2_000_000, onThreads, blockSize });
      const told = found.rows.map(({ s, k, n, v }) => `${String(s)} ${String(k)} ${String(n)} ${String(v)}`);
      // Not line by line: there are too many for a matcher.
      expect(told.findIndex((line, i) => line !== inOrder[i])).toBe(-1);
      expect(told.length).toBe(inOrder.length);
    }
  });

  test("but states meet where a task has many rows of a group, or the same key comes again at once", async () => {
    const few = "memory://sorted-groups/few.csv";
    const chosen = (i: number) => ((i * 48_271) % 2_147_483_647) % 2_000;
    await store.put(few, Buffer.from(`s,k,v\n${lines.map((line, i) => `${chosen(i)}${line.slice(6)}`).join("")}`));
    const again = "memory://sorted-groups/again.csv";
    await store.put(
      again,
      Buffer.from(`s,k,v\n${lines.map((line, i) => `${(i >> 2) + 1e6}${line.slice(6)}`).join("")}`),
    );
    for (const from of [few, again]) {
      const by = readCsv(from, { blockSize: 1 << 22 })
        .groupBy("s")
        .agg({ n: size() });
      const said = explainPlan(await planFor(by, 200_000), []);
      expect(said).toMatch(/about \d+ groups, whose states meet in partitions/);
      expect(said).toContain("merge     states of groups by s");
    }
  });
});
