import { mkdtempDisposableSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Table } from "apache-arrow";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { Client, delayed, fromModule } from "../../lib/index.ts";
import type * as Makers from "./returned-tasks.ts";

/** Collections that tasks return, alone or within values: from submit and from delayed, on both runtimes. */
describe.each([0, 2])("collections that tasks return, %i threads", (workers) => {
  const folder = mkdtempDisposableSync(join(tmpdir(), "returned-"));
  const csv = join(folder.path, "sales.csv");
  const images = fileURLToPath(new URL("../fixtures/images/", import.meta.url));
  let client: Client;
  let makers: typeof Makers;
  beforeAll(async () => {
    writeFileSync(csv, "product,price\na,1\nb,2\na,3\n");
    client = await Client.local({ workers, progress: false, memoryLimit: "4GB" });
    makers = await fromModule<typeof Makers>(new URL("./returned-tasks.ts", import.meta.url));
  });
  afterAll(async () => {
    await client.close();
    folder.remove();
  });

  const rows = (table: unknown) => (table as Table).toArray().map((row: { toJSON(): unknown }) => row.toJSON()); // what a frame gives

  /** By both ways; the results have to be alike. */
  async function both<A extends unknown[]>(fn: (...args: A) => unknown, ...args: A): Promise<unknown[]> {
    const submitted: unknown = await client.submit(fn as (...args: unknown[]) => unknown, ...args).result();
    const described: unknown = await delayed(fn as (...args: unknown[]) => unknown)(...args).compute();
    return [submitted, described];
  }

  test("a bag, with functions of the task's own; one value of it", async () => {
    for (const found of await both(makers.bag, 3)) expect(found).toEqual([10, 20, 30]);
    for (const found of await both(makers.sum, 3)) expect(found).toBe(60);
  });

  test("a frame", async () => {
    for (const found of await both(makers.frame, csv))
      expect(rows(found)).toEqual([
        { product: "a", price: 1n },
        { product: "a", price: 3n },
      ]);
  });

  test("images", async () => {
    for (const found of await both(makers.sizes, join(images, "base.png")))
      expect(found).toMatchObject([{ width: 12 }]);
  });

  test("a Delayed, of which another collection is an argument", async () => {
    for (const found of await both(makers.later, 4)) expect(found).toBe(101);
  });

  test("all of them within one value, some twice", async () => {
    for (const found of await both(makers.all, 2, csv, join(images, "base.png"))) {
      const { list, frame, again } = found as { list: unknown[]; frame: unknown; again: { deep: unknown[] } }; // as it was made
      expect(list).toMatchObject([[10, 20], 30, 31, [{ width: 12 }], "plain"]);
      expect(rows(frame)).toHaveLength(2);
      expect(again).toEqual({ deep: [[10, 20], 30] });
    }
  });

  test("one that fails fails the task, with its own error", async () => {
    await expect(client.submit(makers.failing).result()).rejects.toThrow(/map.* failed on item 0[^]*no 1/);
    await expect(client.submit(makers.inMap).result()).rejects.toThrow(
      /inMap\(…\) returned .*a lazy collection \(Bag\)/,
    );
  });
});
