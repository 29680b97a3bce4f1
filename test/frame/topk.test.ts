import fc from "fast-check";
import { expect, test } from "vitest";
import { compute, frameOf, madeRows, planFor, setting, told } from "./exchange-support.ts";

test("the largest rows are those of a sort, also among many rows a task", async () => {
  await fc.assert(
    fc.asyncProperty(madeRows, fc.nat(50), fc.boolean(), setting, async (made, count, descending, how) => {
      const { frame } = await frameOf(made, how.blockSize);
      const sorted = await compute(frame.sort(["i", "k"], { descending }), how);
      const found = await compute(frame.topK(count, ["i", "k"], { descending }), how);
      expect(told(found)).toEqual(told({ ...sorted, rows: sorted.rows.slice(0, count) }));
      const last = await compute(frame.tail(count), how);
      expect(last.rows.map(({ p }) => Number(p))).toEqual(
        made.map((_, p) => p).slice(Math.max(0, made.length - count)),
      );
    }),
    { numRuns: 60 },
  );
}, 120_000);

test("of more rows than are held at once the right ones stay", async () => {
  const made = Array.from({ length: 150_000 }, (_, p) => ({
    k: "a",
    i: BigInt((p * 7919) % 150_001),
    f: "1,3",
    b: true,
  }));
  const { frame } = await frameOf(made, 1 << 24);
  const how = { taskBytes: Infinity, onThreads: false, blockSize: 1 };
  const top = await compute(frame.topK(5, "i"), how);
  const wanted = made.map(({ i }) => Number(i)).sort((a, b) => b - a);
  expect(top.rows.map(({ i }) => Number(i))).toEqual(wanted.slice(0, 5));
  expect((await compute(frame.tail(3), how)).rows.map(({ p }) => Number(p))).toEqual([149_997, 149_998, 149_999]);
  expect((await planFor(frame.topK(5, "i"), 600)).stages).toHaveLength(1);
}, 60_000);
