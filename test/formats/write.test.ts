import { existsSync, mkdirSync, readFileSync, readdirSync } from "node:fs";
import fc from "fast-check";
import { afterAll, describe, expect, test } from "vitest";
import {
  Client,
  col,
  lit,
  readCsv,
  readJson,
  readParquet,
  size,
  type DataFrame,
  type ScalarType,
} from "../../lib/index.ts";
import { ByteDictionary } from "../../lib/kernels/frame/byte-dictionary.ts";
import type { Column } from "../../lib/kernels/frame/column.ts";
import type { Frame } from "../../lib/kernels/frame/encode.ts";
import { encodeParquet } from "../../lib/kernels/formats/write-parquet.ts";
import { bits, failure, fixture, plain, scratch } from "./support.ts";

/** Writes of frames: a directory written is read back equal, and what is there is not lost by accident. */

const files = scratch();
const client = await Client.local({ workers: 0, progress: false });
afterAll(() => client.close());

let folders = 0;

type Row = readonly [boolean | null, bigint | null, number | null, string | null];
const SCHEMA = [
  { name: "b", type: "bool" },
  { name: "i", type: "int64" },
  { name: "f", type: "float64" },
  { name: 's,t"é', type: "string" },
] as const;

/** Rows as a frame, a file a part: written by the encoder alone, so that what is compared with is the rows themselves. */
function frameOf(parts: readonly (readonly Row[])[]): DataFrame {
  const folder = `source-${folders++}`;
  mkdirSync(files.path(folder));
  return readParquet(parts.map((rows, i) => files.write(`${folder}/${i}.parquet`, encodeParquet(inMemory(rows)))));
}

function inMemory(rows: readonly Row[]): Frame {
  const texts = new ByteDictionary();
  const valid = (at: number) => Uint8Array.from(rows, (row) => (row[at] === null ? 0 : 1));
  const columns: Column[] = [
    { type: "bool", values: Uint8Array.from(rows, ([b]) => Number(b)), valid: valid(0) },
    { type: "int64", values: BigInt64Array.from(rows, (row) => row[1] ?? 0n), valid: valid(1) },
    { type: "float64", values: Float64Array.from(rows, (row) => row[2] ?? NaN), valid: valid(2) },
    {
      type: "string",
      codes: Int32Array.from(rows, (row) => (row[3] === null ? 0 : texts.codeOf(row[3]))),
      dictionary: texts,
    },
  ];
  const named = SCHEMA.map(({ name }, i): [string, Column] => [name, columns[i]]);
  return { schema: SCHEMA, batch: { rows: rows.length, columns: new Map(named) } };
}

function bitsOf(rows: readonly Row[]): string {
  const data = Object.fromEntries(SCHEMA.map(({ name }, i) => [name, rows.map((row) => row[i])]));
  return bits({ columns: SCHEMA, rows: rows.length, data });
}

const text = fc.oneof(
  fc.string({ unit: "grapheme", maxLength: 12 }),
  fc.constantFrom(
    "",
    " ",
    "NA",
    "null",
    "12",
    "1e5",
    "true",
    "a,b",
    'say "so"',
    "two\nlines",
    "\r",
    "\ufeffx",
    "2024-02-29",
    "-0",
    "🪭",
  ),
);
const value = fc.tuple(
  fc.option(fc.boolean()),
  fc.option(fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n })),
  fc.option(fc.oneof(fc.double(), fc.constantFrom(0, -0, NaN, Infinity, -Infinity, 1, 1e21, 5e-324))),
  fc.option(text),
);
const parts = fc.array(fc.array(value, { maxLength: 20 }), { minLength: 1, maxLength: 3 });
const TYPES: Readonly<Record<string, ScalarType>> = Object.fromEntries(SCHEMA.map(({ name, type }) => [name, type]));

const formats = {
  parquet: {
    write: (frame: DataFrame, to: string) => frame.writeParquet(to),
    read: (glob: string) => readParquet(glob),
  },
  "parquet, zstd, small groups": {
    write: (frame: DataFrame, to: string) => frame.writeParquet(to, { compression: "zstd", rowGroupRows: 7 }),
    read: (glob: string) => readParquet(glob),
  },
  csv: {
    write: (frame: DataFrame, to: string) => frame.writeCsv(to),
    read: (glob: string) => readCsv(glob, { types: TYPES, nulls: [] }),
  },
};

describe("a directory written is read back equal", () => {
  test.each(Object.entries(formats))("%s", async (name, { write, read }) => {
    await fc.assert(
      fc.asyncProperty(parts, async (rows) => {
        const folder = files.path(`${name}-${folders++}/`);
        const written = await write(frameOf(rows), folder);
        expect(bits(plain(await client.compute(read(`${folder}*`))))).toBe(bitsOf(rows.flat()));
        expect(written.reduce((sum, file) => sum + file.rows, 0)).toBe(rows.flat().length);
        expect(written.map(({ path }) => path)).toEqual(
          readdirSync(folder)
            .sort()
            .map((file) => `${folder}${file}`),
        );
      }),
      { numRuns: 40 },
    );
  });

  test("all of pyarrow's types, through every format that keeps them", async () => {
    for (const name of ["types-snappy", "other"]) {
      const frame = readParquet(fixture(`${name}.parquet`));
      const wanted = bits(plain(await client.compute(frame)));
      await frame.writeParquet(files.path(`again-${name}/`));
      expect(bits(plain(await client.compute(readParquet(files.path(`again-${name}/*.parquet`)))))).toBe(wanted);
    }
  });

  test("from threads, byte by byte the same", async () => {
    const csv = files.write(
      "numbers.csv",
      `n,s\n${Array.from({ length: 20_000 }, (_, i) => `${i},text ${i % 97}`).join("\n")}\n`,
    );
    const frame = readCsv(csv, { blockSize: 30_000 }).filter(col("n").mod(3).eq(0));
    await using threads = await Client.local({ workers: 2, progress: false });
    const from = async (runner: Client, to: string) => {
      const { writeTarget } = await import("../../lib/collections/dataframe/write.ts");
      return runner.write(frame, writeTarget("parquet", files.path(to), {}));
    };
    const one = await from(client, "one");
    const two = await from(threads, "two");
    expect(one.length).toBeGreaterThan(3);
    expect(two.map(({ rows, bytes }) => [rows, bytes])).toEqual(one.map(({ rows, bytes }) => [rows, bytes]));
    for (const [i, { path }] of one.entries()) expect(readFileSync(two[i].path)).toEqual(readFileSync(path));
  });
});

describe("names", () => {
  const frame = readParquet(fixture("groups.parquet"));

  test("a folder, a template, one file", async () => {
    expect((await frame.writeParquet(files.path("folder"))).map(({ path }) => path)).toEqual([
      files.path("folder/part-00000.parquet"),
    ]);
    expect((await frame.writeCsv(files.path("named/k-*.csv"))).map(({ path }) => path)).toEqual([
      files.path("named/k-00000.csv"),
    ]);
    const [file] = await frame.groupBy("s").agg({ n: size() }).writeCsv(files.path("groups.csv"));
    expect(file).toMatchObject({ path: files.path("groups.csv"), rows: 1000 });
    expect(readFileSync(file.path, "utf8")).toMatch(/^s,n\n00-0,1\n/);
  });

  test("several parts as one file", async () => {
    const csv = files.write("parts.csv", `n\n${Array.from({ length: 5_000 }, (_, i) => i).join("\n")}\n`);
    const [file, ...more] = await readCsv(csv, { blockSize: 4_000 }).writeCsv(files.path("whole.csv"));
    expect(more).toEqual([]);
    expect(readFileSync(file.path, "utf8")).toBe(readFileSync(csv, "utf8"));
  });

  test("no rows give one file with the columns", async () => {
    const none = frame.filter(col("k").lt(0));
    expect(await none.writeParquet(files.path("none"))).toMatchObject([{ rows: 0 }]);
    expect(bits(plain(await client.compute(readParquet(files.path("none/*")))))).toBe(
      bits(plain(await client.compute(none))),
    );
    await none.writeCsv(files.path("none.csv"));
    expect(readFileSync(files.path("none.csv"), "utf8")).toBe("k,x,s\n");
  });

  test("JSON of no rows has no columns: reading it says that types have to name them, and with them gives it back", async () => {
    const none = frame.assign({ day: lit("2024-02-29").cast("date") }).filter(col("k").lt(0));
    await none.writeJson(files.path("none.jsonl"));
    expect(await failure(client.compute(readJson(files.path("none.jsonl"))))).toMatchObject({
      tag: "Format",
      fix: expect.stringContaining("{ types: "),
    });
    const back = readJson(files.path("none.jsonl"), { types: await none.types() });
    expect(bits(plain(await client.compute(back)))).toBe(bits(plain(await client.compute(none))));
  });

  test("what is there is refused, or replaced as a whole", async () => {
    const folder = files.path("twice");
    const parted = readParquet([
      fixture("groups.parquet"),
      fixture("groups.parquet").replace("formats/", "formats/./"),
    ]);
    await parted.writeParquet(folder);
    files.write("twice/part-00007.parquet", "left over");
    files.write("twice/README.md", "stays");
    const error = await failure(frame.writeParquet(folder));
    expect(error).toMatchObject({ tag: "Conflict" });
    expect(error.message).toContain("overwrite: true");
    await frame.writeParquet(folder, { overwrite: true });
    expect(readdirSync(folder).sort()).toEqual(["README.md", "part-00000.parquet"]);
    await frame.writeCsv(files.path("once.csv"));
    expect(await failure(frame.writeCsv(files.path("once.csv")))).toMatchObject({ tag: "Conflict" });
  });

  test("a write that fails leaves no parts", async () => {
    const csv = files.write("bad.csv", `n\n${"1\n".repeat(3_000)}x\n`);
    await failure(readCsv(csv, { blockSize: 1_000 }).writeCsv(files.path("failed/")));
    expect(existsSync(files.path("failed")) ? readdirSync(files.path("failed")) : []).toEqual([]);
  });

  test("options that mean nothing", async () => {
    await expect(frame.writeParquet("x", { compression: "lzma" as "zstd" })).rejects.toThrow(/compression/);
    await expect(frame.writeCsv("x", { delimiter: "\n" })).rejects.toThrow(/delimiter/);
    await expect(frame.writeCsv("a*b*.csv")).rejects.toThrow(/\*/);
    await expect(frame.writeArrow("x", { colour: 1 } as object)).rejects.toThrow(/colour/);
  });

  test("a single text column with nulls needs a word for null in CSV", async () => {
    const one = readParquet(fixture("types-snappy.parquet")).select("text");
    expect(await failure(one.writeCsv(files.path("single/")))).toMatchObject({ tag: "Option" });
    await one.writeCsv(files.path("single/"), { nullText: "<null>" });
    const back = readCsv(files.path("single/*.csv"), { nulls: ["<null>"] });
    expect(bits(plain(await client.compute(back)))).toBe(bits(plain(await client.compute(one))));
  });
});
