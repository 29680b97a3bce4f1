import { mkdtempDisposable, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { inspect } from "node:util";
import { afterAll, beforeAll, describe, expect, test as vitest, vi } from "vitest";
import { Future } from "../../lib/client/future.ts";
import type * as Tasks from "./futures-tasks.ts";
import {
  AbanicoError,
  CallableError,
  CancelledError,
  Client,
  NotFoundError,
  OptionError,
  StalledError,
  TaskTimeoutError,
  delayed,
  fromModule,
} from "../../lib/index.ts";
import type { RunEvent } from "../../lib/index.ts";

export async function failureOf(promise: PromiseLike<unknown>): Promise<Error> {
  try {
    await promise;
  } catch (error) {
    if (error instanceof Error) return error;
  }
  throw new Error("this should have failed");
}

export function loadTasks() {
  return fromModule<typeof Tasks>(new URL("./futures-tasks.ts", import.meta.url));
}

/** What futures are, on whatever runs them. `skip` names a test and says why it is excused. */
export function futuresSuite(
  name: string,
  make: number | (() => Promise<Client>),
  skip: { readonly [test: string]: string } = {},
): void {
  const workers = typeof make === "number" ? make : 0;
  const unlessSkipped = (title: string, body: () => Promise<void> | void, ms?: number) =>
    title in skip ? vitest.skip(`${title} (${skip[title]})`, body) : vitest(title, body, ms);
  const test = Object.assign(unlessSkipped, { each: vitest.each.bind(vitest), skipIf: vitest.skipIf.bind(vitest) });
  describe(`futures ${name}`, () => {
    let client: Client;
    let tasks: Awaited<ReturnType<typeof loadTasks>>;
    const events: RunEvent[] = [];
    beforeAll(async () => {
      client =
        typeof make === "number"
          ? await Client.local({ workers: make, output: "ignore", progress: false })
          : await make();
      client.onEvent((event) => events.push(event));
      tasks = await loadTasks();
    });
    afterAll(() => client.close());
    const inc = (x: number) => x + 1;
    const add = (x: number, y: number) => x + y;

    test("submit gives a future, which can be awaited more than once", async () => {
      const future = client.submit(inc, 41);
      expect(future).toBeInstanceOf(Future);
      expect(future.key).toMatch(/^inc-\d+$/);
      expect(await future).toBe(42);
      expect(await future.result()).toBe(42);
      expect(future.status).toBe("finished");
      expect(await future.exception()).toBeUndefined();
      expect(inspect(future)).toBe(`<Future: finished, key: ${future.key}>`);
    });

    test("values of any kind come back as they are", async () => {
      const values = [
        undefined,
        null,
        -0,
        NaN,
        10n,
        "ä\ud800",
        new Date(5),
        new Map([[1, new Set(["a"])]]),
        /x/g,
        new Float32Array(3),
        [[]],
        { a: { b: [1] } },
      ];
      for (const value of values) expect(await client.submit((x: unknown) => x, value)).toEqual(value);
      expect(await client.submit(async (x: number) => Promise.resolve(x * 2), 4)).toBe(8);
    });

    test("futures stand for their values, also within arrays and objects", async () => {
      const one = client.submit(inc, 0);
      const three = client.submit(add, one, client.submit(inc, 1));
      expect(await three).toBe(3);
      const sum = (xs: readonly number[]) => xs.reduce((a, b) => a + b, 0);
      expect(await client.submit(sum, client.map(inc, [1, 2, 3]))).toBe(9);
      const deep = client.submit((given: { at: { list: number[] }; same: number }) => given.at.list[1] * given.same, {
        at: { list: [1, three] },
        same: three,
      } as unknown as { at: { list: number[] }; same: number });
      expect(await deep).toBe(9);
    });

    test("lazy collections stand for their results", async () => {
      const six = delayed((x: number) => x * 6)(1);
      expect(await client.submit(inc, six)).toBe(7);
      expect(await client.submit(inc, client.compute(six))).toBe(7);
      const failing = delayed((x: number): number => {
        throw new RangeError(`no ${x}`);
      })(1);
      expect(await failureOf(client.submit(inc, failing))).toMatchObject({ name: "RangeError", message: "no 1" });
    });

    test("map takes anything iterable, and further arguments for all", async () => {
      expect(await client.gather(client.map(inc, new Set([1, 2])))).toEqual([2, 3]);
      function* squares() {
        for (let i = 0; i < 3; i++) yield i * i;
      }
      expect(
        await client.gather(
          client.map((x: number, y: number, z: number) => x + y * z, squares(), 10, client.submit(inc, 1)),
        ),
      ).toEqual([20, 21, 24]);
      expect(client.map(inc, [])).toEqual([]);
      expect(() => client.map(inc, 5 as never)).toThrow(/map\(…\) expects items that can be iterated over, found 5/);
    });

    test("results of thousands are all there, in order", async () => {
      const items = Array.from({ length: 5_000 }, (_, i) => i);
      expect(await client.gather(client.map(inc, items))).toEqual(items.map(inc));
    });

    test("an error comes back with its class, fields, stack, source line and call", async () => {
      const error = await failureOf(client.with({ key: "take 7" }).submit(tasks.takeFrom, 3, 7));
      expect(error).toBeInstanceOf(tasks.Shortage);
      expect(error).toMatchObject({ message: "short of 4", missing: 4 });
      if (workers > 0) expect(error.stack).toMatch(/futures-tasks\.ts:\d+/);
      expect(error.stack).toContain("in task take 7: takeFrom(3, 7)");
      expect(error.stack).toContain("if (amount > stock) throw new Shortage(amount - stock);");
      const inline = client.submit(
        (x: { deep: number }) => {
          throw new TypeError(`no ${x.deep}`, { cause: new Error("why") });
        },
        { deep: 1 },
      );
      const thrown = await failureOf(inline);
      expect(thrown).toBeInstanceOf(TypeError);
      expect(thrown.cause).toMatchObject({ message: "why" });
      expect(thrown.stack).toMatch(/in task anonymous-\d+: anonymous\(\{ deep: 1 \}\)/);
      // Where the program runs, the test runner has translated the stack's lines.
      if (workers > 0) expect(thrown.stack).toMatch(/\n {4}at its throw new TypeError/);
      expect(inline.status).toBe("error");
      expect(await inline.exception()).toEqual(thrown);
    });

    test("what depends on a failed call fails with the same error, also later", async () => {
      const bad = client.submit((x: number): number => {
        throw new RangeError(`bad ${x}`);
      }, 1);
      const dependents = [client.submit(inc, client.submit(inc, bad)), client.submit(inc, bad)];
      for (const one of dependents) expect((await failureOf(one)).message).toBe("bad 1");
      const late = client.submit(add, client.submit(inc, 1), bad);
      expect((await failureOf(late)).message).toBe("bad 1");
      expect(await failureOf(late)).toBe(await failureOf(bad));
    });

    test("a function that cannot travel is refused at once, by the name of what it uses", () => {
      const outer = 5;
      expect(() => client.submit((x: number) => x * outer, 1)).toThrow(CallableError);
      expect(() => client.map((x: number) => x * outer, [1])).toThrow(/outer/);
      expect(() => client.submit(inc, (() => 1) as unknown as number)).toThrow(
        /submit\(…\) was given something that cannot travel/,
      );
      expect(() => client.map(inc, [Symbol("s")] as never)).toThrow(/Symbol\(s\)/);
    });

    test("a result that cannot travel is refused with the way to it", async () => {
      const error = await failureOf(client.submit(() => ({ a: [1, { b: () => 1 }] })));
      expect(error).toBeInstanceOf(CallableError);
      expect(error.message).toContain("the function b at .a[1].b");
    });

    test("retries", async () => {
      expect(await client.with({ retries: 2 }).submit(tasks.thirdTime, 3)).toBe("attempt 3");
      expect((await failureOf(client.with({ retries: 1 }).submit(tasks.thirdTime, 3))).message).toBe("attempt 2");
      expect((await failureOf(client.submit(tasks.thirdTime, 2))).message).toBe("attempt 1");
    });

    test("an async call that takes too long is stopped, and may be retried", async () => {
      const error = await failureOf(client.with({ timeout: "150ms", key: "slow" }).submit(tasks.after, 60_000, "late"));
      expect(error).toBeInstanceOf(TaskTimeoutError);
      expect(error.message).toMatch(/^slow ran longer than its limit of 150 ms/);
      expect(await client.with({ timeout: 20_000 }).submit(tasks.after, 1, "in time")).toBe("in time");
    });

    test.each<[object, RegExp]>([
      [{ retry: 1 }, /with\(…\) has no option "retry".*\n.*\bretries\b/],
      [{ retries: -1 }, /retries expects a whole number of at least 0, found -1/],
      [{ timeout: "soon" }, /timeout expects a time.*found "soon"/],
      [{ timeout: 0 }, /timeout expects a time/],
      [{ priority: "high" }, /priority expects a finite number, found "high"/],
      [{ key: "" }, /key expects a text/],
      [{ pure: 1 }, /pure expects true or false, found 1/],
    ])("option %j is refused", (options, message) => {
      expect(() => client.with(options)).toThrow(OptionError);
      expect(() => client.with(options)).toThrow(message);
    });

    test("keys name calls, and one that is held is that call", async () => {
      const first = client.with({ key: "k" }).submit(tasks.countUp);
      const second = client.with({ key: "k" }).submit(tasks.countUp);
      expect(second.key).toBe("k");
      expect(await first).toBe(await second);
      first.release();
      second.release();
      expect(
        client
          .with({ key: "m" })
          .map(inc, [1, 2])
          .map(({ key }) => key),
      ).toEqual(["m-0", "m-1"]);
    });

    test("equal calls of pure functions are one, while running and after", async () => {
      const pure = client.with({ pure: true });
      const [a, b] = [pure.submit(tasks.after, 20, "x"), pure.submit(tasks.after, 20, "x")];
      expect(a.key).toBe(b.key);
      await a;
      const c = pure.submit(tasks.after, 20, "x");
      expect(c.status).toBe("finished");
      expect(pure.submit(tasks.after, 20, "y").key).not.toBe(a.key);
      const by = (x: number) => pure.submit(add, client.with({ key: `by ${x}` }).submit(inc, x), 1);
      expect(by(1).key).not.toBe(by(2).key);
      expect(client.submit(inc, 1).key).not.toBe(client.submit(inc, 1).key);
      for (const one of [a, b, c]) one.release();
      const again = pure.submit(tasks.after, 20, "x");
      expect(again.status).toBe("pending");
      expect(await again).toBe("x");
    });

    test("cancel: what waits, what runs and is told, and what depends on it", async () => {
      events.length = 0;
      const hears = (fraction: number) => () =>
        expect(events.some((event) => event.type === "task-progress" && event.fraction === fraction)).toBe(true);
      const running = client.submit(tasks.untilTold);
      const waiting = client.submit((x: string) => x, running);
      await vi.waitFor(hears(0), { timeout: 20_000 });
      client.cancel([running]);
      const error = await failureOf(running);
      expect(error).toBeInstanceOf(CancelledError);
      expect(error.message).toBe(`${running.key} was cancelled.`);
      expect([running.status, waiting.status]).toEqual(["cancelled", "cancelled"]);
      expect(await failureOf(waiting)).toBe(error);
      await vi.waitFor(hears(1), { timeout: 20_000 });
      expect(await client.submit(inc, 1)).toBe(2);
      const done = client.submit(inc, 1);
      await done;
      client.cancel(done);
      expect(await done).toBe(2);
    });

    test("retry makes a failed or cancelled call again, and what failed for it", async () => {
      await using folder = await mkdtempDisposable(join(tmpdir(), "futures-"));
      const file = join(folder.path, "there");
      const first = client.submit(tasks.whereFileIs, file);
      const second = client.submit(inc, first);
      expect((await failureOf(second)).message).toBe("not yet");
      await writeFile(file, "");
      client.retry(second);
      expect(await second).toBe(6);
      expect(await first).toBe(5);
      const cancelled = client.submit(tasks.after, 30_000, "x");
      cancelled.cancel();
      expect(cancelled.status).toBe("cancelled");
      cancelled.retry();
      expect(cancelled.status).toBe("pending");
      cancelled.cancel();
    });

    test("higher priorities go first", async () => {
      const order: string[] = [];
      const block = Array.from({ length: Math.max(1, workers) * 2 }, () => client.submit(tasks.after, 60, "block"));
      const make = (priority: number, name: string) => {
        const future = client.with({ priority }).submit(tasks.after, 1, name);
        future.addDoneCallback(() => order.push(name));
        return future;
      };
      const futures = [make(0, "low"), make(-1, "lowest"), make(5, "high"), make(5, "high")];
      await client.wait([...block, ...futures]);
      expect(order.slice(0, 2)).toEqual(["high", "high"]);
      expect(order[3]).toBe("lowest");
    });

    test("scatter: a value that many calls read", async () => {
      const xs = Float64Array.from({ length: 100_000 }, (_, i) => i);
      const held = await client.scatter(xs);
      const sum = (given: Float64Array, from: number) => given.reduce((a, b) => a + b, from);
      const sums = await client.gather(
        client.map((from: number, given: Float64Array) => given.reduce((a, b) => a + b, from), [0, 1, 2], held),
      );
      expect(sums).toEqual([0, 1, 2].map((from) => sum(xs, from)));
      const spoil = (given: Float64Array) => void given.fill(0);
      await client.submit(spoil, held);
      expect(await held.result()).toEqual(xs);
      await expect(client.scatter(Promise.resolve(1))).rejects.toThrow(/a Promise/);
      // A collection is computed first.
      expect(await (await client.scatter(delayed((x: number) => x + 1)(1))).result()).toBe(2);
    });

    test("scatter with broadcast: each thread makes the value once", async () => {
      const held = await client.scatter({ table: new Float64Array(1_000) }, { broadcast: true });
      await client.run(tasks.sameAgain, held);
      const again = await client.run(tasks.sameAgain, held);
      expect([...again.values()]).toEqual([...again.keys()].map(() => true));
      const apart = await client.scatter({ table: new Float64Array(1_000) });
      await client.run(tasks.sameAgain, apart);
      expect([...(await client.run(tasks.sameAgain, apart)).values()]).not.toContain(true);
      await expect(client.scatter(1, { broadcast: "yes" } as never)).rejects.toThrow(OptionError);
    });

    test("run calls on each worker", async () => {
      const workersSeen = await client.run(tasks.whoami);
      expect(workersSeen.size).toBe(Math.max(1, workers));
      for (const [worker, info] of workersSeen) expect(info.worker).toBe(worker);
      expect((await failureOf(client.run(() => JSON.parse("{") as number))).name).toBe("SyntaxError");
    });

    test("a call knows its key, name, attempt and worker, and tells how far it is", async () => {
      events.length = 0;
      const future = client.with({ key: "me" }).submit(tasks.whoami);
      expect(await future).toMatchObject({ key: "me", name: "whoami", attempt: 1 });
      await vi.waitFor(() =>
        expect(events.find(({ type }) => type === "task-progress")).toMatchObject({ fraction: 0.5 }),
      );
    });

    test("gather keeps the shape", async () => {
      const shape = {
        a: client.submit(inc, 1),
        b: [client.submit(inc, 2), 7],
        c: { d: "x", e: await client.scatter([1]) },
      };
      expect(await client.gather(shape)).toEqual({ a: 2, b: [3, 7], c: { d: "x", e: [1] } });
      expect(await client.gather(client.submit(inc, 1))).toBe(2);
      const bad = client.submit(() => JSON.parse("{") as number);
      await expect(client.gather([client.submit(inc, 1), bad])).rejects.toThrow(SyntaxError);
      expect(await client.gather([client.submit(inc, 1), bad, client.submit(inc, 2)], { errors: "skip" })).toEqual([
        2, 3,
      ]);
      expect(await client.gather({ good: client.submit(inc, 1), bad }, { errors: "skip" })).toEqual({ good: 2 });
      await expect(client.gather([], { errors: "ignore" } as never)).rejects.toThrow(
        /errors expects "raise" or "skip"/,
      );
    });

    test("wait for all, the first, the first failure, or until time is over", async () => {
      const [quick, slow] = [client.submit(tasks.after, 5, "q"), client.submit(tasks.after, 150, "s")];
      expect((await client.wait([quick, slow], { until: "first" })).done).toContain(quick);
      expect(await client.wait([quick, slow])).toEqual({ done: [quick, slow], notDone: [] });
      const bad = client.submit(() => JSON.parse("{") as string);
      const long = client.submit(tasks.after, 60_000, "l");
      const { notDone } = await client.wait([bad, long], { until: "failure" });
      expect(notDone).toEqual([long]);
      const error = await failureOf(client.wait([long, bad], { timeout: "50ms" }));
      expect(error).toBeInstanceOf(StalledError);
      expect(error.message).toMatch(/^1 future has not ended within 50ms/);
      client.cancel(long);
      expect(await client.wait([])).toEqual({ done: [], notDone: [] });
      await expect(client.wait([quick], { until: "any" } as never)).rejects.toThrow(/until expects/);
      await expect(client.wait([5 as never])).rejects.toThrow(/wait\(…\) expects futures, found 5 in place 0/);
    });

    test("asCompleted gives them as they end", async () => {
      await using folder = await mkdtempDisposable(join(tmpdir(), "abanico-"));
      // Where there is another worker for the rest, the last one waits until they are over.
      const told = workers > 1 ? join(folder.path, "told") : undefined;
      const [last, failing, first] = [
        client.submit(async (path: string | undefined) => {
          const { existsSync } = await import("node:fs");
          while (path !== undefined && !existsSync(path)) await new Promise((done) => setTimeout(done, 20));
          return "last";
        }, told),
        client.submit(() => JSON.parse("{") as string),
        client.submit(tasks.after, 1, "first"),
      ];
      const seen: unknown[] = [];
      for await (const future of client.asCompleted([last, failing, first])) {
        seen.push(future);
        if (seen.length === 2 && told !== undefined) await writeFile(told, "");
      }
      expect(new Set(seen)).toEqual(new Set([last, failing, first]));
      await client.progress([last, failing, first]);
    });

    test("callbacks hear of every end", async () => {
      const ended: string[] = [];
      const good = client.submit(inc, 1);
      const bad = client.submit(() => JSON.parse("{") as number);
      for (const one of [good, bad]) one.addDoneCallback((future) => ended.push(future.status));
      await client.wait([good, bad]);
      good.addDoneCallback(() => ended.push("again"));
      await vi.waitFor(() => expect(ended.sort()).toEqual(["again", "error", "finished"]));
    });

    test("release forgets the result; what others need of it stays", async () => {
      const future = client.submit(inc, 1);
      const next = client.submit(inc, future);
      future.release();
      expect(await next).toBe(3);
      const error = await failureOf(future);
      expect(error).toBeInstanceOf(CancelledError);
      expect(error.message).toMatch(/was released/);
      expect((await failureOf(client.submit(inc, future))).message).toMatch(/was released/);
      next.release();
      next.release();
    });

    test("what is published is found by name, and stays held", async () => {
      const future = client.submit(inc, 1);
      client.publish("two", future);
      expect(client.datasets()).toEqual(["two"]);
      expect(await client.dataset<Future<number>>("two")).toBe(2);
      expect(() => client.publish("two", future)).toThrow(OptionError);
      client.unpublish("two");
      expect(() => client.dataset("two")).toThrow(NotFoundError);
      expect(() => client.unpublish("two")).toThrow(/No dataset is published as "two"/);
    });

    test.skipIf(workers === 0)("what is printed comes back as events", async () => {
      events.length = 0;
      await client.submit((x: number) => {
        console.log("out", x);
        console.error("err");
      }, 1);
      const printed = events.flatMap((event) => (event.type === "printed" ? [`${event.stream} ${event.text}`] : []));
      expect(printed.sort()).toEqual(["stderr err\n", "stdout out 1\n"]);
    });

    test("a task may give calls, which are made in its place", async () => {
      expect(
        await client.submit(async (n: number) => {
          const { delayed: later } = await import("../../lib/index.ts");
          return later((x: number) => x * 2)(later((x: number) => x + 1)(n));
        }, 4),
      ).toBe(10);
    });

    test("futures of another client, and of runs, are arguments too", async () => {
      await using other = await Client.local({ workers: 0, progress: false });
      const theirs = other.submit(inc, 1);
      expect(await client.submit(add, theirs, client.submit(inc, 2))).toBe(5);
      const bad = other.submit(() => JSON.parse("{") as number);
      expect((await failureOf(client.submit(inc, bad))).name).toBe("SyntaxError");
    });

    test("a client that is closed while calls are out ends them", async () => {
      const own = await Client.local({ workers, progress: false });
      const futures = [own.submit(tasks.after, 60_000, "x"), own.submit(tasks.after, 60_000, "y")];
      const held = await own.scatter(1);
      const ends = futures.map((future) => failureOf(future));
      await own.close();
      for (const error of await Promise.all(ends)) expect(error).toBeInstanceOf(CancelledError);
      expect(() => own.submit(inc, 1)).toThrow(/client is closed/);
      expect(() => futures[0].retry()).toThrow(AbanicoError);
      held.release();
      futures[0].release();
    });
  });
}
