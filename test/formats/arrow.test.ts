import { readFileSync } from "node:fs";
import { afterAll, expect, test } from "vitest";
import { Client, col, readArrow, readParquet, size } from "../../lib/index.ts";
import { answerBits, bits, failure, fixture, plain, scratch } from "./support.ts";

/** Arrow IPC as pyarrow writes it: files, streams, compressed ones; what we write; and files that are none. */

const files = scratch();
const client = await Client.local({ workers: 0, progress: false });
afterAll(() => client.close());
const read = async (...args: Parameters<typeof readArrow>) => plain(await client.compute(readArrow(...args)));

test.each(["types.arrow", "types-stream.arrows", "types-lz4.arrow", "types-zstd.arrow"])("values, %s", async (name) => {
  expect(bits(await read(fixture(name)))).toBe(answerBits("types"));
});

test("types that become another, nested ones as JSON", async () => {
  expect(bits(await read(fixture("other.arrow")))).toBe(answerBits("other"));
});

test("what writeArrow wrote, of all types, in several parts, and of no rows", async () => {
  for (const name of ["types-snappy", "other"]) {
    const frame = readParquet(fixture(`${name}.parquet`));
    const wanted = plain(await client.compute(frame));
    await frame.writeArrow(files.path(`${name}/`));
    expect(bits(await read(files.path(`${name}/*.arrow`)))).toBe(bits(wanted));
    await frame.filter(col(wanted.columns[0].name).isNull().and(false)).writeArrow(files.path(`${name}-none/`));
    expect(await read(files.path(`${name}-none/*`))).toMatchObject({ rows: 0, columns: wanted.columns });
  }
});

test("some columns of several files, grouped, from threads", async () => {
  const frame = readArrow([fixture("types.arrow"), fixture("types-lz4.arrow")], { columns: ["text", "f32"] })
    .groupBy("text")
    .agg({ n: size(), f: col("f32").sum() });
  await using threads = await Client.local({ workers: 2, progress: false });
  expect(bits(plain(await threads.compute(frame)))).toBe(bits(plain(await client.compute(frame))));
});

test("files that are cut off, damaged, or no Arrow", async () => {
  for (const name of ["types.arrow", "types-stream.arrows", "types-lz4.arrow"]) {
    const whole = readFileSync(fixture(name));
    for (const bytes of [
      whole.subarray(0, 20_000),
      whole.subarray(0, 100),
      whole.subarray(0, 0),
      Buffer.from("a,b\n1,2\n"),
    ]) {
      const error = await failure(read(files.write(name, bytes)));
      expect(error).toMatchObject({ tag: "Format", fields: { format: "arrow" } });
      expect(error.message).toContain(name);
    }
  }
  expect(await failure(read(fixture("types.arrow"), { columns: ["texts"] }))).toMatchObject({ tag: "UnknownColumn" });
});
