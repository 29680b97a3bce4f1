import { readFileSync } from "node:fs";
import { gunzipSync, gzipSync } from "node:zlib";
import { afterAll, expect, test } from "vitest";
import { Client, col, readCsv, size } from "../../lib/index.ts";
import { answerBits, bits, failure, fixture, plain, scratch } from "./support.ts";

/** CSV that is compressed: as pandas writes it, of several members, cut off, and as errors see it. */

const files = scratch();
const client = await Client.local({ workers: 0, progress: false });
afterAll(() => client.close());
const read = async (...args: Parameters<typeof readCsv>) => plain(await client.compute(readCsv(...args)));
const whole = gunzipSync(readFileSync(fixture("rows.csv.gz")));

test.each(["gz", "zst"])("values, %s", async (ending) => {
  expect(bits(await read(fixture(`rows.csv.${ending}`)))).toBe(answerBits("rows-csv"));
});

test("plain and compressed files together, and from threads", async () => {
  const path = files.write("rows.csv", whole);
  const paths = [path, fixture("rows.csv.gz"), fixture("rows.csv.zst")];
  const one = await read(path);
  const all = await read(paths);
  expect(all.rows).toBe(3 * one.rows);
  for (const { name } of one.columns) expect(all.data[name]).toEqual([1, 2, 3].flatMap(() => one.data[name]));
  await using threads = await Client.local({ workers: 2, progress: false });
  const frame = readCsv(paths)
    .groupBy("text")
    .agg({ n: size(), r: col("real").sum() });
  expect(bits(plain(await threads.compute(frame)))).toBe(bits(plain(await client.compute(frame))));
  expect(await frame.explain()).toContain("front to back, one a task");
});

test("more than a sample, without a last line feed, a header alone, records longer than a piece", async () => {
  const rows = Array.from({ length: 60_000 }, (_, i) => `${i},"text\n${i % 100}"`);
  const text = `n,s\n${rows.join("\n")}`;
  const large = await read(files.write("large.csv.gz", gzipSync(text)));
  expect(bits(large)).toBe(bits(await read(files.write("large.csv", text))));
  expect(large.rows).toBe(60_000);
  expect((await read(files.write("header.csv.gz", gzipSync("a,b\n")))).rows).toBe(0);
  const wide = await read(files.write("wide.csv.gz", gzipSync(`a,b\n1,${"x".repeat(700_000)}\n2,y\n`)));
  expect(wide.data["b"].map((value) => String(value).length)).toEqual([700_000, 1]);
});

test("files that were cut off, and values that do not fit, with row and place", async () => {
  for (const ending of ["gz", "zst"]) {
    const bytes = readFileSync(fixture(`rows.csv.${ending}`));
    const cut = files.write(`cut.csv.${ending}`, bytes.subarray(0, bytes.length - 5));
    expect(await failure(read(cut))).toMatchObject({ tag: "Format" });
  }
  const bad = Buffer.concat([whole, Buffer.from("true,1,x,2,3,y\n")]);
  const error = await failure(read(files.write("bad.csv.gz", gzipSync(bad)), { sampleRows: 10 }));
  expect(error).toMatchObject({
    tag: "Value",
    fields: { row: 301, column: "wide", text: "x", offset: whole.length + 7 },
  });
  expect(error.message).toContain("row 301");
  expect(await failure(read(files.write("none.csv.gz", gzipSync(""))))).toMatchObject({ tag: "Csv" });
});
