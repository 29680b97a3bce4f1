import { expect, test } from "vitest";
import { Client, OptionError, OverflowError, col, readCsv } from "../../lib/index.ts";
import { defaultStore } from "../../lib/store/index.ts";

async function withNumbers(text: string): Promise<Client> {
  const store = defaultStore();
  await store.put("memory://t/a.csv", new TextEncoder().encode(text));
  return Client.local({ workers: 0, store });
}

const numbers = readCsv("memory://t/a.csv");

test("persisted rows are forgotten when they are released", async () => {
  await using client = await withNumbers("k,n\na,1\nb,2\n");
  for (const frame of [numbers, numbers.groupBy("k").agg({ n: col("n").sum() })]) {
    const kept = await client.persist(frame);
    const derived = kept.filter(col("n").gt(1));
    expect((await client.compute(derived)).numRows).toBe(1);
    await client.release(kept);
    expect(await client.compute(derived).exception()).toBeInstanceOf(Error);
  }
});

test("only a persisted frame can be released", async () => {
  await using client = await withNumbers("k,n\na,1\n");
  await expect(client.release(numbers)).rejects.toThrow(OptionError);
});

test("an overflow says where", async () => {
  await using client = await withNumbers("k,n\na,9000000000000000000\na,9000000000000000000\n");
  const sum = await client.compute(numbers.groupBy("k").agg({ total: col("n").sum() })).exception();
  expect(sum).toBeInstanceOf(OverflowError);
  expect(String(sum)).toMatch(/18000000000000000000.*In: total = sum\(n\)\.\n {2}fix:/s);
  const product = await client.compute(numbers.assign({ p: col("n").mul(col("n")).add(1) })).exception();
  expect(product).toBeInstanceOf(OverflowError);
  expect(String(product)).toMatch(/In: n \* n\.\n {2}fix:/);
});
