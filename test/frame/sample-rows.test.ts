import fc from "fast-check";
import { expect, test } from "vitest";
import { DataFrame, col, readCsv } from "../../lib/index.ts";
import { compute, frameOf, madeRows, planFor, setting, store, told } from "./exchange-support.ts";

/** Samples of a number of rows, and rows behind the first, over any cuts. */

const whole = { taskBytes: Infinity, onThreads: false, blockSize: 1 << 20 };

test("a sample of n rows is n of the rows, in their order, whatever the cuts", async () => {
  await fc.assert(
    fc.asyncProperty(madeRows, fc.nat(20), fc.nat(5), setting, async (made, n, seed, how) => {
      const { frame } = await frameOf(made, how.blockSize);
      const { frame: uncut } = await frameOf(made, 1 << 20);
      const found = await compute(frame.sample({ n, seed }), how);
      expect(told(found)).toEqual(told(await compute(uncut.sample({ n, seed }), whole)));
      const places = found.rows.map(({ p }) => Number(p));
      expect(new Set(places).size).toBe(Math.min(n, made.length));
      expect(places).toEqual([...places].sort((a, b) => a - b));
    }),
    { numRuns: 40 },
  );
});

test("skip leaves out the first rows alone", async () => {
  await fc.assert(
    fc.asyncProperty(madeRows, fc.nat(12), setting, async (made, rows, how) => {
      const { frame } = await frameOf(made, how.blockSize);
      const found = await compute(frame.skip(rows).select("p"), how);
      const all = await compute(frame.select("p"), how);
      expect(found.rows).toEqual(all.rows.slice(rows));
    }),
    { numRuns: 40 },
  );
});

test("each row is as likely as any other, and seeds differ", async () => {
  const text = `i,k\n${Array.from({ length: 1_000 }, (_, i) => `${i},same`).join("\n")}\n`;
  await store.put("memory://sample/rows.csv", new TextEncoder().encode(text));
  const frame = readCsv("memory://sample/rows.csv", { blockSize: 500 });
  const counts = new Array<number>(10).fill(0);
  const seen = new Set<string>();
  for (let seed = 0; seed < 40; seed++) {
    const { rows } = await compute(frame.sample({ n: 100, seed }), { ...whole, taskBytes: 3_000 });
    expect(rows).toHaveLength(100);
    seen.add(JSON.stringify(rows.map(({ i }) => Number(i))));
    for (const { i } of rows) counts[Math.floor(Number(i) / 100)]++;
  }
  expect(seen.size).toBe(40);
  // 400 are expected in each tenth, with a deviation of about 18: five of them.
  for (const count of counts) expect(Math.abs(count - 400)).toBeLessThan(90);
});

test("equal rows are parted, as a fraction by values cannot", async () => {
  const frame = readCsv("memory://sample/rows.csv").select("k");
  expect((await compute(frame.sample({ n: 7 }), whole)).rows).toHaveLength(7);
});

test("a sample is data, explains itself, and refuses what it cannot be", async () => {
  const frame = readCsv("memory://sample/rows.csv").sample({ n: 3, seed: 4 }).skip(1);
  const again = DataFrame.fromJSON(JSON.parse(JSON.stringify(frame.toJSON())));
  expect(String(again)).toBe(String(frame));
  expect(String(frame)).toContain("sample     3 rows, seed 4");
  expect(told(await compute(again, whole))).toEqual(told(await compute(frame, whole)));
  expect((await planFor(frame, Infinity)).stages).not.toHaveLength(0);
  const node = { ...frame.toJSON().frame, kind: "sample", rows: 1, fraction: 0.5, seed: 0 };
  expect(() => DataFrame.fromJSON({ abanico: 1, frame: node })).toThrow(/rows/);
  expect(() => frame.sample({ n: -1 })).toThrow(/whole number of at least 0/);
  expect(() => frame.sample({ n: 1, fraction: 0.5 })).toThrow(/either a fraction, or n/);
  expect(() => frame.sample(100)).toThrow(/fraction from 0 to 1, found 100/);
});

test("hash: equal values have equal hashes, whatever they stand beside", async () => {
  const frame = readCsv("memory://sample/rows.csv").head(3);
  const { rows } = await compute(frame.assign({ h: col("k").hash(), g: col("k").hash(1), n: col("i").hash() }), whole);
  expect(new Set(rows.map(({ h }) => h)).size).toBe(1);
  expect(rows[0]["h"]).not.toBe(rows[0]["g"]);
  expect(new Set(rows.map(({ n }) => n)).size).toBe(3);
});
