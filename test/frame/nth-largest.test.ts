import fc from "fast-check";
import { expect, test } from "vitest";
import { OptionError, col } from "../../lib/index.ts";
import { compute, frameOf, madeRows, setting, told } from "./exchange-support.ts";
import type { Row } from "./reference.ts";

const hasValue = (value: unknown) => value !== null && !Number.isNaN(value);

test("the nth largest and smallest values are those of the sorted group", async () => {
  await fc.assert(
    fc.asyncProperty(madeRows, fc.integer({ min: 1, max: 6 }), setting, async (made, n, how) => {
      const { frame, rows } = await frameOf(made, how.blockSize);
      const x = col("f").abs();
      const all = frame.agg({ large: x.nthLargest(n), small: x.nthSmallest(n), best: x.nthLargest(1), max: x.max() });
      const values = rows.rows.map(({ f }) => f).filter(hasValue);
      const sorted = values.map((f) => Math.abs(Number(f))).sort((a, b) => a - b);
      const [large, small, best] = [sorted.at(-n) ?? null, sorted.at(n - 1) ?? null, sorted.at(-1) ?? null];
      const one = (name: string) => ({ name, type: "float64" }) as const;
      const schema = ["large", "small", "best", "max"].map(one);
      expect(told(await compute(all, how))).toEqual(told({ schema, rows: [{ large, small, best, max: best }] }));

      const grouped = frame.groupBy("k").agg({ large: x.nthLargest(n) });
      const keys = [...new Set(rows.rows.map(({ k }) => k))].filter((k) => typeof k === "string");
      const wanted = keys.map((k): Row => {
        const own = rows.rows.filter((row) => row["k"] === k && hasValue(row["f"])).map(({ f }) => Math.abs(Number(f)));
        return { k, large: own.sort((a, b) => b - a)[n - 1] ?? null };
      });
      const order = (a: Row, b: Row) => Buffer.compare(Buffer.from(String(a["k"])), Buffer.from(String(b["k"])));
      const named = [{ name: "k", type: "string" }, one("large")] as const;
      expect(told(await compute(grouped, how))).toEqual(told({ schema: named, rows: wanted.sort(order) }));
    }),
    { numRuns: 40 },
  );
}, 120_000);

test("a rank that is none is refused", () => {
  for (const n of [0, 1.5, 101, NaN]) expect(() => col("x").nthLargest(n)).toThrow(OptionError);
  expect(() => col("x").nthSmallest(0)).toThrow("nthSmallest(…) expects a whole number from 1 to 100 for n, found 0.");
});
