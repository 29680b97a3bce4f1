import { describe, expect, test } from "vitest";
import { Client } from "../../lib/client/client.ts";
import { delayed } from "../../lib/collections/delayed/make.ts";
import { fromSequence } from "../../lib/collections/bag/sources.ts";
import { OptionError, WorkerDiedError } from "../../lib/errors.ts";
import { failureOf } from "../runtime/plans.ts";

/** Counts its calls on the thread it runs on. */
function countHere(): number {
  const shared = globalThis as { calls?: number };
  return (shared.calls = (shared.calls ?? 0) + 1);
}

describe("client.restart", () => {
  test("gives new threads, as many as there were, and keeps results", async () => {
    await using client = await Client.local({ workers: 2, progress: false });
    const kept = await client.persist(fromSequence([1, 2, 3], { partitions: 2 }).map((x) => x * 2));
    const held = client.submit(() => ({ text: "t".repeat(10_000) }));
    await held;
    const before = await client.run(countHere);
    await client.run(countHere);
    await client.restart();
    const after = await client.run(countHere);
    expect([...after.values()]).toEqual([1, 1]);
    expect([...after.keys()].filter((worker) => before.has(worker))).toEqual([]);
    expect(client.info()).toMatchObject({ workers: 2, threads: 2 });
    expect(await client.compute(kept)).toEqual([2, 4, 6]);
    expect((await client.gather(held)).text).toHaveLength(10_000);
  });

  test("what runs begins again, and is charged nothing", async () => {
    await using client = await Client.local({ workers: 1, progress: false });
    const slow = (ms: number, x: number) => new Promise<number>((resolve) => setTimeout(() => resolve(x + 1), ms));
    const calls = [client.submit(slow, 300, 1), client.submit(slow, 1, 2)];
    const sum = delayed((a: number, b: number) => a + b);
    const graph = client.compute(sum(delayed(slow)(200, 3), delayed(slow)(1, 4)));
    const bag = client.compute(
      fromSequence([1, 2, 3, 4], { partitions: 4 }).map(async (x) => {
        await new Promise((resolve) => setTimeout(resolve, 50));
        return x;
      }),
    );
    // More often than a call survives the death of its worker.
    for (let i = 0; i < 5; i++) {
      await client.run(() => 1);
      await client.restart();
    }
    expect(await Promise.all(calls)).toEqual([2, 3]);
    expect(await graph).toBe(9);
    expect(await bag).toEqual([1, 2, 3, 4]);
  });

  test("what was for one thread fails with it", async () => {
    await using client = await Client.local({ workers: 2, progress: false });
    const error = failureOf(client.run(() => new Promise((resolve) => setTimeout(resolve, 60_000))));
    // Sent by then.
    await new Promise((resolve) => setImmediate(resolve));
    await client.restart();
    expect(await error).toBeInstanceOf(WorkerDiedError);
    expect(await client.submit((x: number) => x + 1, 1)).toBe(2);
  });

  test("at once, again and again, and where there is nothing to restart", async () => {
    const client = await Client.local({ workers: 3, progress: false });
    await Promise.all([client.restart(), client.restart(), client.restart()]);
    await client.restart();
    expect((await client.run(() => 1)).size).toBe(3);
    await client.close();
    expect(await failureOf(client.restart())).toBeInstanceOf(OptionError);
    await using inline = await Client.local({ workers: 0, progress: false });
    expect(String(await failureOf(inline.restart()))).toMatch(/needs worker threads/);
  });
});
