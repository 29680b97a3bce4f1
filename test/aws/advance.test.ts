import { tableToIPC, type Table } from "apache-arrow";
import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { arange, col, fromSequence, readCsv, readImages, readText, size } from "../../lib/index.ts";
import { stackWith } from "./cloud-run.ts";

const IMAGES = new URL("../fixtures/images/", import.meta.url);

const sales = (from: number, rows: number) =>
  `product,quantity,price\n${Array.from({ length: rows }, (_, i) => `p${(from + i) % 7},${(i * 13) % 17},${((i * 37) % 101) / 8}`).join("\n")}\n`;
const SALES = { "in/a.csv": sales(0, 500), "in/b.csv": sales(3, 800), "in/c.csv": sales(5, 11) };
const rowsOf = (table: unknown) => (table as Table).toArray().map((row) => ({ ...row }));
const bitsOf = (table: unknown) => Buffer.from(tableToIPC(table as Table, "stream"));

const frame = () =>
  readCsv("s3://bucket/in/*.csv", { blockSize: 2_000 })
    .assign({ revenue: col("quantity").mul(col("price")) })
    .groupBy("product")
    .agg({ revenue: col("revenue").sum(), rows: size() });

test("a frame in JSON gives the same bits as on this machine, and leaves nothing else", async () => {
  const stack = stackWith(SALES);
  const table = await stack.compute(frame());
  expect(rowsOf(table)).toHaveLength(7);
  expect(bitsOf(table).equals(bitsOf(await stack.computeHere(frame())))).toBe(true);
  expect(await stack.keys("runs/")).toEqual(["runs/run-1/outcome.json", "runs/run-1/request.json"]);
  expect(await stack.keys("results/")).toEqual(["table.arrow", "table.csv", "value"].map((n) => `results/run-1/${n}`));
});

test("a value that the sample did not promise is planned for again", async () => {
  const late = `n,x\n${"1,1\n".repeat(3_000)}2,2.5\n3,4\n`;
  const stack = stackWith({ "w.csv": late });
  const wide = readCsv("s3://bucket/w.csv", { blockSize: 4_000, sampleRows: 10 })
    .groupBy("x")
    .agg({ n: col("n").sum() });
  const table = await stack.compute(wide);
  expect(rowsOf(table)).toEqual(rowsOf(await stack.computeHere(wide)));
  const outcome = await stack.execute("run-1");
  expect(outcome).toMatchObject({ ok: true, part: expect.any(Number) });
  expect(outcome.ok && outcome.part).toBeGreaterThan(0);
});

test("records that begin where no range can know it are repaired in further rounds", async () => {
  const text = `a,b\n${Array.from({ length: 400 }, (_, i) => (i % 50 === 7 ? `${i},"x\n,\n${"y,1\n".repeat(120)}"` : `${i},z`)).join("\n")}\n`;
  const stack = stackWith({ "q.csv": text });
  const kept = readCsv("s3://bucket/q.csv", { blockSize: 600 });
  const table = await stack.compute(kept);
  expect(rowsOf(table)).toEqual(rowsOf(await stack.computeHere(kept)));
  const outcome = await stack.execute("run-1");
  expect(outcome.ok && Object.keys(outcome.stages[0].repaired).length).toBeGreaterThan(2);
});

test("rows are sorted and joined through exchanges in S3, and head stops early", async () => {
  const stack = stackWith({ ...SALES, "names.csv": "product,name\np1,one\np2,two\np3,three\n" });
  const all = readCsv("s3://bucket/in/*.csv", { blockSize: 1_500 });
  const sorted = all.sort(["price", "product", "quantity"]);
  expect(rowsOf(await stack.compute(sorted, {}, "sorted"))).toEqual(rowsOf(await stack.computeHere(sorted)));
  const joined = all.join(readCsv("s3://bucket/names.csv"), { on: "product" }).sort(["price", "quantity", "product"]);
  expect(rowsOf(await stack.compute(joined, {}, "joined"))).toEqual(rowsOf(await stack.computeHere(joined)));
  const head = all.head(12);
  expect(rowsOf(await stack.compute(head, {}, "head"))).toEqual(rowsOf(await stack.computeHere(head)));
});

test("bags, their items, and frames over bags", async () => {
  const stack = stackWith({ "t.txt": "3\n4\n3\n5\n9\n3\n4\n".repeat(40) });
  const lines = readText("s3://bucket/t.txt", { blockSize: 60 }).map(Number);
  const sums = lines.frequencies();
  expect(await stack.compute(sums, {}, "counts")).toEqual(await stack.computeHere(sums));
  expect(await stack.compute(lines.topK(3), {}, "top")).toEqual([9, 9, 9]);
  expect(await stack.compute(lines.sum(), {}, "sum")).toBe(40 * 31);
  const rows = fromSequence(
    [
      { a: 1, b: "x" },
      { a: 2, b: "y" },
      { a: 3.5, b: "x" },
    ],
    { partitions: 2 },
  ).toDataFrame();
  const table = await stack.compute(rows.groupBy("b").agg({ a: col("a").sum() }), {}, "frame");
  expect(rowsOf(table)).toEqual([
    { b: "x", a: 4.5 },
    { b: "y", a: 2 },
  ]);
});

test("arrays: a reduction, and chunks that are put together", async () => {
  const stack = stackWith();
  const x = arange(0, 1_000).reshape([50, 20]).rechunk([8, 20]);
  const mean = x.mean({ axis: 0 });
  expect(await stack.compute(mean, {}, "mean")).toEqual(await stack.computeHere(mean));
  const product = x.transpose().matmul(x).add(1);
  expect(await stack.compute(product, {}, "product")).toEqual(await stack.computeHere(product));
});

test("a graph of calls is made, wave by wave", async () => {
  const stack = stackWith();
  const graph = {
    abanico: 1,
    delayed: {
      root: 1,
      calls: [
        { fn: { kind: "builtin", name: "Math.sqrt" }, args: [{ json: 16 }] },
        { fn: { kind: "builtin", name: "Math.max" }, args: [{ call: 0 }, { json: 3 }] },
      ],
    },
  };
  expect(await stack.compute(graph)).toBe(4);
  expect(await stack.keys("results/")).toContain("results/run-1/value.json");
});

test("images are read, made gray and written, with the bytes of this machine", async () => {
  const files = ["444.jpg", "base.png", "gray16.png"];
  const stack = stackWith(
    Object.fromEntries(files.map((name) => [`img/${name}`, readFileSync(new URL(name, IMAGES))])),
  );
  const gray = (to: string) => readImages("s3://bucket/img/*").grayscale().write(`s3://bucket/${to}/{name}.png`);
  expect(await stack.compute(gray("cloud"))).toEqual(
    await stack.keys("cloud/").then((keys) => keys.map((key) => `s3://bucket/${key}`)),
  );
  await stack.computeHere(gray("here"));
  for (const key of await stack.keys("here/")) {
    const [here, cloud] = [key, key.replace("here/", "cloud/")].map((one) =>
      stack.services.store.get(`s3://bucket/${one}`),
    );
    expect(Buffer.compare(await here, await cloud)).toBe(0);
  }
});
