import { existsSync, readFileSync } from "node:fs";
import { mkdtempDisposable } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import {
  CancelledError,
  Client,
  GraphError,
  TaskTimeoutError,
  WorkerDiedError,
  fromSequence,
} from "../../lib/index.ts";
import type { RunEvent } from "../../lib/index.ts";
import { failureOf, loadTasks } from "./futures-suite.ts";

/** What only threads can do: die, be stopped, run side by side. */
describe("futures on threads", () => {
  let client: Client;
  let tasks: Awaited<ReturnType<typeof loadTasks>>;
  const events: RunEvent[] = [];
  beforeAll(async () => {
    client = await Client.local({ workers: 2, progress: false, output: "ignore" });
    client.onEvent((event) => events.push(event));
    tasks = await loadTasks();
  });
  afterAll(() => client.close());
  const inc = (x: number) => x + 1;
  const forever = (x: number): number => {
    for (;;) if (x < 0) return x;
  };
  const started = (path: string) => vi.waitFor(() => expect(existsSync(path)).toBe(true), { timeout: 20_000 });

  test("process.exit takes the worker, not the program; it is tried again, and then told", async () => {
    const error = await failureOf(client.with({ key: "leaver" }).submit(() => process.exit(3)));
    expect(error).toBeInstanceOf(WorkerDiedError);
    expect(error.message).toMatch(/^leaver took its worker down 3 times: the thread ended with exit code 3/);
    expect(await client.submit(inc, 1)).toBe(2);
  });

  test("what a call or a bag's function prints before process.exit is heard", async () => {
    const heard = (wanted: string) =>
      events.flatMap((event) => (event.type === "printed" && event.text === wanted ? [event.run] : []));
    await failureOf(
      client.submit(() => {
        console.log("last words");
        process.exit(3);
      }),
    );
    expect(heard("last words\n")).toEqual(["calls", "calls", "calls"]);
    const bag = fromSequence([1]).map(() => {
      process.stderr.write("of a bag");
      process.exit(3);
    });
    await failureOf(client.compute(bag));
    expect(heard("of a bag")).toHaveLength(3);
    expect(heard("of a bag")).not.toContain("calls");
  });

  test("run says which call died with its worker, and does not wait for a worker that is gone", async () => {
    const error = await failureOf(client.with({ retries: 3 }).run(() => process.exit(1)));
    expect(error).toBeInstanceOf(WorkerDiedError);
    expect((await client.run(() => 1)).size).toBe(2);
  });

  test("what runs out of memory says so, and others' calls go on", async () => {
    await using small = await Client.local({ workers: 1, memoryLimit: "64MB", progress: false });
    const hungry = small.submit(() => {
      const all: unknown[] = [];
      for (;;) all.push(new Array(10_000).fill({}));
    });
    const others = small.map(inc, [1, 2, 3]);
    const error = await failureOf(hungry);
    expect(error).toBeInstanceOf(WorkerDiedError);
    expect(error.message).toMatch(/ran out of memory.*\n {2}fix: give each call less to do, or raise memoryLimit/);
    expect(await small.gather(others)).toEqual([2, 3, 4]);
  });

  test("a busy loop is stopped by its time limit, and by cancel; its worker is replaced", async () => {
    const late = client.with({ timeout: 300, key: "spin" }).submit(forever, 1);
    const looping = client.submit(forever, 1);
    const others = client.map(inc, [1, 2, 3]);
    expect(await failureOf(late)).toBeInstanceOf(TaskTimeoutError);
    expect(await client.gather(others)).toEqual([2, 3, 4]);
    looping.cancel();
    expect(await failureOf(looping)).toBeInstanceOf(CancelledError);
    await vi.waitFor(async () => expect((await client.run(() => 1)).size).toBe(2), { timeout: 20_000 });
  });

  test("calls behind one that takes long are made by others", async () => {
    await using folder = await mkdtempDisposable(join(tmpdir(), "futures-"));
    // Known to be quick, so that many go together.
    const wait = async (path: string, ms: number) => {
      const { writeFileSync } = await import("node:fs");
      if (path !== "") writeFileSync(path, "");
      for (const end = performance.now() + ms; performance.now() < end;);
      return ms;
    };
    await client.gather(
      client.map(
        wait,
        Array.from({ length: 200 }, () => ""),
        0,
      ),
    );
    const path = join(folder.path, "begun");
    const long = client.submit(wait, path, 60_000);
    const quick = client.map(
      wait,
      Array.from({ length: 300 }, () => ""),
      0,
    );
    await started(path);
    expect(await client.gather(quick)).toHaveLength(300);
    expect(long.status).toBe("pending");
    long.cancel();
  });

  test("what was cancelled before it began does not begin", async () => {
    await using folder = await mkdtempDisposable(join(tmpdir(), "futures-"));
    await using one = await Client.local({ workers: 1, progress: false });
    const append = async (path: string, text: string, ms: number) => {
      const { appendFileSync } = await import("node:fs");
      appendFileSync(path, text);
      for (const end = performance.now() + ms; performance.now() < end;);
    };
    const path = join(folder.path, "log");
    await one.gather(Array.from({ length: 50 }, () => one.submit(append, path, ".", 0)));
    const futures = ["a", "b", "c"].map((text) => one.submit(append, path, text, text === "a" ? 300 : 0));
    await vi.waitFor(() => expect(readFileSync(path, "utf8")).toMatch(/a$/), { timeout: 20_000, interval: 5 });
    futures[1].cancel();
    await futures[2];
    expect(readFileSync(path, "utf8")).toMatch(/ac$/);
  });

  test("large results go to disk beyond the budget, and are read back, by calls too", async () => {
    await using small = await Client.local({ workers: 1, memoryLimit: "64MB", progress: false });
    const make = (i: number) => new Float64Array(1_000_000).fill(i);
    const made = small.map(make, [1, 2, 3, 4, 5, 6]);
    await small.wait(made);
    const first = (xs: Float64Array) => xs[0] + xs[xs.length - 1];
    expect(await small.gather(made.map((future) => small.submit(first, future)))).toEqual([2, 4, 6, 8, 10, 12]);
    expect((await made[0])[5]).toBe(1);
    for (const future of made) future.release();
  });

  test("workers come and go while calls run", async () => {
    const futures = client.map(
      tasks.after,
      Array.from({ length: 40 }, () => 5),
      "x",
    );
    await client.scale(4);
    expect(client.threads).toBe(4);
    const more = client.map(
      inc,
      Array.from({ length: 2_000 }, (_, i) => i),
    );
    await client.scale(1);
    await client.gather([...futures, ...more]);
    await client.scale(2);
    expect((await client.run(() => 1)).size).toBe(2);
  });

  test("a pure function that needs itself is an error that shows the circle", async () => {
    const error = await failureOf(
      client.with({ pure: true }).submit(async function around(n: number): Promise<number> {
        const { delayed } = await import("../../lib/index.ts");
        const next = delayed((x: number, from: number) => x + from, { pure: true });
        return next(1, delayed(around, { pure: true })(n) as never) as never;
      }, 1),
    );
    expect(error).toBeInstanceOf(GraphError);
    expect(error.message).toMatch(/wait for each other, and none can begin: (\S+) → .*\1\.\n/);
    expect(error.message).toContain("around-");
  });
});
