import { readFileSync } from "node:fs";
import { gzipSync } from "node:zlib";
import fc from "fast-check";
import { afterAll, describe, expect, test } from "vitest";
import { Client, col, readJson, readParquet, size } from "../../lib/index.ts";
import { answerBits, bits, failure, fixture, plain, scratch } from "./support.ts";

/** JSON Lines and arrays as Python writes them, in pieces and compressed. */

const files = scratch();
const client = await Client.local({ workers: 0, progress: false });
afterAll(() => client.close());
const read = async (...args: Parameters<typeof readJson>) => plain(await client.compute(readJson(...args)));
const lines = readFileSync(fixture("rows.jsonl"));

describe("values", () => {
  test("lines, in one piece and in many", async () => {
    const wanted = answerBits("rows");
    for (const blockSize of [1 << 24, 10_000, 777, 100, 64])
      expect(bits(await read(fixture("rows.jsonl"), { blockSize })), String(blockSize)).toBe(wanted);
  });

  test("an array, gzip and zstd", async () => {
    expect(bits(await read(fixture("rows.array.json"), { lines: false }))).toBe(answerBits("rows"));
    for (const ending of ["gz", "zst"])
      expect(bits(await read(fixture(`rows.jsonl.${ending}`)))).toBe(answerBits("rows"));
    const packed = files.write("array.json.gz", gzipSync(readFileSync(fixture("rows.array.json"))));
    expect(bits(await read(packed, { lines: false }))).toBe(answerBits("rows"));
  });

  test("from threads, grouped", async () => {
    await using threads = await Client.local({ workers: 2, progress: false });
    const frame = readJson(fixture("rows.jsonl"), { blockSize: 999 })
      .filter(col("i64").gt(0))
      .groupBy("text")
      .agg({ n: size(), r: col("real").sum() });
    expect(bits(plain(await threads.compute(frame)))).toBe(bits(plain(await client.compute(frame))));
  });

  test("types asked for, keys that no sample shows, words for what JSON lacks", async () => {
    const path = files.write(
      "asked.jsonl",
      '{"d":"2024-02-29","f":"NaN"}\n{"d":null,"f":1,"late":true,"t":"2024-02-29T00:00:00.5Z"}\n{"f":"-Infinity","d":"1969-12-31"}\n',
    );
    const { data, columns } = await read(path, {
      types: { d: "date", f: "float64", t: "timestamp", more: "string" },
      sampleRows: 1,
    });
    expect(columns.map(({ name, type }) => `${name} ${type}`)).toEqual([
      "d date",
      "f float64",
      "t timestamp",
      "more string",
    ]);
    expect(data).toEqual({
      d: [19782n, null, -1n],
      f: [NaN, 1, -Infinity],
      t: [null, 1709164800500000n, null],
      more: [null, null, null],
    });
  });

  test("types widen behind the sample, as far as they may", async () => {
    const path = files.write("widen.jsonl", '{"n":1,"z":null}\n{"n":2.5,"z":"text"}\n{"n":9007199254740993}\n');
    expect((await read(path, { sampleRows: 1 })).data).toEqual({
      n: [1, 2.5, 9007199254740992],
      z: [null, "text", null],
    });
    const mixed = files.write("mixed.jsonl", '{"n":1}\n{"n":"two"}\n{"n":9007199254740993}\n{"n":[1]}\n');
    expect((await read(mixed, { sampleRows: 1, widen: "string" })).data).toEqual({
      n: ["1", "two", "9007199254740993", "[1]"],
    });
    expect(await failure(read(mixed, { sampleRows: 1 }))).toMatchObject({
      tag: "Value",
      fields: { column: "n", row: 2, offset: 8, text: '"two"' },
    });
  });

  test("what writeJson wrote", async () => {
    const frame = readParquet(fixture("types-snappy.parquet")).select("flag", "i64", "wide", "f64", "text", "unique");
    const wanted = bits(plain(await client.compute(frame)));
    await frame.writeJson(files.path("written/"), { nonFinite: "text" });
    const types = { f64: "float64" } as const;
    expect(bits(await read(files.path("written/*.jsonl"), { types }))).toBe(wanted);
  });

  test("rows of any values come back, whatever the cuts", async () => {
    const value = fc.oneof(
      fc.constant(null),
      fc.string({ unit: "grapheme" }),
      fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
    );
    const rows = fc.array(fc.tuple(value, fc.option(fc.double({ noNaN: true, noDefaultInfinity: true }))), {
      minLength: 1,
      maxLength: 12,
    });
    let written = 0;
    await fc.assert(
      fc.asyncProperty(rows, fc.integer({ min: 1, max: 300 }), async (list, blockSize) => {
        const text = list
          .map(
            ([s, f]) =>
              `{"s":${typeof s === "bigint" ? s : JSON.stringify(s)},"f":${f === null ? "null" : Object.is(f, -0) ? "-0.0" : f}}`,
          )
          .join("\n");
        const path = files.write(`any-${written++}.jsonl`, text);
        const { data } = await read(path, { blockSize, types: { s: "string", f: "float64" } });
        expect(data).toEqual({ s: list.map(([s]) => (s === null ? null : String(s))), f: list.map(([, f]) => f) });
      }),
      { numRuns: 60 },
    );
  });
});

describe("errors", () => {
  test("a line that is no JSON says which, wherever it is cut", async () => {
    const at = lines.indexOf("\n", 5_000) + 1;
    const row = lines.subarray(0, at).filter((byte) => byte === 10).length + 1;
    const broken = Buffer.concat([lines.subarray(0, at), Buffer.from('{"flag": tru\n'), lines.subarray(at)]);
    const path = files.write("broken.jsonl", broken);
    const packed = files.write("broken.jsonl.gz", gzipSync(broken));
    for (const [file, blockSize] of [
      [path, 1 << 20],
      [path, 1_000],
      [packed, 1 << 20],
    ] as const) {
      const error = await failure(read(file, { blockSize, sampleRows: 5 }));
      expect(error).toMatchObject({ tag: "Text", fields: { offset: at, row, text: '{"flag": tru' } });
      expect(error.message).toContain(`line ${row}, which starts at byte ${at}`);
    }
  });

  test("a value that does not fit", async () => {
    const path = files.write("misfit.jsonl", '{"b":true}\n{"b":false}\n\n{"b":"no"}\n');
    for (const blockSize of [1 << 20, 12])
      expect(await failure(read(path, { sampleRows: 2, blockSize }))).toMatchObject({
        tag: "Value",
        fields: { column: "b", row: 4, offset: 24, text: '"no"', type: "bool" },
      });
  });

  test("compressed files that were cut off, or are none", async () => {
    for (const ending of ["gz", "zst"]) {
      const whole = readFileSync(fixture(`rows.jsonl.${ending}`));
      for (const bytes of [
        whole.subarray(0, whole.length - 3),
        lines,
        Buffer.concat([whole.subarray(0, 100), Buffer.alloc(500, 7)]),
      ]) {
        const error = await failure(read(files.write(`cut.jsonl.${ending}`, bytes)));
        expect(error).toMatchObject({ tag: "Format", fields: { format: ending === "gz" ? "gzip" : "zstd" } });
        expect(error.message).toContain(`cut.jsonl.${ending}`);
      }
    }
  });

  test("an array read as lines and lines as an array, items that are no objects, nothing at all", async () => {
    expect(await failure(read(fixture("rows.array.json")))).toMatchObject({
      tag: "Text",
      fix: expect.stringContaining("lines: false"),
    });
    expect(await failure(read(fixture("rows.jsonl"), { lines: false }))).toMatchObject({
      tag: "Format",
      fix: expect.stringContaining("lines: true"),
    });
    expect(await failure(read(files.write("scalars.json", "[1, 2]"), { lines: false }))).toMatchObject({
      tag: "Format",
    });
    expect(await failure(read(files.write("empty.jsonl", "")))).toMatchObject({ tag: "Format" });
    expect(() => readJson("x", { widen: "int64" as "string" })).toThrow(/widen/);
  });
});

test("a compressed file is read in bounded memory", async () => {
  const line = `${JSON.stringify({ n: 1, s: "x".repeat(1_000) })}\n`;
  const path = files.write("large.jsonl.gz", gzipSync(line.repeat(200_000)));
  const before = process.memoryUsage().arrayBuffers;
  let most = 0;
  const watch = setInterval(() => (most = Math.max(most, process.memoryUsage().arrayBuffers)), 2);
  const { data } = plain(await client.compute(readJson(path).agg({ n: size() })));
  clearInterval(watch);
  expect(data["n"]).toEqual([200_000n]);
  // The file holds 200 MB.
  expect(most - before).toBeLessThan(100e6);
});
