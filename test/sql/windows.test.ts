import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { DataFrame, sql } from "../../lib/index.ts";
import { compute, frameOf, madeRows, planFor, setting, told } from "../frame/exchange-support.ts";

/** Window functions over rows in partitions of an exchange, against all rows in one place, which answers.test.ts holds to DuckDB. */

const whole = { taskBytes: Infinity, onThreads: false, blockSize: 1 << 20 };

const spec = fc.constantFrom(
  "partition by k order by p",
  "partition by k, b order by p desc",
  "partition by b order by i, p",
  "order by p",
  "partition by k",
);
const call = fc.constantFrom(
  "row_number()",
  "rank()",
  "dense_rank()",
  "cume_dist()",
  "lag(i, 2)",
  "lead(k)",
  "lead(i, 1, 7)",
  "sum(p)",
  "avg(p)",
  "max(k)",
  "min(f)",
  "count(b)",
  "first_value(f)",
);
const query = fc
  .array(fc.tuple(call, spec), { minLength: 1, maxLength: 3 })
  .map((all) => `select p, k, ${all.map(([what, over], i) => `${what} over (${over}) as w${i}`).join(", ")} from t`);

test("partitions that meet elsewhere give what all rows in one place do, in the frame's order", async () => {
  await fc.assert(
    fc.asyncProperty(madeRows, query, setting, async (made, text, how) => {
      const { frame } = await frameOf(made, how.blockSize);
      const { frame: uncut } = await frameOf(made, 1 << 20);
      const wanted = await compute(sql(text, { t: uncut }), whole);
      expect(told(await compute(sql(text, { t: frame }), how))).toEqual(told(wanted));
      expect(wanted.rows.map(({ p }) => p)).toEqual(made.map((_, i) => BigInt(i)));
    }),
    { numRuns: 15 },
  );
}, 60_000);

describe("plans", () => {
  test("large data meet by hash of what parts them", async () => {
    const { frame } = await frameOf(fc.sample(madeRows, { numRuns: 1, seed: 3 })[0].concat(), 60);
    const plan = await planFor(sql("select sum(i) over (partition by k order by p) as s, p from t", { t: frame }), 1);
    expect(plan.notes.join("\n")).toContain("over: rows of equal k meet by hash, and go back into their order");
    const alone = await planFor(sql("select sum(i) over (order by p) as s from t", { t: frame }), 1);
    expect(alone.notes.join("\n")).toContain("over: all rows meet in one place, since nothing parts them");
  });

  test("columns over partitions are data, checked when they are read", async () => {
    const { frame } = await frameOf([], 60);
    const node = {
      kind: "over",
      input: frame.node,
      partitionBy: ["k"],
      orderBy: [{ column: "p", descending: true, nulls: "last" }],
      columns: [
        { name: "n", value: { do: "rowNumber" } },
        { name: "s", value: { do: "sum", column: "i", from: -2, to: "peers" } },
        { name: "l", value: { do: "lag", column: "k", rows: -1 } },
      ],
    };
    const json = (columns: unknown) => ({ abanico: 1, frame: { ...node, columns } });
    const read = DataFrame.fromJSON(json(node.columns));
    expect(read.toJSON().frame).toEqual(node);
    expect(String(read)).toContain(
      "over       n = rowNumber(), s = sum(i), l = lag(k); by k; in the order of p descending",
    );
    expect(() => DataFrame.fromJSON(json([{ name: "n", value: { do: "median" } }]))).toThrow(/columns\[0\].value.do/);
    expect(() =>
      DataFrame.fromJSON(json([{ name: "n", value: { do: "sum", column: "i", from: 0.5, to: 0 } }])),
    ).toThrow(/columns\[0\].value.from/);
  });
});
