import { writeFileSync } from "node:fs";
import type { Table } from "apache-arrow";
import { afterAll, describe, expect, test } from "vitest";
import {
  Client,
  OptionError,
  col,
  concat,
  readCsv,
  readJson,
  readParquet,
  type Aggregate,
  type DataFrame,
  type Expression,
} from "../../lib/index.ts";
import { failure, scratch } from "../csv/support.ts";

/** Mistakes that everybody makes once: the error has to say what to do. */

const files = scratch();
const client = await Client.local({ workers: 0, progress: false });
afterAll(() => client.close());

const rows = (table: Table) => table;

async function told(compute: () => PromiseLike<unknown>): Promise<string> {
  return (await failure(Promise.resolve().then(compute))).message;
}

describe("in calls", () => {
  const frame = readCsv(files.write("numbers.csv", "id,x\n1,a\n2,b\n"));

  test("a column's name where an expression is expected is a text", async () => {
    const message = await told(() => client.compute(frame.agg({ c: col("id").cov("x") })));
    expect(message).toContain('col("x")');
  });

  test("window functions stand in window({ … })", async () => {
    const window = col("id").cumsum();
    // Types forbid both; users of JavaScript have none.
    expect(await told(() => client.compute(frame.assign({ sum: window as unknown as Expression })))).toMatch(
      /cumsum\(id\) is a window function; .* window\(\{ … \}\)/,
    );
    expect(await told(() => client.compute(frame.agg({ sum: window as unknown as Aggregate })))).toContain(
      "found the window function cumsum(id)",
    );
  });

  // Types forbid all of these; users of JavaScript have none.
  const untyped = frame as unknown as Record<string, (...args: unknown[]) => unknown>;
  const readers = { readCsv, readJson } as unknown as Record<string, (...args: unknown[]) => unknown>;
  test.each<[string, () => unknown, string]>([
    ["how", () => untyped["join"](frame, { on: "id", how: "innr" }), 'did you mean "inner"?'],
    ["how, far off", () => untyped["join"](frame, { on: "id", how: "nested" }), "pass one of them."],
    ["suffixes", () => untyped["join"](frame, { on: "id", suffixes: "_r" }), 'write ["_left", "_right"].'],
    ["nulls", () => untyped["sort"]("id", { nulls: "frist" }), 'did you mean "first"?'],
    [
      "descending",
      () => untyped["sort"](["id", "x"], { descending: [true] }),
      "write descending: true, or [true, false].",
    ],
    ["quantiles", () => untyped["describe"]({ quantiles: [50] }), "write [0.25, 0.5, 0.75]."],
    [
      "aggregate",
      () => untyped["pivot"]({ index: "x", columns: "x", values: "id", aggregate: "avg", names: ["a"] }),
      "pass one of them.",
    ],
    ["seed", () => untyped["sample"](0.5, { seed: -1 }), "pass a whole number of at least 0."],
    ["an option of groupBy", () => untyped["groupBy"]("x", { keepNull: true }), 'did you mean "keepNulls"?'],
    ["keepNulls", () => untyped["groupBy"]("x", { keepNulls: "yes" }), "pass true or false."],
    ["an expression as a key", () => untyped["groupBy"](col("x")), "assign the expression to a column first"],
    [
      "a type of mapPartitions",
      () => untyped["mapPartitions"](rows, { schema: { a: "strng" } }),
      'did you mean "string"?',
    ],
    ["no paths", () => readers["readCsv"]([]), 'write readCsv("data/*.csv").'],
    ["paths", () => readers["readJson"](7), "pass a path, a URL, a glob or a list of them."],
    ["a type of a CSV file", () => readers["readCsv"]("x.csv", { types: { a: "int46" } }), 'did you mean "int64"?'],
    ["a type of JSON", () => readers["readJson"]("x.json", { types: { a: "int46" } }), 'did you mean "int64"?'],
    ["widen", () => readers["readJson"]("x.json", { widen: "text" }), "pass one of them."],
    ["ragged", () => readers["readCsv"]("x.csv", { ragged: "pads" }), 'did you mean "pad"?'],
    ["lines", () => readers["readJson"]("x.json", { lines: 1 }), "pass true or false."],
    ["concat of none", () => concat([]), "pass at least one frame."],
    ["concat", () => concat([7 as unknown as DataFrame]), "write concat([one, other])."],
    [
      "a codec",
      () => untyped["writeParquet"]("out/", { compression: "lz4" }),
      'pass "snappy", "zstd", "gzip" or "none".',
    ],
    [
      "where to write",
      () => untyped["writeJson"]("a*/*.jsonl"),
      'write writeJson("out/"), writeJson("out/*.jsonl") or',
    ],
  ])("the error says what to pass: %s", async (_, call, fix) => {
    const error = await failure(Promise.resolve().then(call));
    expect(error).toBeInstanceOf(OptionError);
    expect(error).toMatchObject({ fix: expect.stringContaining(fix) });
  });

  test("a file is no folder to write to", async () => {
    const path = files.write("file.csv", "a\n1\n");
    const message = await told(() => frame.writeCsv(`${path}/parts`));
    expect(message).toContain("what should be a folder on the way to it is a file");
  });
});

describe("in files", () => {
  test.each([";", "\t", "|"])("a delimiter that is not the comma: %j", async (delimiter) => {
    const frame = readCsv(files.write("other.csv", `a${delimiter}b\n1${delimiter}2\n`));
    const message = await told(() => client.compute(frame.select("a")));
    expect(message).toContain(`{ delimiter: ${JSON.stringify(delimiter)} }`);
  });

  test.each(["little", "big"])("UTF-16, %s-endian", async (order) => {
    const bytes = Buffer.from("\ufeffa,b\n1,2\n", "utf16le");
    const path = files.write("utf16.csv", "");
    writeFileSync(path, order === "big" ? bytes.swap16() : bytes);
    expect(await told(() => client.compute(readCsv(path)))).toMatch(/UTF-16.*\n.*iconv -f utf-16/);
  });

  test("a line that is no JSON is named by its number, blank lines counted", async () => {
    const path = files.write("broken.jsonl", '{"a":1}\n\n{"a":\n{"a":3}\n');
    const error = await failure(client.compute(readJson(path)));
    expect(error.message).toContain('(line 3): "{\\"a\\":"');
    expect(error).toMatchObject({ fields: { line: 3 } });
  });

  test("a stump of a Parquet file that ends as it should", async () => {
    const path = files.write("stump.parquet", "PAR1");
    expect(await told(() => client.compute(readParquet(path)))).toContain("it has 4 bytes, expected 12 at least");
  });
});
