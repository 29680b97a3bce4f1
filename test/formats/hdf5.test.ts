import { readFileSync } from "node:fs";
import { afterAll, expect, test } from "vitest";
import { Client, col, readHdf5, size } from "../../lib/index.ts";
import { defaultStore } from "../../lib/store/default-store.ts";
import { answerBits, bits, failure, fixture, plain, scratch } from "./support.ts";

/** HDF5 as h5py writes it. */

const files = scratch();
const client = await Client.local({ workers: 0, progress: false });
afterAll(() => client.close());
const path = fixture("tables.h5");
const read = async (...args: Parameters<typeof readHdf5>) => plain(await client.compute(readHdf5(...args)));

test("a group, in one piece and in many, and some of its columns", async () => {
  const order = ["f", "i", "ok", "small", "word"];
  for (const blockRows of [1_000_000, 7, 1])
    expect(bits(await read(path, { dataset: "/group", blockRows }))).toBe(answerBits("hdf5", order));
  expect(bits(await read(path, { dataset: "group", columns: ["word", "i"] }))).toBe(answerBits("hdf5", ["word", "i"]));
});

test("a dataset, a matrix, a table of records", async () => {
  expect(bits(await read(path, { dataset: "/group/i" }))).toBe(answerBits("hdf5", ["i"]));
  expect(bits(await read(path, { dataset: "/matrix", blockRows: 20 }))).toBe(answerBits("hdf5-matrix"));
  expect(bits(await read(path, { dataset: "/records", blockRows: 20 }))).toBe(answerBits("hdf5-records"));
});

test("from threads, and from another store", async () => {
  const frame = readHdf5([path, path.replace("formats/", "formats/./")], { dataset: "/group", blockRows: 10 })
    .groupBy("word")
    .agg({ n: size(), f: col("f").sum() });
  const wanted = bits(plain(await client.compute(frame)));
  await using threads = await Client.local({ workers: 2, progress: false });
  expect(bits(plain(await threads.compute(frame)))).toBe(wanted);
  const store = defaultStore();
  await store.put("memory://hdf5/tables.h5", readFileSync(path));
  await using remote = await Client.local({ workers: 0, store, progress: false });
  expect(bits(plain(await remote.compute(readHdf5("memory://hdf5/tables.h5", { dataset: "/group/i" }))))).toBe(
    answerBits("hdf5", ["i"]),
  );
});

test("what is not there, is no table, or is no HDF5", async () => {
  expect(await failure(read(path, { dataset: "/groups" }))).toMatchObject({
    tag: "Format",
    message: expect.stringContaining("/group/word"),
  });
  expect(await failure(read(path, { dataset: "/cube" }))).toMatchObject({ tag: "Format" });
  const whole = readFileSync(path);
  for (const bytes of [whole.subarray(0, whole.length - 1_000), whole.subarray(0, 50), Buffer.from("a,b\n1,2\n")]) {
    const error = await failure(read(files.write("bad.h5", bytes), { dataset: "/group" }));
    expect(error).toMatchObject({ tag: "Format", fields: { format: "hdf5" } });
  }
  expect(() => readHdf5("x.h5", { dataset: "" })).toThrow(/dataset/);
});
