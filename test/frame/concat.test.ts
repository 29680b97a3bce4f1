import fc from "fast-check";
import { expect, test } from "vitest";
import { col, concat, lit, size } from "../../lib/index.ts";
import { compute, frameOf, madeRows, planFor, setting, told } from "./exchange-support.ts";
import type { Row } from "./reference.ts";

test("rows of frames come one frame behind the other, in the columns of all", async () => {
  await fc.assert(
    fc.asyncProperty(madeRows, madeRows, setting, async (a, b, how) => {
      const one = await frameOf(a, how.blockSize);
      const two = await frameOf(b, how.blockSize);
      const frame = concat([
        one.frame,
        two.frame.drop("k", "b").assign({ i: col("f"), extra: lit(true) }),
        one.frame.tail(2),
      ]);
      const schema = [
        { name: "k", type: "string" },
        { name: "i", type: "float64" },
        { name: "f", type: "float64" },
        { name: "b", type: "bool" },
        { name: "p", type: "int64" },
        { name: "extra", type: "bool" },
      ] as const;
      const plain = (row: Row): Row => ({ ...row, i: row["i"] === null ? null : Number(row["i"]), extra: null });
      const rows = [
        ...one.rows.rows.map(plain),
        ...two.rows.rows.map(({ f, p }): Row => ({ k: null, i: f, f, b: null, p, extra: true })),
        ...one.rows.rows.slice(-2).map(plain),
      ];
      expect(told(await compute(frame, how))).toEqual(told({ schema, rows }));
      const counted = await compute(frame.filter(col("extra").isNull()).agg({ n: size() }), how);
      expect(counted.rows).toEqual([{ n: BigInt(one.rows.rows.length + Math.min(2, one.rows.rows.length)) }]);
    }),
    { numRuns: 40 },
  );
}, 120_000);

test("columns of types that do not go together are refused, with the frame that has them", async () => {
  const { frame } = await frameOf([], 100);
  await expect(planFor(concat([frame, frame.assign({ k: col("i") })]), 600)).rejects.toThrow(
    /"k" to be string in earlier frames and int64 in frame 2/,
  );
  expect(() => concat([])).toThrow(/at least one frame/);
});
