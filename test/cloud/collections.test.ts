import { readFileSync } from "node:fs";
import { afterAll, describe, expect, test } from "vitest";
import {
  col,
  cov,
  delayed,
  mean,
  random,
  readCsv,
  readImages,
  readText,
  readZarr,
  type Collection,
  type Table,
} from "../../lib/index.ts";
import { sales, startCloud } from "./cloud.ts";

const cloud = await startCloud();
const fixture = (name: string) => new URL(`../fixtures/${name}`, import.meta.url);

describe.skipIf(cloud === undefined)("in the cloud, to the bit as on this machine:", () => {
  if (cloud === undefined) return;
  const { client, local, store, url, put, emulator, stack } = cloud;
  afterAll(() => cloud.stop());

  const both = async <T>(collection: Collection<T>): Promise<readonly [T, T]> => [
    await client.compute(collection),
    await local.compute(collection),
  ];
  const rows = (table: Table): unknown => table.toArray().map((row: { toJSON(): unknown }) => row.toJSON());

  test("a group by of sales in three files", async () => {
    for (const month of [1, 2, 3]) await put(`data/sales_${month}.csv`, sales(month, 400));
    const revenue = col("quantity").mul(col("price"));
    const frame = readCsv(url("data/sales_*.csv"), { blockSize: 3_000 })
      .filter(col("quantity").gt(0))
      .groupBy("product")
      .agg({ revenue: revenue.sum(), mean: col("price").mean(), sold: col("quantity").sum() });
    const [there, here] = await both(frame);
    expect(there.numRows).toBe(13);
    expect(rows(there)).toEqual(rows(here));
    expect(there.schema.toString()).toBe(here.schema.toString());
  });

  test("a type that turns out wider, a repaired cut and a sort", async () => {
    const lines = Array.from(
      { length: 300 },
      (_, i) => `${i % 7},"a ""quoted""\nline ${i}",${i < 250 ? i : i + 0.5}\n`,
    );
    await put("data/wide.csv", `k,text,v\n${lines.join("")}`);
    const frame = readCsv(url("data/wide.csv"), { blockSize: 1_000, sampleRows: 20 }).sort("text");
    const [there, here] = await both(frame);
    expect(there.numRows).toBe(300);
    expect(rows(there)).toEqual(rows(here));
  });

  test("a covariance of numbers drawn in the cloud, by chunks", async () => {
    const x = random.normal([400, 30], { chunks: [50, 30], seed: 42 });
    const [there, here] = await both(cov(x.T));
    expect(there.shape).toEqual([30, 30]);
    expect(Buffer.compare(bytesOf(there.data), bytesOf(here.data))).toBe(0);
  });

  test("an array from Zarr in S3", async () => {
    const folder = new URL("../array/files/blosc.zarr/", import.meta.url);
    for (const name of [".zarray", ".zattrs", ...grid(3)]) {
      const bytes = read(new URL(name, folder));
      if (bytes !== undefined) await put(`data/blosc.zarr/${name}`, bytes);
    }
    const [there, here] = await both(mean(await readZarr(url("data/blosc.zarr")), { axis: 0 }));
    expect(there.data.length).toBeGreaterThan(0);
    expect(Buffer.compare(bytesOf(there.data), bytesOf(here.data))).toBe(0);
  });

  test("images to grey", async () => {
    for (const name of ["base.png", "gray-alpha.png", "444.jpg"]) {
      const bytes = readFileSync(fixture(`images/${name}`));
      await put(`photos/${name}`, bytes);
    }
    const grey = (folder: string) =>
      readImages(url("photos/*"))
        .grayscale()
        .write(url(`output/${folder}/{name}.png`));
    await client.compute(grey("there"));
    await local.compute(grey("here"));
    const there = await cloud.keys("output/there/");
    expect(there).toHaveLength(3);
    for (const key of there) {
      const [a, b] = await Promise.all([store.get(url(key)), store.get(url(key.replace("there", "here")))]);
      expect(Buffer.compare(a, b), key).toBe(0);
    }
    const { name } = emulator.lambda.ended.find(({ name }) => name === stack.functions["work-image"]) ?? {};
    expect(name).toBeDefined();
  });

  test("a bag with functions of one's own", async () => {
    await put("data/words.txt", readFileSync(fixture("bag/words.txt")));
    const words = readText(url("data/words.txt"), { blockSize: 2_000 })
      .flatMap((line) => line.split(/\W+/))
      .frequencies()
      .topK(5);
    const [there, here] = await both(words);
    expect(there.length).toBeGreaterThan(1);
    expect(there).toEqual(here);
  });

  test("a graph of calls, and calls by themselves", async () => {
    const load = delayed((month: number) => [month, Math.sin(month)], { name: "load" });
    const total = delayed((lists: number[][]) => lists.flat().reduce((a, b) => a + b, 0), { name: "total" });
    const [there, here] = await both(total([1, 2, 3, 4].map((month) => load(month))));
    expect(Object.is(there, here)).toBe(true);
    const squares = client.map((x: number) => x * x, [1, 2, 3]);
    expect(await client.gather(squares)).toEqual([1, 4, 9]);
    const failing = client.submit((x: number) => {
      throw new RangeError(`${x} is out of range`);
    }, 7);
    await expect(failing).rejects.toThrow(new RangeError("7 is out of range"));
  });

  test("what functions tell each other stays small, and nothing stays behind", async () => {
    const told = emulator.lambda.ended.filter(({ name }) => name !== stack.functions.call);
    expect(told.length).toBeGreaterThan(20);
    expect(Math.max(...told.flatMap(({ bytesIn, bytesOut }) => [bytesIn, bytesOut]))).toBeLessThan(100_000);
    const failures = told.filter(({ outcome }) => !outcome.ok).map(({ outcome }) => outcome.payload);
    // That a type is wider than the sample promised is told as an error.
    expect(failures.filter((payload) => !payload.includes("SchemaWidenedError"))).toEqual([]);
    await client.close();
    const left = (await cloud.keys("runs/")).filter((key) => !/\/(request|begun|outcome|failure)\.json$/.test(key));
    expect(left).toEqual([]);
  });
});

const bytesOf = (data: ArrayBufferView): Uint8Array => new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
const grid = (n: number): string[] => Array.from({ length: n * n }, (_, i) => `${Math.floor(i / n)}.${i % n}`);

function read(file: URL): Uint8Array | undefined {
  try {
    return readFileSync(file);
  } catch {
    return undefined; // a chunk that is not there is all zeros
  }
}
