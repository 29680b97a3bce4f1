import { writeFile, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import {
  AbanicoError,
  CallableError,
  CancelledError,
  Client,
  GraphError,
  OptionError,
  TaskTimeoutError,
  compute,
  delayed,
  fromModule,
  readCsv,
  type Delayed,
} from "../../lib/index.ts";
import { failureOf } from "./failure.ts";
import type * as Tasks from "./tasks.ts";

const inc = delayed((x: number) => x + 1);
const add = delayed((a: number, b: number) => a + b);
const sum = delayed((xs: readonly number[]) => xs.reduce((a, b) => a + b, 0));
/** Gives a node of another module back as a value. */
const same = delayed((x: unknown) => x);

describe.each([
  { name: "inline", workers: 0 },
  { name: "on two threads", workers: 2 },
])("graphs run $name", ({ workers }) => {
  let client: Client;
  let folder: string;
  let tasks: typeof Tasks;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "delayed-"));
    await writeFile(join(folder, "a.csv"), "n\n1\n2\n3\n");
    client = await Client.local({ workers, progress: false });
    tasks = await fromModule<typeof Tasks>(new URL("./tasks.ts", import.meta.url));
  });
  afterAll(async () => {
    await client.close();
    await rm(folder, { recursive: true, force: true });
  });

  test("give their result", async () => {
    expect(await add(inc(1), add(inc(2), 3)).compute()).toBe(8);
    expect(await delayed([inc(1), { x: inc(2), y: "plain" }]).compute()).toEqual([2, { x: 3, y: "plain" }]);
    expect(await delayed(Math.max)(1, inc(5)).compute()).toBe(6);
    expect(await delayed(async (x: number) => new Map([[x, new Date(x)]]))(inc(0)).compute()).toEqual(
      new Map([[1, new Date(1)]]),
    );
    expect(
      await delayed((x: number) => [x, x + 1])(3)
        .get(1)
        .compute(),
    ).toBe(4);
    expect(
      await delayed((x: number) => ({ half: x / 2 }))(3)
        .get("half")
        .compute(),
    ).toBe(1.5);
    expect(await client.compute(inc(1))).toBe(2);
  });

  test("of many calls give what plain loops give", async () => {
    let chain: Delayed<number> = inc(0);
    for (let i = 1; i < 20_000; i++) chain = inc(chain);
    let level: Delayed<number>[] = Array.from({ length: 8_192 }, (_, i) => inc(i));
    while (level.length > 1)
      level = Array.from({ length: level.length / 2 }, (_, i) => add(level[2 * i], level[2 * i + 1]));
    expect(await compute(chain, level[0], sum(Array.from({ length: 10_000 }, (_, i) => inc(i))))).toEqual([
      20_000,
      (8_192 * 8_193) / 2,
      50_005_000,
    ]);
  });

  test("share what several need, and give each its own", async () => {
    // Random numbers, so that a second call would show.
    const random = delayed(() => Math.random())();
    const [a, b, { c }, d, e] = await compute(random, add(random, 1), { c: [random] }, "plain", null);
    expect(b).toBe(a + 1);
    expect(c).toEqual([a]);
    expect([d, e]).toEqual(["plain", null]);
    const pure = delayed(() => Math.random(), { pure: true });
    const [x, y] = await compute(pure(), pure());
    expect(x).toBe(y);
    const impure = delayed(() => Math.random());
    const [v, w] = await compute(impure(), impure());
    expect(v).not.toBe(w);
  });

  test("take other collections and futures, together and as arguments", async () => {
    const frame = readCsv(join(folder, "a.csv"));
    const [table, two, three] = await compute(
      frame,
      inc(1),
      client.submit((x: number) => x + 2, 1),
    );
    expect([table.numRows, two, three]).toEqual([3, 2, 3]);
    const future = client.submit((x: number) => x * 10, 4);
    expect(await add(future, inc(1)).compute()).toBe(42);
    expect(await sum([future, client.compute(inc(0)), 1]).compute()).toBe(42);
    const held = await client.scatter([1, 2, 3]);
    expect(await sum(held).compute()).toBe(6);
  });

  test("go on with what a task gives: a Delayed, one inside of a value, one of many levels", async () => {
    const { fib, pureFib, pair, countDown } = tasks;
    expect(await compute(same(fib(10)), same(pureFib(60)))).toEqual([55, 1548008755920]);
    expect(await delayed(pair)(4).compute()).toEqual({ both: [4, 8], name: "pair" });
    expect(await same(countDown(300)).compute()).toBe(0);
  });

  test("are kept by persist, until they are released", async () => {
    const random = delayed(() => Math.random())();
    const kept = await random.persist();
    const first = await kept.compute();
    expect(await compute(kept, add(kept, 1), [kept])).toEqual([first, first + 1, [first]]);
    expect(String(kept)).toContain("kept");
    await expect(client.release(random)).rejects.toThrow(OptionError);
    await client.release(kept);
    await expect(kept.compute()).rejects.toThrow(AbanicoError);
  });

  test("fail as their function does, and by the functions that cannot travel", async () => {
    const fail = delayed((x: number): number => {
      throw new RangeError(`no ${x}`, { cause: new Error("deep") });
    });
    const error = await failureOf(() => add(1, fail(3)).compute());
    expect(error).toBeInstanceOf(RangeError);
    expect(error.message).toContain("no 3");
    expect(error.cause).toBeInstanceOf(Error);
    await expect(delayed(1).get("toFixed").compute()).rejects.toThrow(TypeError);
    const outer = Math.random();
    const closure = await failureOf(() => delayed((x: number) => x + outer)(1).compute());
    expect(closure).toBeInstanceOf(CallableError);
    expect(closure.message).toContain("outer");
    const lost = await failureOf(() => same(new WeakMap()).compute());
    expect(lost).toBeInstanceOf(CallableError);
  });

  test("fail where a task gives what cannot be run", async () => {
    // By tag: inline, the module brings its own copy of the library into this thread, since Vitest compiles the other.
    expect(await failureOf(() => delayed(tasks.closing)(1).compute())).toMatchObject({
      tag: "Callable",
      message: expect.stringContaining("outer") as string,
    });
    expect(await failureOf(() => delayed(tasks.circle)().compute())).toMatchObject({ tag: "Graph" });
    const endless = await failureOf(() => same(tasks.endless(1)).compute());
    expect(endless).toBeInstanceOf(GraphError);
    expect(endless.message).toContain("endless");
  });

  test("run again what may be retried", async () => {
    const flaky = (path: string) =>
      import("node:fs").then(({ appendFileSync, readFileSync }) => {
        appendFileSync(path, "x");
        const { length } = readFileSync(path, "utf8");
        if (length < 3) throw new Error(`attempt ${length}`);
        return length;
      });
    expect(await delayed(flaky, { retries: 2 })(join(folder, `flaky-${workers}`)).compute()).toBe(3);
    await expect(delayed(flaky, { retries: 1 })(join(folder, `never-${workers}`)).compute()).rejects.toThrow(
      "attempt 2",
    );
  });

  test("stop when their signal says so", async () => {
    const abort = new AbortController();
    const slow = delayed((ms: number) => new Promise((resolve) => setTimeout(resolve, ms)))(
      workers === 0 ? 500 : 60_000,
    );
    const run = failureOf(() => slow.compute({ signal: abort.signal }));
    setTimeout(() => abort.abort(new Error("enough")), 50);
    expect(await run).toBeInstanceOf(CancelledError);
    await expect(inc(1).compute({ signal: abort.signal })).rejects.toThrow(CancelledError);
    expect(await inc(1).compute()).toBe(2);
  });

  test.skipIf(workers === 0)("stop a call that takes too long", async () => {
    // A busy loop in the only thread there is, nothing can stop: so not inline.
    const forever = delayed(
      () => {
        for (;;);
      },
      { timeout: "300ms" },
    );
    expect(await failureOf(() => forever().compute())).toBeInstanceOf(TaskTimeoutError);
    expect(await inc(1).compute()).toBe(2);
  });

  test("say what they would do", async () => {
    const shared = inc(1);
    const text = await add(shared, inc(shared)).explain();
    expect(text).toMatch(/calls +3, only what the result needs/);
    expect(text).toMatch(/depth +3 calls/);
    const pure = delayed((x: number) => x, { name: "plain", pure: true });
    expect(await sum([pure(1), pure(1)]).explain()).toMatch(/plain × 1[\s\S]*merged +1 equal/);
    expect(await same(readCsv(join(folder, "a.csv"))).explain()).toMatch(/before +a frame[\s\S]*read +csv/);
  });
});
