import { afterAll, describe, expect, test } from "vitest";
import { Client, ValueError, col, readCsv, sql, when, type Aggregate, type Expression } from "../../lib/index.ts";
import { formatExpression } from "../../lib/collections/expression.ts";
import type { Operation } from "../../lib/kernels/frame/steps.ts";
import { shareExpressions } from "../../lib/plan/optimize/common.ts";
import { scratch } from "../csv/support.ts";

/** What expressions have in common is computed once. */

const assign = (columns: Readonly<Record<string, Expression>>): Operation => ({
  do: "assign",
  columns: Object.entries(columns).map(([name, value]) => ({ name, value: value.node })),
});
const group = (aggregates: Readonly<Record<string, Aggregate>>): Operation => ({
  do: "group",
  sink: {
    to: "group",
    keys: ["k"],
    keepNulls: false,
    aggregates: Object.entries(aggregates).map(([name, value]) => ({ name, value: value.node })),
  },
});

function told(operation: Operation): string {
  const { operations } = shareExpressions({ operations: [operation], notes: [] });
  const lines = operations.map((one) => {
    if (one.do === "filter") return `filter ${formatExpression(one.condition)}`;
    if (one.do === "assign")
      return one.columns.map(({ name, value }) => `${name} = ${formatExpression(value)}`).join(", ");
    return one.do === "group"
      ? one.sink.aggregates
          .map(
            ({ name, value }) =>
              `${name} = ${value.kind}(${value.input === undefined ? "" : formatExpression(value.input)})`,
          )
          .join(", ")
      : one.do;
  });
  return lines.join("; ").replaceAll("\u0000common ", "#");
}

const net = col("price").mul(col("off").neg().add(1));

describe("shareExpressions", () => {
  test.each<[string, Operation, string]>([
    ["nothing in common", assign({ a: col("x").add(1), b: col("x").add(2) }), "a = x + 1, b = x + 2"],
    ["one part", assign({ a: net, b: net.mul(2) }), "#1 = price * ((neg(off)) + 1); a = #1, b = #1 * 2"],
    [
      "a part of a part, in the order of need",
      assign({ a: net.div(2), b: net.sub(1), c: col("off").neg() }),
      "#2 = neg(off); #1 = price * (#2 + 1); a = #1 / 2, b = #1 - 1, c = #2",
    ],
    [
      "within one expression",
      { do: "filter", condition: net.gt(1).and(net.lt(9)).node },
      "#1 = price * ((neg(off)) + 1); filter (#1 > 1) and (#1 < 9)",
    ],
    [
      "aggregates",
      group({ s: net.sum(), m: net.mean(), t: net.mul(col("tax")).sum() }),
      "#1 = price * ((neg(off)) + 1); s = sum(#1), m = mean(#1), t = sum(#1 * tax)",
    ],
    [
      "what may fail stays in its branches",
      assign({
        a: when(col("x").gt(0)).then(col("t").cast("int64")).otherwise(1),
        b: col("y").fillNull(col("t").cast("int64")),
      }),
      "a = when(x > 0, cast(t, int64), 1), b = fillNull(y, (cast(t, int64)))",
    ],
    [
      "but not where it is asked for anyway",
      assign({ a: when(col("x").gt(0)).then(col("t").cast("int64")).otherwise(1), b: col("t").cast("int64") }),
      "#1 = cast(t, int64); a = when(x > 0, #1, 1), b = #1",
    ],
    [
      "what cannot fail leaves them",
      assign({
        a: when(col("x").gt(0)).then(col("t").lower()).otherwise(""),
        b: when(col("x").lt(0)).then(col("t").lower()).otherwise(""),
      }),
      '#1 = lower(t); a = when(x > 0, #1, ""), b = when(x < 0, #1, "")',
    ],
  ])("%s", (_, operation, wanted) => {
    expect(told(operation)).toBe(wanted);
  });

  test("keeps what was said, and says what it did", () => {
    const { notes } = shareExpressions({ operations: [assign({ a: net, b: net.mul(2) })], notes: ["before"] });
    expect(notes).toEqual(["before", "computed once: price * ((neg(off)) + 1), which stands in 2 places"]);
  });
});

describe("in plans", () => {
  const files = scratch();
  const sales = readCsv(files.write("sales.csv", "k,price,off,t\na,10.0,0.5,x\nb,20.0,0.25,2\na,4.0,0.0,3\n"), {
    types: { t: "string" },
  });
  const client = Client.local({ workers: 0, progress: false });
  afterAll(async () => (await client).close());

  test("answers stay, and no column of ours comes out", async () => {
    const frame = sales.assign({ net, twice: net.mul(2) });
    const table = await (await client).compute(frame);
    expect(table.schema.fields.map(({ name }) => name)).toEqual(["k", "price", "off", "t", "net", "twice"]);
    expect([...(table.getChild("twice") ?? [])]).toEqual([10, 30, 8]);
    const grouped = await (await client).compute(sales.groupBy("k").agg({ s: net.sum(), m: net.mean() }).sort("k"));
    expect(grouped.toArray().map((row) => JSON.stringify(row))).toEqual([
      '{"k":"a","s":9,"m":4.5}',
      '{"k":"b","s":15,"m":15}',
    ]);
    for (const each of [
      frame.sort("net"),
      frame.distinct(),
      frame.head(2),
      frame.window({ c: col("net").cumsum() }),
      frame.join(frame.select("k"), { on: "k" }),
      frame.repartition(2),
    ])
      expect(
        (await (await client).compute(each)).schema.fields
          .map(({ name }) => name)
          .filter((name) => name.startsWith("\u0000")),
      ).toEqual([]);
  });

  test("explain shows it", async () => {
    const text = await (
      await client
    ).explain(
      sql("select k, sum(price * (1 - off)) as s, avg(price * (1 - off)) as m from t group by k", { t: sales }),
    );
    expect(text).toContain("assign    its common 1 = price * (1 - off)");
    expect(text).toContain("computed once: price * (1 - off), which stands in 3 places");
    expect(text).not.toContain("\u0000");
  });

  test("what fails in a branch that no row takes does not fail", async () => {
    const number = col("t").cast("float64");
    const safe = sales.assign({
      a: when(col("off").lt(0.5)).then(number).otherwise(0),
      b: when(col("off").lt(0.5)).then(number.add(1)).otherwise(0),
    });
    const table = await (await client).compute(safe);
    expect([...(table.getChild("b") ?? [])]).toEqual([0, 3, 4]);
    await expect((await client).compute(safe.assign({ c: number }))).rejects.toThrow(ValueError);
  });
});
