import fc from "fast-check";
import { expect, test } from "vitest";
import { col, type DataFrame } from "../../lib/index.ts";
import type { SortKeyNode } from "../../lib/collections/dataframe/nodes.ts";
import {
  compareValues,
  compute,
  frameOf,
  isMissing,
  madeRows,
  planFor,
  setting,
  told,
  type Rows,
} from "./exchange-support.ts";
import type { Row } from "./reference.ts";

const keys = fc
  .shuffledSubarray(["k", "i", "f", "b"], { minLength: 1, maxLength: 3 })
  .chain((columns) =>
    fc
      .tuple(
        fc.array(fc.boolean(), { minLength: columns.length, maxLength: columns.length }),
        fc.constantFrom("first" as const, "last" as const),
      )
      .map(([descending, nulls]) =>
        columns.map((column, i): SortKeyNode => ({ column, descending: descending[i], nulls })),
      ),
  );

function sorted(rows: readonly Row[], by: readonly SortKeyNode[]): Row[] {
  const compare = (a: Row, b: Row) => {
    for (const { column, descending, nulls } of by) {
      const [x, y] = [isMissing(a[column]), isMissing(b[column])];
      if (x !== y) return x === (nulls === "first") ? -1 : 1;
      const c = x ? 0 : compareValues(a[column], b[column]);
      if (c !== 0) return descending ? -c : c;
    }
    return 0;
  };
  return [...rows].sort(compare);
}

function sortBy(frame: DataFrame, by: readonly SortKeyNode[]): DataFrame {
  return frame.sort(
    by.map(({ column }) => column),
    { descending: by.map(({ descending }) => descending), nulls: by[0].nulls },
  );
}

test("sorts as JavaScript's stable sort does, in one place and in parts", async () => {
  await fc.assert(
    fc.asyncProperty(madeRows, keys, setting, async (made, by, how) => {
      const { frame, rows } = await frameOf(made, how.blockSize);
      const found = await compute(sortBy(frame, by), how);
      expect(told(found)).toEqual(told({ ...rows, rows: sorted(rows.rows, by) }));
    }),
    { numRuns: 60 },
  );
}, 120_000);

test("what comes behind a sort finds the rows in order, and sorts may follow each other", async () => {
  await fc.assert(
    fc.asyncProperty(madeRows, keys, keys, fc.nat(70), setting, async (made, by, before, count, how) => {
      const { frame, rows } = await frameOf(made, how.blockSize);
      const twice = sorted(sorted(rows.rows, before), by);
      const schema = rows.schema.filter(({ name }) => name === "p");
      const wanted: Rows = { schema, rows: twice };
      expect(told(await compute(sortBy(sortBy(frame, before), by).select("p"), how))).toEqual(told(wanted));
      const head = sortBy(frame, by)
        .assign({ q: col("p").mul(2) })
        .select("q")
        .head(count);
      const first = sorted(rows.rows, by)
        .slice(0, count)
        .map(({ p }): Row => ({ q: BigInt(p as bigint) * 2n })); // p is an integer
      expect(told(await compute(head, how))).toEqual(told({ schema: [{ name: "q", type: "int64" }], rows: first }));
      const tail = sortBy(frame, by).select("p").tail(count);
      expect(told(await compute(tail, how))).toEqual(
        told({ schema, rows: sorted(rows.rows, by).slice(Math.max(0, rows.rows.length - count)) }),
      );
    }),
    { numRuns: 25 },
  );
}, 120_000);

test("rows that are all equal are parted evenly", async () => {
  const made = Array.from({ length: 4_000 }, () => ({ k: "same", i: 7n, f: "3,2", b: true }));
  const { frame } = await frameOf(made, 3_000);
  const plan = await planFor(frame.sort("k"), 40_000);
  const [sample, send, finish] = plan.stages;
  expect([sample.output.kind, send.output.kind, finish.output.kind]).toEqual(["keep", "exchange", "fold"]);
  const most = send.output.kind === "exchange" ? send.output.partitions : 0;
  expect(most).toBeGreaterThan(20);
  const rows = await compute(frame.sort("k"), { taskBytes: 40_000, onThreads: false, blockSize: 3_000 });
  expect(rows.rows.map(({ p }) => Number(p))).toEqual(made.map((_, i) => i));
});

test("a limit on an order meets it before rows are moved", async () => {
  const { frame } = await frameOf([], 100);
  const plan = await planFor(
    frame
      .sort("i")
      .assign({ j: col("i").add(1) })
      .head(3),
    600,
  );
  expect(plan.stages).toHaveLength(1);
  expect(plan.notes).toContain("limit pushed down: each task gives its first 3 rows by i");
});

test("sort refuses what it cannot mean", async () => {
  const { frame } = await frameOf([], 100);
  expect(() => frame.sort([])).toThrow(/expects column names, found none/);
  expect(() => frame.sort(["i", "i"])).toThrow(/names "i" twice/);
  expect(() => frame.sort(["i", "k"], { descending: [true] })).toThrow(/one of them for each of the 2 columns/);
  // @ts-expect-error: users of plain JavaScript do it
  expect(() => frame.sort("i", { nulls: "middle" })).toThrow(/expects "first" or "last", found "middle"/);
  await expect(planFor(frame.sort("x"), 600)).rejects.toThrow(/no column "x"/);
});
