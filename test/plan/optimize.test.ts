import { describe, expect, test } from "vitest";
import { Client, OverflowError, col, lit, readCsv, size, type DataFrame } from "../../lib/index.ts";
import type { Schema } from "../../lib/collections/schema.ts";
import type { GroupSink, Operation, Sink } from "../../lib/kernels/frame/steps.ts";
import { formatExpression, type Expression } from "../../lib/collections/expression.ts";
import { pruneColumns, pushFiltersDown } from "../../lib/plan/optimize/operations.ts";
import { plain, scratch } from "../csv/support.ts";

const filter = (condition: Expression): Operation => ({ do: "filter", condition: condition.node });
const assign = (name: string, value: Expression): Operation => ({
  do: "assign",
  columns: [{ name, value: value.node }],
});
const select = (...names: string[]): Operation => ({ do: "select", names });
const sink: GroupSink = { to: "group", keys: ["k"], aggregates: [{ name: "n", value: size().node }], keepNulls: false };

/** Operations in a few words. */
const told = (operations: readonly Operation[]) =>
  operations.map((operation) => {
    if (operation.do === "filter") return `filter ${formatExpression(operation.condition)}`;
    if (operation.do === "assign") return `assign ${operation.columns.map(({ name }) => name).join()}`;
    return operation.do;
  });
const pushed = (...operations: Operation[]) => pushFiltersDown({ operations, notes: ["before"] });

describe("filters", () => {
  test("go before columns that they do not read, and it is noted", () => {
    const { operations, notes } = pushed(assign("x", col("a").add(1)), filter(col("b").gt(2)));
    expect(told(operations)).toEqual(["filter b > 2", "assign x"]);
    expect(notes).toEqual(["before", "pushed down: filter b > 2 runs before the columns it does not need"]);
  });

  test("stay behind columns that they read, heads and groups", () => {
    for (const first of [assign("x", col("a")), { do: "head", rows: 3 } as const, { do: "group", sink } as const]) {
      const { operations, notes } = pushed(first, filter(col("x").gt(2)));
      expect(told(operations)[1]).toBe("filter x > 2");
      expect(notes).toEqual(["before"]);
    }
  });

  test("pass selections, and join where they meet", () => {
    const { operations } = pushed(
      filter(col("a").gt(1)),
      select("a", "b"),
      filter(col("b").isNull()),
      filter(col("a").lt(9)),
    );
    expect(told(operations)).toEqual(["filter ((a > 1) and (isNull(b))) and (a < 9)", "select"]);
  });

  test("do not join where the second could fail on rows that the first leaves out", () => {
    const { operations } = pushed(filter(col("a").lt(10)), filter(col("a").mul(col("a")).gt(1)));
    expect(told(operations)).toEqual(["filter a < 10", "filter (a * a) > 1"]);
  });
});

describe("columns", () => {
  const schema: Schema = ["k", "a", "b", "c"].map((name) => ({ name, type: "int64" }));
  const pruned = (operations: readonly Operation[], to: Sink) => {
    const { columns, steps } = pruneColumns(schema, operations, to);
    return { columns: columns.map(({ name }) => name), steps };
  };

  test("that nothing needs are neither read nor made", () => {
    const operations = [assign("x", col("a").add(1)), assign("y", col("b")), filter(col("c").gt(0))];
    const { columns, steps } = pruned(operations, { to: "collect", columns: ["x"] });
    expect(columns).toEqual(["a", "c"]);
    expect(told(steps)).toEqual(["assign x", "filter c > 0"]);
    expect(steps[1]).toMatchObject({ keep: ["x"] });
  });

  test("a column that is replaced is read only where its old value is", () => {
    const to: Sink = { to: "collect", columns: ["a"] };
    expect(pruned([assign("a", lit(1))], to).columns).toEqual([]);
    expect(pruned([assign("a", col("a").add(col("b")))], to).columns).toEqual(["a", "b"]);
  });

  test("none for a count of rows; keys and inputs for groups", () => {
    expect(pruned([], { ...sink, keys: [] }).columns).toEqual([]);
    const aggregates = [{ name: "s", value: col("x").sum().node }];
    expect(pruned([assign("x", col("c").mul(2))], { ...sink, aggregates }).columns).toEqual(["k", "c"]);
  });
});

test("optimized or not, the answer and the errors are the same", async () => {
  const files = scratch();
  const path = files.write("wide.csv", `n,m\n1,2\n4000000000000000000,3\n5,0\n`);
  await using client = await Client.local({ workers: 0, progress: false });
  const run = async (frame: DataFrame) => plain(await client.compute(frame)).data;
  const square = col("n").mul(col("n"));
  const frame = readCsv(path);
  // The filter before keeps what would overflow away from the second.
  expect(await run(frame.filter(col("n").lt(100)).filter(square.lt(9)))).toEqual({ n: [1n], m: [2n] });
  expect(await run(frame.filter(col("n").lt(100)).assign({ q: square }))).toEqual({
    n: [1n, 5n],
    m: [2n, 0n],
    q: [1n, 25n],
  });
  await expect(run(frame.filter(square.lt(9)))).rejects.toThrow(OverflowError);
});
