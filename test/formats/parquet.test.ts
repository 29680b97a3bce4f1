import { readFileSync } from "node:fs";
import { afterAll, describe, expect, test } from "vitest";
import { Client, col, readParquet, size } from "../../lib/index.ts";
import { answerBits, bits, failure, fixture, plain, scratch } from "./support.ts";

/** Parquet as pyarrow writes it: every codec, encoding and type, and files that are none. The answers are pyarrow's (make.py). */

const files = scratch();
const client = await Client.local({ workers: 0, progress: false });
afterAll(() => client.close());
const read = async (...args: Parameters<typeof readParquet>) => plain(await client.compute(readParquet(...args)));

describe("values", () => {
  test.each(["none", "snappy", "gzip", "zstd", "brotli", "lz4", "v2", "plain", "delta"])("types, %s", async (name) => {
    expect(bits(await read(fixture(`types-${name}.parquet`)))).toBe(answerBits("types"));
  });

  test("types that become another, nested ones as JSON", async () => {
    expect(bits(await read(fixture("other.parquet")))).toBe(answerBits("other"));
    expect(bits(await read(fixture("int96.parquet")))).toBe(answerBits("other", ["us", "ns"]));
  });

  test("no rows", async () => {
    const { rows, columns } = await read(fixture("empty.parquet"));
    expect({ rows, types: columns.map(({ type }) => type) }).toEqual({
      rows: 0,
      types: (await read(fixture("types-none.parquet"))).columns.map(({ type }) => type),
    });
  });

  test("several files by a glob, and the same bits from threads", async () => {
    const glob = [fixture("types-snappy.parquet"), fixture("types-z*.parquet")];
    const twice = await read(glob);
    expect(twice.rows).toBe(600);
    await using threads = await Client.local({ workers: 2, progress: false });
    const frame = readParquet(glob)
      .groupBy("text")
      .agg({ rows: size(), sum: col("f32").sum(), most: col("late").max() });
    expect(bits(plain(await threads.compute(frame)))).toBe(bits(plain(await client.compute(frame))));
    expect(bits(plain(await threads.compute(readParquet(glob))))).toBe(bits(twice));
  });
});

describe("what is read", () => {
  test("only columns that are used, only row groups in which the filter may hold", async () => {
    const frame = readParquet(fixture("groups.parquet"))
      .filter(col("k").ge(730).and(col("k").lt(810)))
      .select("x");
    const explained = await frame.explain();
    expect(explained).toContain("2 of 10 are read");
    expect(explained).toContain("reading 2 of 3 columns (k, x)");
    const whole = await read(fixture("groups.parquet"), { columns: ["x"] });
    expect(plain(await client.compute(frame)).data["x"]).toEqual(whole.data["x"].slice(730, 810));
  });

  test.each([
    ["eq", col("k").eq(555), 1],
    ["a literal on the left", col("k").gt(949).or(col("k").le(0)), 2],
    ["isIn", col("k").isIn([5, 6, 999]), 2],
    ["between texts", col("s").between("03", "04"), 1],
    ["text of another group", col("s").eq("07-777"), 1],
    ["isNull of a column with nulls everywhere", col("x").isNull(), 10],
    ["isNull of one without", col("k").isNull(), 0],
    ["an expression it knows nothing of", col("k").add(0).lt(10), 10],
    ["null", col("k").eq(null), 10],
    ["a float bound", col("x").gt(95.05), 1],
    ["nothing fits", col("k").gt(1e6), 0],
  ] as const)("row groups: %s", async (_, condition, groups) => {
    const frame = readParquet(fixture("groups.parquet"));
    const text = await frame.filter(condition).explain();
    expect(text).toContain(groups === 10 ? "reading" : `row groups: ${groups} of 10 are read`);
    if (groups === 10) expect(text).not.toContain("row groups:");
    // The same rows as where nothing can be left out.
    const persisted = await client.persist(frame);
    const wanted = bits(plain(await client.compute(persisted.filter(condition))));
    expect(bits(plain(await client.compute(frame.filter(condition))))).toBe(wanted);
  });

  test("columns in the order asked", async () => {
    const only = ["text", "flag", "wide"];
    expect(bits(await read(fixture("types-zstd.parquet"), { columns: only }))).toBe(answerBits("types", only));
  });
});

describe("errors", () => {
  const whole = readFileSync(fixture("types-snappy.parquet"));

  test("a file that was cut off, an empty one, one of another format", async () => {
    for (const [name, bytes] of [
      ["cut.parquet", whole.subarray(0, whole.length - 100)],
      ["empty-file.parquet", whole.subarray(0, 0)],
      ["text.parquet", Buffer.from("a,b\n1,2\n3,4\n5,6\n7,8\n")],
    ] as const) {
      const error = await failure(read(files.write(name, bytes)));
      expect(error).toMatchObject({ tag: "Format", fields: { format: "parquet" } });
      expect(error.message).toContain(name);
    }
  });

  test("a damaged footer, a footer that is too long", async () => {
    const start = whole.length - 8 - whole.readUInt32LE(whole.length - 8);
    for (const at of [0, 5, 40, 200]) {
      const broken = Buffer.from(whole);
      broken.fill(0xff, start + at, start + at + 8);
      const error = await failure(read(files.write("footer.parquet", broken)));
      expect(error).toMatchObject({ tag: "Format" });
      expect(error.message).toContain("footer.parquet");
    }
    const long = Buffer.from(whole);
    long.writeUInt32LE(0x7fffffff, whole.length - 8);
    expect(await failure(read(files.write("long.parquet", long)))).toMatchObject({ tag: "Format" });
  });

  test("pages that are damaged name file, column and offset, or give what they hold", async () => {
    let told = 0;
    for (let at = 4; at < 3_000; at += 61) {
      const broken = Buffer.from(whole);
      broken[at] ^= 0x55;
      try {
        await read(files.write("page.parquet", broken));
      } catch (error) {
        expect(error).toMatchObject({
          tag: "Format",
          fields: { format: "parquet", column: expect.any(String), offset: expect.any(Number) },
        });
        told++;
      }
    }
    expect(told).toBeGreaterThan(5);
  });

  test("a column that is not there", async () => {
    expect(await failure(read(fixture("groups.parquet"), { columns: ["kk"] }))).toMatchObject({
      tag: "UnknownColumn",
      fix: expect.stringContaining('"k"'),
    });
    expect(() => readParquet("x.parquet", { columns: [] })).toThrow(/columns/);
  });

  test("files with other columns or types", async () => {
    const error = await failure(read([fixture("groups.parquet"), fixture("other.parquet")]));
    expect(error).toMatchObject({ tag: "Format" });
    expect(error.message).toContain("other.parquet");
  });
});
