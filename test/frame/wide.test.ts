import { describe, expect, test } from "vitest";
import { listed, namedTwice } from "../../lib/collections/names.ts";
import { Client, col, readCsv, size } from "../../lib/index.ts";
import { defaultStore } from "../../lib/store/index.ts";
import { failure } from "../csv/support.ts";

/** Frames of very many columns, whose names must not be searched one by one: with that, each of these takes minutes. */

const COLUMNS = 100_000;

describe("a CSV file of 100,000 columns", async () => {
  const store = defaultStore();
  const names = Array.from({ length: COLUMNS }, (_, i) => `c${i}`);
  const lines = [names, names.map((_, i) => i), names.map((_, i) => i + 0.5)].map((fields) => fields.join(","));
  await store.put("memory://wide/a.csv", new TextEncoder().encode(`${lines.join("\n")}\n`));
  const client = await Client.local({ workers: 0, progress: false, store });
  const frame = readCsv("memory://wide/a.csv");

  test("is read whole", async () => {
    const table = await client.compute(frame);
    expect([table.numRows, table.numCols]).toEqual([2, COLUMNS]);
    expect(table.batches[0].schema.names).toEqual(names);
    expect(table.getChild("c99999")?.toArray()).toEqual(Float64Array.of(99_999, 99_999.5));
  });

  test("is sorted, cut and computed with", async () => {
    const last = frame
      .sort("c7", { descending: true })
      .drop(names.slice(10))
      .assign({ c3: col("c3").mul(2) });
    const [row] = (await client.compute(last)).toArray();
    expect(row.toJSON()).toMatchObject({ c0: 0.5, c3: 7, c9: 9.5 });
  });

  test("is grouped with as many aggregates", async () => {
    const sums = Object.fromEntries(names.slice(0, 20_000).map((name) => [`${name} sum`, col(name).sum()]));
    const table = await client.compute(frame.agg({ ...sums, rows: size() }));
    expect(table.get(0)?.["c19999 sum"]).toBe(39_998.5);
    expect(table.get(0)?.["rows"]).toBe(2n);
  });

  test("says of a name that is wrong which there are, in a few words", async () => {
    const error = await failure(client.compute(frame.select("C99999 ")));
    expect(String(error)).toContain('There is no column "C99999 "; the frame has "c0", "c1"');
    expect(String(error)).toContain("and 99,980 more");
    expect(String(error)).toContain('did you mean "c99999"');
    expect(String(error).length).toBeLessThan(400);
  });
});

test("of few names messages list all, of many the first", () => {
  expect(listed([])).toBe("");
  expect(listed(["a", 'b"'])).toBe('"a", "b\\""');
  expect(listed(Array.from({ length: 21 }, (_, i) => String(i)))).toMatch(/"19" and 1 more$/);
});

test("the first name that comes again is found", () => {
  expect(namedTwice(["a", "b", "c"])).toBeUndefined();
  expect(namedTwice(["a", "b", "c", "b", "a"])).toBe("b");
});
