import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { Client, fromSequence, readText } from "../../lib/index.ts";
import { AT_ONCE } from "../../lib/kernels/bag/side-by-side.ts";
import { defaultStore } from "../../lib/store/default-store.ts";

describe.each([0, 2])("async functions of a bag, %i threads", (workers) => {
  let client: Client;
  beforeAll(async () => {
    client = await Client.local({ workers, progress: false, memoryLimit: "2GB" });
  });
  afterAll(() => client.close());

  const numbers = Array.from({ length: 40 }, (_, i) => i);
  const bag = fromSequence(numbers, { partitions: 1 });

  /** How many calls were under way when this one was, itself among them. The later ones of each few end first. */
  const crowd = async (x: number) => {
    const seen = globalThis as { here?: number; most?: number };
    seen.here = (seen.here ?? 0) + 1;
    seen.most = Math.max(seen.most ?? 0, seen.here);
    await new Promise((resolve) => setTimeout(resolve, 8 - (x % 8)));
    seen.here--;
    return { x, most: seen.most };
  };

  test("run a few at a time, and keep the order", async () => {
    const found = await client.compute(bag.map(crowd));
    expect(found.map(({ x }) => x)).toEqual(numbers);
    expect(found.at(-1)?.most).toBe(AT_ONCE);
  });

  test("also in filter and flatMap", async () => {
    const odd = async (x: number) => {
      await new Promise((resolve) => setTimeout(resolve, 3 - (x % 3)));
      return x % 2 === 1;
    };
    expect(await client.compute(bag.filter(odd))).toEqual(numbers.filter((x) => x % 2 === 1));
    const twice = async (x: number) => {
      await new Promise((resolve) => setTimeout(resolve, 3 - (x % 3)));
      return [x, -x];
    };
    expect(await client.compute(bag.flatMap(twice))).toEqual(numbers.flatMap((x) => [x, -x]));
    expect(await client.compute(bag.flatMap(twice).take(5))).toEqual([0, -0, 1, -1, 2]);
  });

  const sometimes = async (x: number) => {
    await new Promise((resolve) => setTimeout(resolve, 5 - (x % 5)));
    if (x % 10 === 3) throw new RangeError(`no ${x}`);
    return x;
  };

  test("fail by the first item that fails, in the items' order", async () => {
    await expect(client.compute(bag.map(sometimes))).rejects.toThrow(
      /failed on item 3 of partition 0: RangeError: no 3/,
    );
    expect(await client.submit((x: number) => x, 1)).toBe(1);
  });

  test("tell of each failure by its own item and place", async () => {
    const { values, failed } = await client.compute(bag.onError("collect").map(sometimes).results());
    expect(values).toEqual(numbers.filter((x) => x % 10 !== 3));
    expect(failed.map(({ item, index, error }) => [item, index, error.message])).toEqual(
      [3, 13, 23, 33].map((x) => [x, x, `no ${x}`]),
    );
    expect(await client.compute(bag.onError("skip").map(sometimes).count())).toBe(36);
  });

  test("a function that is async only now and then", async () => {
    const mixed = (x: number) => (x % 3 === 1 ? Promise.resolve(-x) : x);
    expect(await client.compute(bag.map(mixed))).toEqual(numbers.map((x) => (x % 3 === 1 ? -x : x)));
  });

  test("zip brings bags together that are cut differently", async () => {
    const left = fromSequence(numbers, { partitions: 7 }).map((x) => x * 2);
    const right = fromSequence(numbers, { partitions: 3 });
    expect(await client.compute(left.zip(right))).toEqual(numbers.map((x) => [x * 2, x]));
    expect(await client.explain(left.zip(right))).toContain("zip brings all items into one partition");
    await expect(client.compute(left.zip(right.filter((x) => x > 1)))).rejects.toThrow(
      /40 in one, and 38 in the other/,
    );
  });
});

test.each([0, 2])("writeText writes to memory, %i threads", async (workers) => {
  const store = defaultStore();
  await using client = await Client.local({ workers, progress: false, store, memoryLimit: "2GB" });
  const lines = fromSequence(["a", "é", "c"], { partitions: 2 });
  const names = await client.compute(lines.writeText("memory://out/x-*.txt"));
  expect(names).toEqual(["memory://out/x-0.txt", "memory://out/x-1.txt"]);
  expect(Buffer.from(await store.get(names[1])).toString()).toBe("é\nc\n");
  expect(await client.compute(readText("memory://out/*.txt"))).toEqual(["a", "é", "c"]);
  const kept = await client.persist(lines.writeText("memory://kept"));
  expect(await client.compute(kept)).toHaveLength(2);
});
