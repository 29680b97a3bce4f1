import fc from "fast-check";
import { expect, test } from "vitest";
import { concat, lit, size } from "../../lib/index.ts";
import { compareValues, compute, frameOf, isMissing, madeRows, planFor, setting, told } from "./exchange-support.ts";
import type { Row } from "./reference.ts";

const columns = fc.shuffledSubarray(["k", "i", "f", "b"], { minLength: 1 });

/** Values as text: null is NaN, 0 is −0. */
const keyOf = (row: Row, names: readonly string[]) =>
  JSON.stringify(names.map((name) => (isMissing(row[name]) ? null : String(row[name]))));

function firsts(rows: readonly Row[], names: readonly string[]): Row[] {
  const seen = new Set<string>();
  return rows.filter((row) => {
    const key = keyOf(row, names);
    return !seen.has(key) && seen.add(key);
  });
}

test("distinct keeps the first row of each kind, in order", async () => {
  await fc.assert(
    fc.asyncProperty(madeRows, columns, setting, async (made, names, how) => {
      const { frame, rows } = await frameOf(made, how.blockSize);
      const wanted = firsts(rows.rows, names);
      expect(told(await compute(frame.distinct(names), how))).toEqual(told({ ...rows, rows: wanted }));
      const few = frame.select(names).distinct();
      const schema = names.flatMap((name) => rows.schema.filter((field) => field.name === name));
      expect(told(await compute(few, how))).toEqual(told({ schema, rows: wanted }));
    }),
    { numRuns: 50 },
  );
}, 120_000);

test("groups of many keys are those of few, in their order", async () => {
  await fc.assert(
    fc.asyncProperty(madeRows, columns, fc.boolean(), setting, async (made, names, keepNulls, how) => {
      const { frame } = await frameOf(made, how.blockSize);
      const grouped = frame.groupBy(names, { keepNulls }).agg({ n: size() });
      const fold = await compute(grouped, { ...how, taskBytes: Infinity });
      expect(told(await compute(grouped, how))).toEqual(told(fold));
    }),
    { numRuns: 50 },
  );
}, 120_000);

test("groups of what was joined are in order, whether they are few or many", async () => {
  await fc.assert(
    fc.asyncProperty(madeRows, fc.boolean(), setting, async (made, keepNulls, how) => {
      const { frame } = await frameOf(made, how.blockSize);
      const joined = frame.join(frame, { on: "p", how: "outer" }).groupBy(["k_x", "i_y"], { keepNulls });
      const alone = frame.rename({ k: "k_x", i: "i_y" }).groupBy(["k_x", "i_y"], { keepNulls });
      const wanted = await compute(alone.agg({ n: size() }), { ...how, taskBytes: Infinity });
      expect(told(await compute(joined.agg({ n: size() }), how))).toEqual(told(wanted));
    }),
    { numRuns: 25 },
  );
}, 120_000);

test("counts of values: the most frequent first, then by value", async () => {
  await fc.assert(
    fc.asyncProperty(madeRows, setting, async (made, how) => {
      const { frame, rows } = await frameOf(made, how.blockSize);
      const counts = new Map<string, bigint>();
      for (const { k } of rows.rows) if (typeof k === "string") counts.set(k, (counts.get(k) ?? 0n) + 1n);
      const sorted = [...counts].sort(([a, x], [b, y]) => Number(y - x) || compareValues(a, b));
      const schema = [
        { name: "k", type: "string" },
        { name: "count", type: "int64" },
      ] as const;
      const wanted = { schema, rows: sorted.map(([k, count]): Row => ({ k, count })) };
      expect(told(await compute(frame.valueCounts("k"), how))).toEqual(told(wanted));
    }),
    { numRuns: 30 },
  );
}, 120_000);

test("nulls are dropped and filled", async () => {
  await fc.assert(
    fc.asyncProperty(madeRows, fc.subarray(["k", "i", "f", "b"]), setting, async (made, names, how) => {
      const { frame, rows } = await frameOf(made, how.blockSize);
      const dropped = rows.rows.filter((row) =>
        (names.length === 0 ? Object.keys(row) : names).every((name) => row[name] !== null),
      );
      expect(told(await compute(frame.dropNulls(names), how))).toEqual(told({ ...rows, rows: dropped }));
      const filled = rows.rows.map((row): Row => ({ ...row, i: row["i"] ?? 7n, f: row["f"] ?? 7 }));
      expect(told(await compute(frame.fillNull(7), how))).toEqual(told({ ...rows, rows: filled }));
      const each = rows.rows.map((row): Row => ({ ...row, k: row["k"] ?? "none", b: row["b"] ?? false }));
      const both = frame.fillNull({ k: "none", b: lit(false) });
      expect(told(await compute(both, how))).toEqual(told({ ...rows, rows: each }));
    }),
    { numRuns: 30 },
  );
}, 120_000);

test("a sample does not depend on how files are cut, and grows with its fraction", async () => {
  await fc.assert(
    fc.asyncProperty(madeRows, fc.nat(5), setting, async (made, seed, how) => {
      const { frame } = await frameOf(made, how.blockSize);
      const whole = await frameOf(made, 1 << 20);
      const small = await compute(frame.sample(0.3, { seed }), how);
      expect(told(small)).toEqual(told(await compute(whole.frame.sample(0.3, { seed }), how)));
      const large = told(await compute(frame.sample(0.7, { seed }), how));
      for (const line of told(small)) expect(large).toContain(line);
    }),
    { numRuns: 30 },
  );
  const made = Array.from({ length: 5_000 }, () => ({ k: "a", i: 1n, f: "1,3", b: true }));
  const { frame } = await frameOf(made, 1 << 20);
  const how = { taskBytes: Infinity, onThreads: false, blockSize: 1 };
  const one = (await compute(frame.sample(0.2), how)).rows.length;
  const other = told(await compute(frame.sample(0.2, { seed: 1 }), how));
  // Five standard deviations around 1,000.
  expect(Math.abs(one - 1_000)).toBeLessThan(142);
  expect(other).not.toEqual(told(await compute(frame.sample(0.2), how)));
  expect(() => frame.sample(1.5)).toThrow(/fraction from 0 to 1, found 1.5/);
}, 120_000);

test("columns are renamed and dropped", async () => {
  const { frame, rows } = await frameOf([{ k: "a", i: 2n, f: "3,2", b: true }], 100);
  const how = { taskBytes: 600, onThreads: false, blockSize: 100 };
  const renamed = frame.rename({ k: "i", i: "k" }).drop("f", ["b"]);
  expect(told(await compute(renamed, how))).toEqual(["i string, k int64, p int64", '"a" | 2n | 0n']);
  expect(told(await compute(frame.limit(1), how))).toEqual(told(rows));
  await expect(planFor(frame.drop("x"), 600)).rejects.toMatchObject({ tag: "UnknownColumn" });
  await expect(planFor(frame.rename({ k: "i" }), 600)).rejects.toThrow(/two columns the name "i"/);
  await expect(planFor(concat([frame]).rename({ x: "y" }), 600)).rejects.toMatchObject({ tag: "UnknownColumn" });
});
