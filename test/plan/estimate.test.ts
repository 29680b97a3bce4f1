import { afterAll, expect, test } from "vitest";
import { Client, col, readCsv, size, type CsvOptions, type DataFrame } from "../../lib/index.ts";
import { peakBytes, refuseTooLarge } from "../../lib/plan/estimate.ts";
import { lowerFrame } from "../../lib/plan/lower/frame.ts";
import { defaultStore } from "../../lib/store/default-store.ts";
import { failure } from "../csv/support.ts";

const store = defaultStore();
await store.put(
  "memory://estimate/sales.csv",
  Buffer.from(`date,product,quantity,price\n${"2023-01-02,A,12,9.75\n".repeat(400_000)}`),
);
const client = await Client.local({ workers: 0, store, progress: false });
afterAll(() => client.close());

const sales = (options: CsvOptions = {}) => readCsv("memory://estimate/sales.csv", options);
const questions: readonly [string, (frame: DataFrame) => DataFrame][] = [
  ["rows", (frame) => frame],
  ["first rows", (frame) => frame.head(1_000)],
  ["groups", (frame) => frame.groupBy("product", "date").agg({ n: size(), price: col("price").sum() })],
];

test.each(questions)("the block size that a refusal offers fits: %s", async (_, question) => {
  const { plan } = await lowerFrame(question(sales()).node, { store });
  const peak = peakBytes(plan.stages[0]);
  let offered = 0;
  for (const share of [0.9, 0.5, 0.3, 0.15, 0.1]) {
    const limit = Math.floor(peak * share);
    const error = await failure(Promise.resolve().then(() => refuseTooLarge(plan, limit)));
    expect(error).toMatchObject({ tag: "PlanTooLarge", fields: { peakBytes: peak, limitBytes: limit } });
    const { blockSize } = (error as unknown as { fields: { blockSize?: number } }).fields; // as the test before says
    if (blockSize === undefined) continue;
    offered++;
    const smaller = await lowerFrame(question(sales({ blockSize })).node, { store });
    expect(peakBytes(smaller.plan.stages[0])).toBeLessThanOrEqual(limit);
    expect(() => refuseTooLarge(smaller.plan, limit)).not.toThrow();
  }
  expect(offered).toBeGreaterThan(0);
});

test("the client refuses before anything runs, and runs with what it offers", async () => {
  await using small = await Client.local({ workers: 0, store, memoryLimit: "20MB", progress: false });
  const error = await failure(small.compute(sales({ blockSize: "16MiB" })));
  expect(error.message).toMatch(/would need .* and the limit is 20\.00 MB\.\n {2}fix: pass \{ blockSize: \d+ \}/);
  const blockSize = Number(/blockSize: (\d+)/.exec(error.message)?.[1]);
  expect((await small.compute(sales({ blockSize }))).numRows).toBe(400_000);
});

test("a small file is not taken for a block", async () => {
  await store.put("memory://estimate/small.csv", Buffer.from("a,b\n1,x\n"));
  const { plan } = await lowerFrame(readCsv("memory://estimate/small.csv").node, { store });
  expect(peakBytes(plan.stages[0])).toBeLessThan(8_000_000);
});

test("explain says what will run", async () => {
  const frame = sales({ blockSize: "2MiB" })
    .filter(col("quantity").gt(50))
    .assign({ revenue: col("quantity").mul(col("price")) })
    .filter(col("product").ne("Z"))
    .groupBy("product")
    .agg({ revenue: col("revenue").sum(), n: size() });
  expect(await client.explain(frame)).toMatchInlineSnapshot(`
    "result      product string, revenue float64, n int64
    stage       scan: 4 shards, 8.40 MB to read in 1 file, 2.10 MB a shard
      read      csv: product string, quantity int64, price float64
      filter    (quantity > 50) and (product != "Z")
      assign    revenue = quantity * price
      group by  product: revenue = sum(revenue), n = size()
      memory    at most 27.96 MB a task (kernel 4.19 MB, text and index of a block 655.36 kB, columns of a block 1.18 MB, dictionaries 10.16 MB, output 11.77 MB)
      output    folded (frame.group) in a tree of 2 levels
    note        pushed down: filter product != "Z" runs before the columns it does not need
    note        fused into one task a shard: reading 3 of 4 columns (product, quantity, price), 2 steps, partial aggregation"
  `);
  expect(await client.explain(sales().select("price").head(3))).toMatchInlineSnapshot(`
    "result      price float64
    stage       scan: 1 shard, 8.40 MB to read in 1 file, 16.78 MB a shard
      read      csv: price float64
      gather    the first 3 rows
      memory    at most 5.24 MB a task (kernel 4.19 MB, text and index of a block 655.36 kB, columns of a block 393.22 kB, dictionaries 0 B, output 54 B)
      output    folded (frame.collect) in a tree of 0 levels, until 3 rows are there
    note        fused into one task a shard: reading 1 of 4 columns (price), 0 steps, gathering the first rows"
  `);
});
