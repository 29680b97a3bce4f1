import { expect, test } from "vitest";
import { Client, TypeMismatchError, UnknownColumnError, col, readCsv } from "../../lib/index.ts";
import { defaultStore } from "../../lib/store/index.ts";

async function failureOf(condition: Parameters<ReturnType<typeof readCsv>["filter"]>[0]): Promise<unknown> {
  const store = defaultStore();
  await store.put("memory://t/a.csv", new TextEncoder().encode("product,quantity\nA,1\nB,2\n"));
  await using client = await Client.local({ workers: 0, store });
  return await client.compute(readCsv("memory://t/a.csv").filter(condition)).exception();
}

test("a filter's condition is checked before anything runs", async () => {
  expect(await failureOf(col("product").gt(5))).toBeInstanceOf(TypeMismatchError);
  const number = await failureOf(col("quantity"));
  expect(number).toBeInstanceOf(TypeMismatchError);
  expect(String(number)).toMatch(/quantity is int64, not bool[^]*fix: compare it/);
  const unknown = await failureOf(col("quantiy").gt(5));
  expect(unknown).toBeInstanceOf(UnknownColumnError);
  expect(String(unknown)).toMatch(/did you mean "quantity"/);
  expect(await failureOf(col("quantity").gt(1))).toBeUndefined();
});
