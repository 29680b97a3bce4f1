import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { Client, delayed, fromJSON, fromModule, type Delayed } from "../../lib/index.ts";
import { PlanError, type Json } from "../../lib/errors.ts";
import { advance } from "../../lib/runtime/aws/advance.ts";
import { work } from "../../lib/runtime/aws/work.ts";
import type { Store } from "../../lib/store/store.ts";
import { recordTasks } from "../../lib/callables/console.ts";
import { encodeValue } from "../../lib/values.ts";
import { failureOf } from "../runtime/plans.ts";
import { stackWith } from "./cloud-run.ts";
import { EVERYTHING } from "./simulated-faults.ts";
import { fakeClient, storeOf } from "./fake-clients.ts";
import type * as Tasks from "./wave-tasks.ts";

const range = (count: number) => Array.from({ length: count }, (_, i) => i);
const CSV = { "in/a.csv": "n\n1\n2\n3\n", "in/b.csv": "n\n4\n5\n" };

let tasks: typeof Tasks;
let folder: string;
beforeAll(async () => {
  tasks = await fromModule<typeof Tasks>(new URL("./wave-tasks.ts", import.meta.url));
  folder = await mkdtemp(join(tmpdir(), "waves-"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

/** A shared call, values with others inside, calls that give more calls and collections, a large result that several need. */
function everything(): Delayed<unknown> {
  const { load, total, spread, fib, frame, rows, large, item } = tasks;
  const shared = load(7);
  const xs = large(20_000, 0.1);
  return delayed({
    total: total([shared, load(2), shared]),
    spread: spread(9),
    fib: fib(12),
    rows: rows([frame("s3://bucket/in/a.csv"), frame("s3://bucket/in/b.csv")] as never),
    items: range(5).map((i) => item(xs, i * 1_000)),
    xs,
    date: new Date(7),
  });
}

const bits = (value: unknown) => Buffer.from(encodeValue(value)).toString("base64");

/** The same on this machine, over the same bucket. */
async function here(stack: ReturnType<typeof stackWith>, graph: Delayed<unknown>): Promise<unknown> {
  const client = await Client.local({ workers: 0, progress: false, store: storeOf(stack) });
  try {
    // From its JSON: a module brings its own copy of the library, whose Delayed no client of this one takes.
    return await client.compute(fromJSON(JSON.parse(JSON.stringify(graph)) as unknown));
  } finally {
    await client.close();
  }
}

/** How many rounds of the state machine a run takes. */
function counting(files: typeof CSV | object = {}, options: Parameters<typeof stackWith>[1] = {}) {
  const rounds: string[] = [];
  const stack = stackWith({ ...files }, options, {
    advance: async (input, services) => {
      const directive = await advance(input, services);
      if (directive.action === "stage") rounds.push(directive.stage);
      return directive;
    },
  });
  return { ...stack, rounds };
}

describe("graphs that the state machine runs", () => {
  test("give what they give here, to the bit, and leave nothing", async () => {
    const stack = counting(CSV);
    const there = await stack.compute(everything());
    expect(bits(there)).toBe(bits(await here(stack, everything())));
    expect(stack.rounds.filter((stage) => stage.startsWith("calls-")).length).toBeGreaterThan(1);
    const left = (await stack.keys("runs/")).filter((key) => !/\/(request|outcome)\.json$/.test(key));
    expect(left).toEqual([]);
  });

  test("make a shared call once, also where its wave is planned again and again", async () => {
    const { random, add, spread } = tasks;
    const stack = counting();
    const shared = random();
    const value = await stack.compute(delayed([shared, add(shared, 1), add(shared, spread(3) as never)]));
    const [a, b] = value as number[];
    expect(b).toBe(a + 1);
    expect(stack.rounds.length).toBeGreaterThan(1);
  });

  test("make quick calls where they are planned, once it is known that they are quick", async () => {
    const stack = counting();
    expect(await stack.compute(tasks.fib(30))).toBe(832_040);
    // One round to learn of fib, one of add; not one for each of sixty levels.
    expect(stack.rounds.length).toBeLessThan(6);
  });

  test("fail as they do here: with the call's own error, its name and its arguments; and tell what it printed", async () => {
    const { fails, add } = tasks;
    const stack = counting();
    recordTasks();
    const graph = () => add(fails(1), add(fails(9), 2));
    const there = await failureOf(stack.compute(graph()));
    const local = await failureOf(here(stack, graph()));
    expect(there).toBeInstanceOf(RangeError);
    expect(there).toMatchObject({ message: local.message, cause: { message: "deep" } });
    const named = /in task fails-\d+: fails\(9\)\n +at its .*throw new RangeError/;
    expect(local.stack).toMatch(named);
    expect(there.stack).toMatch(named);
    const told = await stack.services.store.get("s3://bucket/runs/run-1/0/calls-1/progress.json");
    expect(new TextDecoder().decode(told)).toContain("looking at 9");
  });

  test("try again as often as they may, and stop what takes too long", async () => {
    const { flaky, slow } = tasks;
    const stack = counting();
    expect(await stack.compute(flaky(join(folder, "twice"), 2))).toBe(3);
    expect(await failureOf(stack.compute(flaky(join(folder, "more"), 5), {}, "run-2"))).toMatchObject({
      message: "attempt 3",
    });
    expect(await failureOf(stack.compute(slow(5_000), {}, "run-3"))).toMatchObject({ tag: "TaskTimeout" });
    expect(stack.rounds).toEqual(["calls-1", "calls-1", "calls-1"]);
  });

  test("tell of calls whose function dies which they were", async () => {
    const stack = stackWith({}, { script: ({ function: name, operation, when }) => name === "work" && operation === "put" && when === "before" ? "die" : undefined }); // prettier-ignore
    const { load, total } = tasks;
    const error = await failureOf(stack.compute(total([load(1), load(2)])));
    expect(error).toMatchObject({ tag: "WorkerDied", message: expect.stringMatching(/calls: load × 2/) as string });
  });

  test("make a call that takes long beside quick ones once", async () => {
    const begun: string[] = [];
    const stack = stackWith({}, {}, {
      work: async (input, services) => {
        begun.push(`${input.part}/${input.stage}/${input.batch.first}`);
        if (input.batch.first === 0) await services.clock.sleep(10 * 60_000);
        return work(input, services);
      },
    }); // prettier-ignore
    const { load, total } = tasks;
    const lists = range(40).map((i) => load(i));
    expect(bits(await stack.compute(total(lists)))).toBe(bits(await here(stack, total(lists))));
    expect(begun.length).toBeGreaterThan(3);
    expect(new Set(begun).size).toBe(begun.length);
  });

  test("go on where they failed, when they are resumed: what was made is not made again", async () => {
    const { random, flaky, add } = tasks;
    const stack = counting();
    const { client } = await fakeClient(stack);
    const shared = random();
    const run = await client.start(delayed([shared, add(shared, 1), flaky(join(folder, "mended"), 4)]));
    expect(await failureOf(run.result())).toMatchObject({ message: "attempt 3" });
    const [first] = (await stack.keys(`runs/${run.id}/0/calls-1/out/`)).filter((key) => key.endsWith("/0"));
    const made = await stack.services.store.get(`s3://bucket/${first}`);
    const [a, b, c] = (await (await client.resume(run.id)).result()) as number[];
    expect([b, c]).toEqual([a + 1, 5]);
    expect(Buffer.from(made).includes(Buffer.from(encodeValue(a)))).toBe(true);
    await client.close();
  });

  test("plan no collection behind one that failed", async () => {
    const seen: string[] = [];
    const looking = (store: Store): Store => ({
      ...store,
      head: (url, options) => {
        seen.push(url);
        return store.head(url, options);
      },
    });
    const stack = stackWith(
      CSV,
      {},
      {
        advance: (input, services) => advance(input, { ...services, store: looking(services.store) }),
        work: (input, services) => {
          if (input.part === 1 && input.lost === undefined) throw new PlanError("broken");
          return work(input, services);
        },
      },
    );
    const { rows, frame } = tasks;
    const two = rows([frame("s3://bucket/in/a.csv"), frame("s3://bucket/in/b.csv")] as never);
    expect(await failureOf(stack.compute(delayed([two])))).toMatchObject({ message: "broken" });
    expect(seen).toContain("s3://bucket/in/a.csv");
    expect(seen).not.toContain("s3://bucket/in/b.csv");
  });

  test("go on when their client is gone, and are found again", async () => {
    const stack = stackWith(CSV);
    const first = await fakeClient(stack);
    const { id } = await first.client.start(everything());
    await first.client.close();
    const { client } = await fakeClient(stack);
    const run = await client.attach(id);
    expect(bits(await run.result())).toBe(bits(await here(stack, everything())));
    expect(await run.status()).toMatchObject({ state: "succeeded" });
    expect((await run.report()).stages.length).toBeGreaterThan(2);
    await client.close();
  });
});

test.each(range(12))("graphs with every fault at once, seed %i", async (seed) => {
  const stack = stackWith(CSV, { seed: seed + 1, rates: EVERYTHING });
  expect(bits(await stack.compute(everything()))).toBe(bits(await here(stack, everything())));
  expect(stack.simulation.happened.size).toBeGreaterThan(3);
  const error = await failureOf(stack.compute(tasks.total([tasks.fails(9)] as never), {}, "run-2"));
  expect(error).toMatchObject({ name: "RangeError", message: "no 9" });
});

test("a hundred thousand calls are planned in no time, as a few hundred tasks", async () => {
  const stack = counting();
  const calls = range(100_000).map((i) => ({ fn: { kind: "builtin", name: "Math.sqrt" }, args: [{ json: i }] }));
  const holes = range(100_000).map((i) => ({ path: [i], call: i }));
  const all = { json: range(100_000).map(() => null), holes };
  const max = { fn: { kind: "builtin", name: "Reflect.get" }, args: [all, { json: 144 }] };
  const graph = { abanico: 1, delayed: { calls: [...calls, max], root: 100_000 } } as unknown as Json;
  await stack.request("run-1", { kind: "collection", collection: graph });
  const began = process.cpuUsage();
  const directive = await advance({ run: "run-1" }, stack.services);
  const { user, system } = process.cpuUsage(began);
  expect(directive).toMatchObject({ action: "stage", stage: "calls-1" });
  expect(directive.action === "stage" ? directive.batches : 0).toBeGreaterThan(100);
  expect(directive.action === "stage" ? directive.batches : 0).toBeLessThan(300);
  // Two seconds here; ten times that for a machine that is busy.
  expect((user + system) / 1e6).toBeLessThan(20);
  expect((await stack.services.store.get("s3://bucket/runs/run-1/0/plan.json")).byteLength).toBeLessThan(100_000);
  expect((await stack.execute("run-1")).ok).toBe(true);
  expect(stack.rounds).toHaveLength(2);
});
