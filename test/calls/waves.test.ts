import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { Together } from "../../lib/collections/delayed/together.ts";
import { delayed, fromModule, type Delayed } from "../../lib/index.ts";
import { decodeJob, encodeOutcomes } from "../../lib/kernels/call/wave-job.ts";
import { validatePlan } from "../../lib/plan/validate.ts";
import { createInlineRuntime } from "../../lib/runtime/inline.ts";
import { createLocalRuntime } from "../../lib/runtime/local/local.ts";
import type { Runtime } from "../../lib/runtime/runtime.ts";
import { readSection } from "../../lib/runtime/sections.ts";
import { defaultStore } from "../../lib/store/default-store.ts";
import { encodeValue } from "../../lib/values.ts";
import { failureOf } from "../delayed/failure.ts";
import type * as Tasks from "../delayed/tasks.ts";
import { wavesOver } from "./waves-over.ts";

const store = defaultStore();
const inc = delayed((x: number) => x + 1, { name: "inc" });
const add = delayed((a: number, b: number) => a + b, { name: "add" });
const sum = delayed((xs: readonly number[]) => xs.reduce((a, b) => a + b, 0), { name: "sum" });
const range = (count: number) => Array.from({ length: count }, (_, i) => i);

/** The root of a tree that puts neighbours together. */
function tree(leaves: readonly Delayed<number>[]): Delayed<number> {
  let level = leaves;
  while (level.length > 1) level = range(level.length / 2).map((i) => add(level[2 * i], level[2 * i + 1]));
  return level[0];
}

describe.each([
  { name: "inline", make: () => createInlineRuntime({ store }) },
  { name: "on two threads", make: () => createLocalRuntime({ workers: 2, store }) },
])("waves of calls, run as plans $name", ({ make }) => {
  let runtime: Runtime;
  let folder: string;
  let tasks: typeof Tasks;
  beforeAll(async () => {
    runtime = make();
    folder = await mkdtemp(join(tmpdir(), "waves-"));
    await writeFile(join(folder, "a.csv"), "n\n1\n2\n3\n");
    tasks = await fromModule<typeof Tasks>(new URL("../delayed/tasks.ts", import.meta.url));
  });
  afterAll(async () => {
    await runtime.close();
    await rm(folder, { recursive: true, force: true });
  });

  test("a shared call is made once, in a wave before those that need it", async () => {
    const { compute, tasks: counts } = wavesOver(runtime, store);
    const random = delayed(() => Math.random(), { name: "random" })();
    const pair = new Together([random, add(random, 1), delayed([random, { x: inc(2) }])]);
    const [a, b, c] = (await compute(pair)) as [number, number, [number, { x: number }]];
    expect([b, c]).toEqual([a + 1, [a, { x: 3 }]]);
    expect(counts()).toEqual([2, 1]);
  });

  test("a chain is one task, and a tree as many as it has leaves at first, put together where they are", async () => {
    const { compute, tasks: counts } = wavesOver(runtime, store);
    let chain = inc(0);
    for (let i = 1; i < 5_000; i++) chain = inc(chain);
    expect(await compute(chain)).toBe(5_000);
    expect(counts()).toEqual([1]);
    const leaves = wavesOver(runtime, store);
    expect(await leaves.compute(tree(range(4_096).map((i) => inc(i))))).toBe((4_096 * 4_097) / 2);
    // 16 leaves and the calls above them each, then what puts 256 numbers together.
    expect(leaves.tasks()[0]).toBe(256);
    expect(leaves.tasks().length).toBeLessThan(5);
  });

  test("many calls are few tasks, and a call that needs all of them comes behind", async () => {
    const { compute, tasks: counts } = wavesOver(runtime, store);
    expect(await compute(sum(range(20_000).map((i) => inc(i))))).toBe((20_000 * 20_001) / 2);
    expect(counts()).toHaveLength(2);
    expect(counts()[0]).toBeLessThanOrEqual(260);
  });

  test("large results stay where they are made, and large values travel once", async () => {
    const kept: number[] = [];
    const { compute } = wavesOver(runtime, store, {
      keep: (bytes) => {
        kept.push(bytes.byteLength);
        return runtime.keep(bytes);
      },
    });
    const zeros = delayed((n: number) => new Float64Array(n).fill(0.5), { name: "zeros" })(100_000);
    const item = delayed((xs: Float64Array, i: number) => xs[i], { name: "item" });
    expect(await compute(sum([0, 1, 2].map((i) => item(zeros, i))))).toBe(1.5);
    const value = delayed(Float64Array.from({ length: 50_000 }, (_, i) => i));
    expect(await compute(sum(range(20).map((i) => item(value, i))))).toBe(190);
    expect(kept.filter((bytes) => bytes > 400_000)).toHaveLength(1);
    expect(await compute(zeros)).toEqual(new Float64Array(100_000).fill(0.5));
  });

  test("what a call gives is gone on with: a Delayed, many levels, a collection", async () => {
    const { compute } = wavesOver(runtime, store);
    const { fib, pureFib, pair, countDown, frame } = tasks;
    expect(await compute(new Together([fib(7), pureFib(40)]))).toEqual([13, 102_334_155]);
    expect(await compute(delayed(pair)(4))).toEqual({ both: [4, 8], name: "pair" });
    expect(await compute(inc(countDown(12)))).toBe(1);
    const rows = delayed((table: { numRows: number }) => table.numRows, { name: "rows" });
    expect(await compute(rows(delayed(frame)(join(folder, "a.csv")) as never))).toBe(3);
  });

  test("equal calls of pure functions are one", async () => {
    const { compute } = wavesOver(runtime, store);
    const pure = delayed(() => Math.random(), { name: "pure", pure: true });
    const [x, y] = (await compute(new Together([pure(), pure()]))) as number[];
    expect(x).toBe(y);
  });

  test("fail with the error of the call, whole, and by its name", async () => {
    const { compute } = wavesOver(runtime, store);
    const fails = delayed(
      (x: number): number => {
        throw new RangeError(`no ${x}`, { cause: new Error("deep") });
      },
      { name: "fails" },
    );
    const error = await failureOf(() => compute(add(1, fails(inc(2)))));
    expect(error).toBeInstanceOf(RangeError);
    expect(error).toMatchObject({ message: "no 3", cause: { message: "deep" } });
    expect(error.stack).toMatch(/in task fails-\d+: fails\(3\)/);
    expect(await failureOf(() => compute(tasks.endless(1)))).toMatchObject({
      tag: "Graph",
      message: expect.stringContaining("endless") as string,
    });
  });

  test("run again what may be retried, with its attempts counted, and no more often", async () => {
    const { compute, tasks: counts } = wavesOver(runtime, store);
    const flaky = (path: string) =>
      import("node:fs").then(({ appendFileSync, readFileSync }) => {
        appendFileSync(path, "x");
        const { length } = readFileSync(path, "utf8");
        if (length < 3) throw new Error(`attempt ${length}`);
        return length;
      });
    expect(await compute(delayed(flaky, { retries: 2 })(join(folder, "flaky")))).toBe(3);
    expect(counts()).toEqual([1]);
    const never = await failureOf(() => compute(delayed(flaky, { retries: 1 })(join(folder, "never"))));
    expect(never.message).toBe("attempt 2");
    expect(never.stack).toContain("attempt 2");
  });

  test("stop waiting for a call that takes too long, and tell it by its signal", async () => {
    const { compute } = wavesOver(runtime, store);
    const slow = delayed((ms: number) => new Promise((resolve) => setTimeout(resolve, ms)), {
      name: "slow",
      timeout: 50,
    });
    const error = await failureOf(() => compute(slow(5_000)));
    expect(error).toMatchObject({ tag: "TaskTimeout", fields: { function: "slow", attempts: 1, timeoutMs: 50 } });
    expect(await compute(slow(1))).toBeUndefined();
  });
});

test("what is handed back goes out again, until all is made", async () => {
  const runtime = createInlineRuntime({ store });
  let runs = 0;
  const { compute } = wavesOver(runtime, store, {
    run: (plan) => {
      runs++;
      const [stage] = plan.stages;
      const work = { ...stage.work, params: { ...stage.work.params, patienceMs: 0 } };
      return runtime.run({ ...plan, stages: [{ ...stage, work }] });
    },
  });
  const wait = delayed((i: number) => new Promise<number>((resolve) => setTimeout(() => resolve(i), 1)), {
    name: "wait",
  });
  expect(await compute(sum(range(600).map((i) => wait(i))))).toBe(179_700);
  // Three calls a task at first, of which one is made; then they are known to take no time.
  expect(runs).toBeGreaterThan(2);
  await runtime.close();
});

test("what goes out follows from the graph and from what came back, and not from when", async () => {
  const runtime = createInlineRuntime({ store });
  const graph = () => sum(range(300).map((i) => add(inc(i), delayed([inc(i + 1)]).get(0))));
  const digests = async (lateMs: number) => {
    const waves = wavesOver(runtime, store, {
      fetch: async (ref) => {
        await new Promise((resolve) => setTimeout(resolve, lateMs * Math.random()));
        return runtime.fetch(ref);
      },
    });
    await waves.compute(graph());
    return waves.plans.map(({ stages }) => stages[0].work.params["digest"]);
  };
  const first = await digests(0);
  expect(first.length).toBeGreaterThan(1);
  expect(await digests(5)).toEqual(first);
  await runtime.close();
});

/** Waves whose calls are not made: each is said to have taken so long, and to have given 1. */
async function pretending(graph: Delayed<unknown>, eachMs: number) {
  const kept: Uint8Array[] = [];
  const outputs: Uint8Array[][] = [];
  const sizes: number[][] = [];
  const runtime = createInlineRuntime({ store });
  const { compute } = wavesOver(runtime, store, {
    keep: async (bytes) => ({ run: "kept", stage: "kept", task: kept.push(bytes) - 1 }),
    fetch: async ({ run, task }) => outputs[Number(run)][task],
    run: async ({ stages: [{ tasks }] }) => {
      const refs = tasks.kind === "refs" ? tasks.refs : [];
      const jobs = refs.map(({ task, section = 0 }) => decodeJob(readSection(kept[task], section)));
      const body = encodeValue(1);
      outputs.push(jobs.map(({ indices }) => encodeOutcomes(indices.map(() => ({ ms: eachMs, body })))));
      sizes.push(jobs.map(({ indices }) => indices.length));
      return { refs: refs.map((_, task) => ({ run: String(outputs.length - 1), stage: "made", task })) };
    },
  });
  expect(await compute(graph)).toBe(1);
  await runtime.close();
  return sizes;
}

describe("how many tasks a wave of a hundred thousand calls has", () => {
  const many = 100_000;
  /** Calls of a function that is known, since one of it comes first. */
  const behind = (first: Delayed<number>) => sum(range(many).map(() => inc(first)));

  test("where nothing is known of them: a few hundred", async () => {
    const [sizes] = await pretending(sum(range(many).map((i) => inc(i))), 1);
    expect(sizes.length).toBeLessThanOrEqual(257);
    expect(Math.max(...sizes)).toBe(391);
  });

  test("where they are known to take no time: few; where they take long: as many as may run at once", async () => {
    const [, quick] = await pretending(behind(inc(1)), 0.1);
    // No job has more calls than 16,384.
    expect(quick).toHaveLength(7);
    const [, slow] = await pretending(behind(inc(1)), 2_000);
    expect(slow.length).toBeGreaterThan(500);
    expect(slow.length).toBeLessThanOrEqual(1_000);
  });

  test("calls that need one quick call come along with it, where they are few", async () => {
    expect(await pretending(sum(range(50).map(() => inc(inc(1)))), 1)).toEqual([expect.any(Array), [1]]);
    const shared = inc(inc(1));
    const [first, second] = await pretending(sum(range(300).map((i) => add(shared, i))), 1);
    expect(first).toEqual([2]);
    expect(second.reduce((a, b) => a + b, 0)).toBe(300);
  });

  test("of higher priority first", async () => {
    const urgent = delayed((x: number) => x + 2, { name: "urgent", priority: 1 });
    const [[first]] = await pretending(sum([...range(512).map((i) => inc(i)), urgent(1), urgent(2)]), 1);
    expect(first).toBe(3);
  });
});

test.each([
  [{ digest: "d", slots: -1, patienceMs: 1 }, "slots"],
  [{ digest: "d", slots: 1, patienceMs: "soon" }, "patienceMs"],
  [{ slots: 1, patienceMs: 1 }, "digest"],
])("a plan of calls says where its parameters are wrong: %j", (params, where) => {
  const stage = {
    id: "calls-1",
    work: { op: "calls.run", params },
    tasks: { kind: "refs", refs: [] },
    output: { kind: "exchange", partitions: 2 },
    estimate: { bytesIn: 0, peakBytes: {} },
  };
  expect(() => validatePlan({ abanico: 1, stages: [stage], notes: [] })).toThrow(`stages[0].work.params.${where}`);
});
