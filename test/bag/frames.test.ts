import { expect, test } from "vitest";
import { fromSequence } from "../../lib/collections/bag/sources.ts";
import { DataFrame } from "../../lib/collections/dataframe/dataframe.ts";
import { col } from "../../lib/collections/expression.ts";
import { failureOf } from "../runtime/plans.ts";
import { onBothRuntimes } from "./subjects.ts";

type Row = Record<string, unknown>;
const rowsOf = (table: Iterable<{ toJSON(): Row } | null>): Row[] => [...table].map((row) => row?.toJSON() ?? {});

onBothRuntimes(() => {
  const rows: Row[] = [
    { n: 1, f: 1, s: "x", b: true, only: null },
    { n: 2, f: 2.5, s: "é", b: null },
    { f: -0, s: "x", b: false, late: 5n },
    { n: 9_007_199_254_740_993n, s: undefined, b: true, late: 2n ** 62n },
  ];

  test("types come from all values: whole, with fractions, texts, nulls, and columns that appear late", async () => {
    for (const partitions of [1, 2, 4]) {
      const frame = fromSequence(rows, { partitions }).toDataFrame();
      const table = await frame.compute();
      expect(table.schema.fields.map(({ name, type }) => `${name} ${String(type).replace(/<.*/, "")}`)).toEqual([
        "n Int64",
        "f Float64",
        "s Dictionary",
        "b Bool",
        "only Float64",
        "late Int64",
      ]);
      expect(rowsOf(table)).toEqual([
        { n: 1n, f: 1, s: "x", b: true, only: null, late: null },
        { n: 2n, f: 2.5, s: "é", b: null, only: null, late: null },
        { n: null, f: -0, s: "x", b: false, only: null, late: 5n },
        { n: 9_007_199_254_740_993n, f: null, s: null, b: true, only: null, late: 2n ** 62n },
      ]);
    }
  });

  test("a frame over a bag takes every operation of frames, and can be kept", async () => {
    const bag = fromSequence(
      Array.from({ length: 100 }, (_, i) => i),
      { partitions: 7 },
    );
    const frame = bag.map((i) => ({ key: `k${i % 3}`, i })).toDataFrame();
    const sums = frame
      .filter(col("i").gt(49))
      .groupBy("key")
      .agg({ sum: col("i").sum() });
    const sumOf = (rest: number) =>
      BigInt(Array.from({ length: 50 }, (_, i) => i + 50).reduce((sum, i) => sum + (i % 3 === rest ? i : 0), 0));
    expect(rowsOf(await sums.compute())).toEqual([0, 1, 2].map((rest) => ({ key: `k${rest}`, sum: sumOf(rest) })));
    const kept = await frame.persist();
    expect((await kept.head(2).compute()).numRows).toBe(2);
    expect((await kept.compute()).numRows).toBe(100);
    expect(await frame.explain()).toContain("a frame of the items of a bag");
    expect(String(frame)).toMatch(/values {5}100 in 7 partitions\n {2}map .*\n {2}as a frame$/);
  });

  test("given types hold: texts of numbers, floats of whole numbers; what does not fit is named by item and column", async () => {
    const bag = fromSequence([{ a: 1 }, { a: 2 }, { a: "x" }] as Row[], { partitions: 2 });
    const texts = await bag.toDataFrame({ types: { a: "string" } }).compute();
    expect(rowsOf(texts)).toEqual([{ a: "1" }, { a: "2" }, { a: "x" }]);
    const mixed = await failureOf(bag.toDataFrame().compute());
    expect(mixed).toMatchObject({ fields: { column: "a", types: ["int64", "string"] } });
    const wrong = await failureOf(bag.toDataFrame({ types: { a: "float64" } }).compute());
    expect(wrong).toMatchObject({ tag: "Value", fields: { column: "a", type: "float64", text: "'x'" } });
    expect(wrong.message).toContain("item 1 of partition 1");
    expect((await failureOf(fromSequence([1]).toDataFrame().compute())).message).toContain(
      "expects objects, found 1 (item 0",
    );
    const dates = fromSequence([{ at: new Date(0) }]);
    expect((await failureOf(dates.toDataFrame().compute())).message).toContain('Column "at"');
    const asTexts = await dates.toDataFrame({ types: { at: "string" } }).compute();
    expect(rowsOf(asTexts)).toEqual([{ at: "1970-01-01T00:00:00.000Z" }]);
  });

  test("its description is JSON", async () => {
    const frame = fromSequence([{ a: 1 }])
      .toDataFrame({ types: { a: "float64" } })
      .select("a");
    const again = DataFrame.fromJSON(JSON.parse(JSON.stringify(frame)));
    expect(rowsOf(await again.compute())).toEqual([{ a: 1 }]);
  });
});
