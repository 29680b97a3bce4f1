import fc from "fast-check";
import { expect, test } from "vitest";
import { col } from "../../lib/index.ts";
import type { Window } from "../../lib/collections/window.ts";
import { compute, frameOf, madeRows, planFor, setting, told, type Rows } from "./exchange-support.ts";

/** Windows over rows in parts against windows over all rows in one place, which summaries.test.ts holds to pandas. */

const windows: fc.Arbitrary<Record<string, Window>> = fc
  .tuple(fc.integer({ min: -7, max: 7 }), fc.integer({ min: 1, max: 9 }), fc.integer({ min: 1, max: 9 }))
  .chain(([rows, width, least]) => {
    const minPeriods = Math.min(width, least);
    const all: Record<string, Window> = {
      sum: col("i").mod(100).cumsum(),
      floats: col("f").cumsum(),
      trues: col("b").cumsum(),
      least: col("i").cummin(),
      most: col("i").cummax(),
      high: col("f").cummax(),
      count: col("k").cumcount(),
      shifted: col("k").shift(rows),
      moved: col("i").shift(rows),
      difference: col("p").mul(2).diff(rows),
      rolled: col("f").rolling(width, { minPeriods }).sum(),
      mean: col("p").rolling(width).mean(),
      low: col("f").rolling(width, { minPeriods }).min(),
      top: col("p").rolling(width, { minPeriods }).max(),
      // In the place of a column that others read.
      f: col("f").shift(-rows),
    };
    return fc
      .subarray(Object.keys(all), { minLength: 1 })
      .map((names) => Object.fromEntries(names.map((name) => [name, all[name]])));
  });

/** Sums are grouped by where parts end: their last bits may differ. */
function rounded({ schema, rows }: Rows): string[] {
  const round = (value: Rows["rows"][number][string]) =>
    typeof value === "number" && Number.isFinite(value) ? Number(value.toPrecision(13)) + 0 : value;
  return told({
    schema,
    rows: rows.map((row) => Object.fromEntries(Object.entries(row).map(([name, value]) => [name, round(value)]))),
  });
}

test("parts tell each other all that windows need", async () => {
  await fc.assert(
    fc.asyncProperty(madeRows, windows, setting, async (made, columns, how) => {
      const { frame } = await frameOf(made, how.blockSize);
      const { frame: whole } = await frameOf(made, 1 << 20);
      const found = await compute(frame.window(columns), how);
      const wanted = await compute(whole.window(columns), {
        taskBytes: Infinity,
        onThreads: false,
        blockSize: 1 << 20,
      });
      expect(rounded(found)).toEqual(rounded(wanted));
    }),
    { numRuns: 60 },
  );
}, 120_000);

test("go on behind what is sorted or grouped, and are followed by more", async () => {
  const { frame } = await frameOf(
    Array.from({ length: 50 }, (_, i) => ({ k: `k${i % 7}`, i: BigInt((i * 37) % 50), f: "3,2", b: null })),
    100,
  );
  const pipeline = frame
    .sort("i")
    .window({ total: col("i").cumsum(), next: col("i").shift(-1) })
    .filter(col("i").ge(40))
    .groupBy("k")
    .agg({ total: col("total").max(), next: col("next").sum() });
  const settings = { onThreads: true, blockSize: 100 };
  const found = await compute(pipeline, { taskBytes: 1_000, ...settings });
  expect(told(found)).toEqual(told(await compute(pipeline, { taskBytes: Infinity, ...settings })));
  expect(found.rows.reduce((sum, { next }) => sum + BigInt(String(next)), 0n)).toBe(9n * 45n); // 41 + … + 49
  const plan = await planFor(pipeline, 1_000);
  expect(plan.notes.join("\n")).toMatch(/windows: rows stay in their parts/);
  expect(plan.stages.map(({ id }) => id)).toEqual(expect.arrayContaining(["totals", "first"]));
});

test("a sum that overflows in one of the parts is an error", async () => {
  const list = [1n, 2n ** 63n - 1n, 5n, -6n].map((i) => ({ k: null, i, f: "3,2", b: null }));
  const { frame } = await frameOf(list, 30);
  const how = { taskBytes: 600, onThreads: false, blockSize: 30 };
  const error = await compute(frame.window({ total: col("i").cumsum() }), how).catch((found: unknown) => found);
  expect(String(error)).toMatch(/9223372036854775808, does not fit int64[\s\S]*total = cumsum\(i\)/);
});

test("give the same bits for any number of threads", async () => {
  const { frame } = await frameOf(
    Array.from({ length: 60 }, (_, i) => ({ k: null, i: BigInt(i), f: i % 3 === 0 ? "1,3" : "3,2", b: null })),
    60,
  );
  const sums = frame.window({ sum: col("f").cumsum(), rolled: col("f").rolling(5).sum() });
  const answers = await Promise.all(
    [true, false].map(async (onThreads) => told(await compute(sums, { taskBytes: 600, onThreads, blockSize: 60 }))),
  );
  expect(answers[0]).toEqual(answers[1]);
});
