import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { writeTarget } from "../../lib/collections/dataframe/write.ts";
import { CloudRun } from "../../lib/client/cloud-run.ts";
import { resumedRun } from "../../lib/client/attach.ts";
import { writeFiles } from "../../lib/client/run-write.ts";
import { StoreFaultError, type Json } from "../../lib/errors.ts";
import { col, delayed, fromModule, fromSequence, readCsv, type Table } from "../../lib/index.ts";
import { createInlineRuntime } from "../../lib/runtime/inline.ts";
import { advance } from "../../lib/runtime/aws/advance.ts";
import { attemptAt, attemptName, attemptOf, firstRoundOf, isRunName } from "../../lib/runtime/aws/attempts.ts";
import { collect } from "../../lib/runtime/aws/collect.ts";
import { fail } from "../../lib/runtime/aws/fail.ts";
import { cancelKey, objectUrl, outcomeKey, partialKey, resultKey } from "../../lib/runtime/aws/keys.ts";
import type { WorkInput } from "../../lib/runtime/aws/protocol.ts";
import { resumeRun } from "../../lib/runtime/aws/resume.ts";
import { bytesAt, outcomeOf, putJson } from "../../lib/runtime/aws/run-objects.ts";
import { work } from "../../lib/runtime/aws/work.ts";
import { decodeValue } from "../../lib/values.ts";
import { callOf, failureOf, KEEP, planOf } from "../runtime/plans.ts";
import { clientCloud, passing, runtimeOn } from "./client-cloud.ts";
import { stackWith } from "./cloud-run.ts";
import type * as Tasks from "./wave-tasks.ts";

const RUN = "run-1";
const PLAN = { kind: "plan", plan: planOf({ work: callOf("hostile"), tasks: 40 }) } as const;
const rowsOf = (table: Table): Record<string, unknown>[] => table.toArray().map((row: object) => ({ ...row }));
const encode = (text: string) => new TextEncoder().encode(text);

/** A stack whose work fails from some call on until it is mended; which tasks were run, by attempt. */
function breaking({
  broken,
  hangs = false,
  files = {},
}: {
  broken: (input: WorkInput) => boolean;
  hangs?: boolean;
  files?: { [key: string]: string };
}) {
  const state = { broken };
  const ran = new Map<number, number[]>();
  const stack = stackWith(
    files,
    {},
    {
      work: async (input, services) => {
        if (input.lost === undefined && state.broken(input)) {
          if (hangs) await services.clock.sleep(600_000);
          throw new StoreFaultError("S3 is down", { retryable: true });
        }
        const attempt = attemptOf(input);
        const { first, count } = input.batch;
        const tasks = Array.from({ length: count }, (_, i) => first + i);
        if (input.lost === undefined) ran.set(attempt, [...(ran.get(attempt) ?? []), ...tasks]);
        return work(input, services);
      },
      collect: (input, services) => collect(input, services, { checkpointMs: 200, quietMs: 600_000, lostMs: 1 }),
    },
  );
  return { stack, ran, mend: () => (state.broken = () => false) };
}

describe("names", () => {
  test("an attempt has a name of its own, which no run may have", () => {
    expect(attemptName({ run: "a-1", attempt: 1 })).toBe("a-1");
    expect(attemptName({ run: "a-1", attempt: 12 })).toBe("a-1--12");
    expect([isRunName("a-1"), isRunName("a--b"), isRunName("a-1--12"), isRunName("a b")]).toEqual([
      true,
      true,
      false,
      false,
    ]);
    expect(attemptAt({ run: "a--2", asked: { run: "a", attempt: 2 } })).toEqual({ run: "a", attempt: 2 });
    expect(attemptAt({ run: "b--2", asked: { run: "a", attempt: 2 } })).toEqual({ run: "b--2", attempt: 1 });
    expect(attemptAt({ run: "a", round: firstRoundOf(3) + 7 })).toEqual({ run: "a", attempt: 3 });
    expect(attemptAt({ run: "a", asked: { run: "a" } })).toEqual({ run: "a", attempt: 1 });
  });
});

describe("a run that failed", () => {
  test("goes on with what its checkpoint lacks, and gives the same bits; its bill has both attempts", async () => {
    const { stack, ran, mend } = breaking({ broken: ({ batch }) => batch.first === 33 });
    await stack.request(RUN, PLAN);
    const failed = await stack.execute(RUN);
    expect(failed).toMatchObject({ ok: false, error: { tag: "StoreFault" } });
    expect(failed.ok ? "" : failed.error.message).toMatch(/npx abanico resume run-1.*client\.resume\("run-1"\)/);
    mend();
    const { services } = stack;
    const outcome = await stack.execute(RUN, 2);
    expect(outcome).toMatchObject({ ok: true, stages: [{ tasks: 40, usage: { batches: 41 } }] });
    expect(ran.get(2)).toEqual([33]);
    expect(await outcomeOf(services, RUN, 1)).toEqual(failed);
    const here = await createInlineRuntime({ store: services.store }).run(PLAN.plan);
    const partial = await bytesAt(services, partialKey({ run: RUN, part: 0, stage: "only" }));
    expect(new Float64Array((partial ?? new Uint8Array(8)).slice().buffer)[0]).toBe(here.partial);
    expect(stack.simulation.queues.filter((url) => url.startsWith(`queue/${RUN}`))).toEqual([]);
  });

  test("by a user's function runs that again, and keeps stages and parts that are over", async () => {
    let reason: string | undefined = "no such table";
    const ran: string[] = [];
    const plan = planOf(
      { id: "make", work: callOf("bytesOf", { length: 9 }), tasks: 12, output: KEEP },
      { id: "add", work: callOf("sumBytes"), tasks: { kind: "outputs", stage: "make", count: 12 } },
    );
    const stack = stackWith(
      {},
      {},
      {
        work: async (input, services) => {
          ran.push(`${attemptOf(input)} ${input.stage} ${input.batch.first}`);
          if (input.stage !== "add" || input.batch.first !== 5 || reason === undefined) return work(input, services);
          const outcome = { kind: "failed", task: 5, attempt: 1, error: { name: "Error", message: reason } };
          const message = { ...input, ms: 1, worker: "w", outcome };
          await services.queues.send(input.queue, [JSON.stringify(message)]);
          return {};
        },
      },
    );
    await stack.request(RUN, { kind: "plan", plan });
    expect(await stack.execute(RUN)).toMatchObject({ ok: false, error: { tag: "Task", fields: { task: 5 } } });
    // Once more the same: the failure is that of this attempt.
    reason = "still no such table";
    const again = await stack.execute(RUN, 2);
    expect(again).toMatchObject({ ok: false, error: { tag: "Task", cause: { message: "still no such table" } } });
    reason = undefined;
    expect(await stack.execute(RUN, 3)).toMatchObject({ ok: true, stages: [{ tasks: 12 }, { tasks: 12 }] });
    const since = ran.filter((one) => !one.startsWith("1 "));
    expect(since.filter((one) => one.includes("make"))).toEqual([]);
    expect(since.filter((one) => one.startsWith("3 "))).toEqual(["3 add 5"]);
  });

  test("in parts: one that failed in an attempt before is over, and stays so", async () => {
    const { stack, ran, mend } = breaking({ broken: ({ part }) => part === 1 });
    const items = Array.from({ length: 40 }, (_, i) => ({ a: i, b: i % 3 }));
    const frame = fromSequence(items, { partitions: 4 })
      .toDataFrame()
      .groupBy("b")
      .agg({ a: col("a").max() });
    await stack.request(RUN, { kind: "collection", collection: JSON.parse(JSON.stringify(frame)) as Json });
    expect(await stack.execute(RUN)).toMatchObject({ ok: false });
    mend();
    expect(await stack.execute(RUN, 2)).toMatchObject({ ok: true, part: 3 });
    const bytes = await bytesAt(stack.services, resultKey(RUN));
    const rows = rowsOf(decodeValue(bytes ?? new Uint8Array()) as Table);
    expect(rows.toSorted((x, y) => Number(x["b"]) - Number(y["b"]))).toEqual(
      [39n, 37n, 38n].map((a, b) => ({ b: BigInt(b), a })),
    );
    expect(ran.get(1)?.length).toBeGreaterThan(0);
  });

  test("a graph of calls makes those again that failed, and goes on with the others", async () => {
    const folder = await mkdtemp(join(tmpdir(), "resume-"));
    try {
      const path = join(folder, "letters");
      const { add, flaky, load } = await fromModule<typeof Tasks>(new URL("./wave-tasks.ts", import.meta.url));
      // Three attempts of the call each time: the fourth of all succeeds.
      const graph = delayed({ late: add(10, flaky(path, 3)), load: load(2) });
      const stack = stackWith();
      await stack.request(RUN, { kind: "collection", collection: JSON.parse(JSON.stringify(graph)) as Json });
      expect(await stack.execute(RUN)).toMatchObject({ ok: false, error: { message: /attempt 3/ } });
      expect(await stack.execute(RUN, 2)).toMatchObject({ ok: true });
      const bytes = await bytesAt(stack.services, resultKey(RUN));
      expect(decodeValue(bytes ?? new Uint8Array())).toEqual({ late: 14, load: [2, Math.sin(2), Math.exp(-2)] });
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  });

  test("types that turned out wider in an attempt before are planned with", async () => {
    const text = (from: number, to: number, bad: string) =>
      `k,x\n${Array.from({ length: to - from }, (_, i) => `k${i % 3},${i === 90 ? bad : i}`).join("\n")}\n`;
    const { stack, ran, mend } = breaking({
      broken: ({ part }) => part === 1,
      files: { "in/a.csv": text(0, 200, "1.5") },
    });
    const frame = readCsv("s3://bucket/in/*.csv", { blockSize: 100, sampleRows: 5 })
      .groupBy("k")
      .agg({ x: col("x").sum() });
    const collection = JSON.parse(JSON.stringify(frame)) as Json;
    await stack.request(RUN, { kind: "collection", collection });
    expect(await stack.execute(RUN)).toMatchObject({ ok: false });
    expect(await stack.keys(`runs/${RUN}/1/plan.json`)).toHaveLength(1);
    mend();
    const before = (ran.get(1) ?? []).length;
    expect(before).toBeGreaterThan(0);
    expect(await stack.execute(RUN, 2)).toMatchObject({ ok: true, part: 1 });
  });
});

describe("attempts are apart:", () => {
  test("a late Fail, or a marker, of one does nothing to the next", async () => {
    const { stack, mend } = breaking({ broken: ({ batch }) => batch.first === 7 });
    await stack.request(RUN, PLAN);
    await stack.execute(RUN);
    mend();
    const { services } = stack;
    await services.store.put(objectUrl(services, cancelKey(RUN)), encode("stop"));
    expect(await stack.execute(RUN, 2)).toMatchObject({ ok: true });
    const good = await outcomeOf(services, RUN, 2);
    await fail({ run: RUN, error: { Error: "Sandbox.Timedout", Cause: "late" } }, services);
    expect(await outcomeOf(services, RUN, 2)).toEqual(good);
    expect((await outcomeOf(services, RUN))?.ok).toBe(false);
  });

  test("the deadline is that of the attempt", async () => {
    const { stack, mend } = breaking({ broken: ({ batch }) => batch.first === 7 });
    await stack.request(RUN, PLAN, { deadlineMs: 1_800_000 });
    expect(await stack.execute(RUN)).toMatchObject({ ok: false });
    mend();
    await stack.simulation.run(stack.simulation.clock.sleep(7_200_000));
    const outcome = await stack.execute(RUN, 2);
    expect(outcome).toMatchObject({ ok: true });
    expect(outcome.wallMs).toBeLessThan(1_800_000);
    // What lay between them is nobody's time.
    expect(outcome.ok && outcome.stages[0].wallMs).toBeLessThan(7_200_000);
  });

  test("an execution that is started by hand with the attempt's name and input is that attempt", async () => {
    const { stack } = breaking({ broken: () => false });
    const { services } = stack;
    await stack.request(RUN, PLAN);
    const directive = await advance({ run: "run-1--2", asked: { run: RUN, attempt: 2 } }, services);
    expect(directive).toMatchObject({ run: RUN, round: firstRoundOf(2), queue: "queue/run-1--2" });
    expect(await stack.keys(`runs/${RUN}/attempt-`)).toEqual([`runs/${RUN}/attempt-2.json`]);
  });
});

describe("resume, by a client:", () => {
  const setUp = async (broken: (input: WorkInput) => boolean, hangs = false) => {
    const parts = breaking({ broken, hangs });
    await parts.stack.request(RUN, PLAN);
    const client = clientCloud(parts.stack);
    const through = <T>(main: Promise<T>) => passing(parts.stack, main);
    return { ...parts, ...client, through };
  };

  test("a failed run goes on, and gives its result by the same handle; resumed again it is that handle alone", async () => {
    const { cloud, stack, mend, asked, through } = await setUp(({ batch }) => batch.first === 3);
    await cloud.startRun(RUN);
    const handle = new CloudRun(cloud, RUN);
    const error = await failureOf(through(handle.result()));
    expect(error.message).toContain("npx abanico resume run-1");
    expect(await handle.status()).toMatchObject({ state: "failed", attempt: 1 });
    mend();
    const resumed = await resumedRun({ cloud }, `${RUN}.0`);
    expect(resumed.id).toBe(RUN);
    const here = await createInlineRuntime({ store: stack.services.store }).run(PLAN.plan);
    expect(await through(resumed.result())).toBe(here.partial);
    expect(await through(handle.result())).toBe(here.partial);
    expect(await handle.status()).toMatchObject({ state: "succeeded", attempt: 2 });
    expect((await through(handle.report())).bill?.dollars).toBeGreaterThan(0);
    expect(await resumeRun(cloud, RUN)).toEqual({ run: RUN, attempt: 2, state: "succeeded" });
    expect(asked.filter((one) => one.startsWith("start"))).toEqual([`start ${RUN}`, `start ${RUN}--2`]);
  });

  test("two at once start one attempt", async () => {
    const { cloud, mend, executions, through } = await setUp(({ batch }) => batch.first === 3);
    await cloud.startRun(RUN);
    await failureOf(through(new CloudRun(cloud, RUN).result()));
    mend();
    const both = await through(Promise.all([resumeRun(cloud, RUN), resumeRun(cloud, RUN)]));
    expect(both.map(({ attempt }) => attempt)).toEqual([2, 2]);
    expect([...executions.keys()]).toEqual([RUN, `${RUN}--2`]);
    expect(await through(new CloudRun(cloud, RUN).result())).toBeDefined();
  });

  test("a run that goes on is left alone; one whose execution never began begins", async () => {
    const { cloud, executions, through } = await setUp(() => false);
    const waited = await failureOf(through(new CloudRun(cloud, RUN).result()));
    expect(waited).toMatchObject({ tag: "NotFound", fix: expect.stringContaining(`abanico resume ${RUN}`) as string });
    expect(await through(resumeRun(cloud, RUN))).toEqual({ run: RUN, attempt: 1, state: "resumed" });
    expect(await resumeRun(cloud, RUN)).toEqual({ run: RUN, attempt: 1, state: "running" });
    expect([...executions.keys()]).toEqual([RUN]);
    expect(await failureOf(resumedRun({ cloud }, "none"))).toMatchObject({ tag: "NotFound" });
    expect(await failureOf(resumedRun({ cloud }, ""))).toMatchObject({ tag: "Option" });
  });

  test("cancelled, and aborted from elsewhere: what was done is not done again", async () => {
    for (const how of ["cancelled", "aborted"] as const) {
      const { cloud, stack, ran, mend, asked, through } = await setUp(({ batch }) => batch.first >= 20, true);
      await cloud.startRun(RUN);
      const handle = new CloudRun(cloud, RUN);
      await through(stack.simulation.clock.sleep(60_000));
      if (how === "cancelled") await through(handle.cancel("not now"));
      else await cloud.stopRun(RUN, "by hand");
      const error = await failureOf(through(handle.result()));
      expect(error).toMatchObject({ tag: "Cancelled" });
      expect(error.message).toContain("npx abanico resume run-1");
      await through(stack.simulation.clock.sleep(30_000));
      mend();
      expect(await through(resumeRun(cloud, RUN))).toMatchObject({ attempt: 2, state: "resumed" });
      expect(asked).toContain(`remove queue ${RUN}`);
      const here = await createInlineRuntime({ store: stack.services.store }).run(PLAN.plan);
      expect(await through(handle.result())).toBe(here.partial);
      expect((ran.get(2) ?? []).toSorted((a, b) => a - b)).toEqual(Array.from({ length: 20 }, (_, i) => i + 20));
      // Whoever cancels now cancels the attempt that runs: there is none.
      await handle.cancel();
      expect(await handle.status()).toMatchObject({ state: "succeeded", attempt: 2 });
    }
  });

  test("the attempt that runs is the one that is cancelled", async () => {
    const { cloud, stack, asked, through } = await setUp(({ batch }) => batch.first === 3);
    await cloud.startRun(RUN);
    const handle = new CloudRun(cloud, RUN);
    await failureOf(through(handle.result()));
    await through(resumeRun(cloud, RUN));
    await through(handle.cancel("enough"));
    expect(asked).toContain(`stop ${RUN}--2: enough`);
    expect(await stack.keys(`runs/${RUN}/cancel`)).toEqual([cancelKey(RUN, 2)]);
    expect(await failureOf(through(handle.result()))).toMatchObject({ tag: "Cancelled" });
  });

  test("one that is being cancelled is waited for", async () => {
    const { cloud, executions, stack, through } = await setUp(() => false);
    const { services } = stack;
    executions.set(RUN, { status: "running" });
    await services.store.put(objectUrl(services, cancelKey(RUN)), encode("stop"));
    stack.simulation.clock.after(5_000, () => executions.set(RUN, { status: "aborted" }));
    expect(await through(resumeRun(cloud, RUN))).toMatchObject({ attempt: 2, state: "resumed" });
    const stuck = await setUp(() => false);
    stuck.executions.set(RUN, { status: "running" });
    await stuck.stack.services.store.put(objectUrl(services, cancelKey(RUN)), encode("stop"));
    expect(await failureOf(stuck.through(resumeRun(stuck.cloud, RUN)))).toMatchObject({ tag: "Stalled" });
  });
});

describe("a write that fails", () => {
  const sales = (rows: number, bad = -1) =>
    `k,x\n${Array.from({ length: rows }, (_, i) => (i === bad ? "k1" : `k${i % 5},${i}`)).join("\n")}\n`;
  const rows = () => readCsv("s3://bucket/in/*.csv", { blockSize: 200, types: { k: "string", x: "int64" } });
  const sumOf = async ({ computeHere }: ReturnType<typeof stackWith>): Promise<number> => {
    const back = await computeHere(readCsv("s3://bucket/out/*.csv").agg({ x: col("x").sum() }));
    return Number((back as Table).get(0)?.["x"]);
  };
  const request = (path: string, overwrite = false) => ({
    kind: "collection" as const,
    collection: JSON.parse(JSON.stringify(rows())) as Json,
    write: writeTarget("csv", path, { overwrite }),
  });

  test("says which files are there, keeps them and what was there before, and is completed", async () => {
    const { stack, ran, mend } = breaking({
      broken: ({ batch }) => batch.first === 2,
      files: { "in/a.csv": sales(120), "out/notes.txt": "mine" },
    });
    await stack.request(RUN, request("s3://bucket/out/"));
    const failed = await stack.execute(RUN);
    const error = failed.ok ? undefined : failed.error;
    expect(error?.message).toMatch(
      /the write has put to s3:\/\/bucket\/out\/part-\*\.csv so far \(\d+ files\) is not all/,
    );
    expect(error?.message).toMatch(/npx abanico resume run-1/);
    const there = await stack.keys("out/");
    expect(there).toContain("out/notes.txt");
    expect(error?.fields).toMatchObject({ files: there.length - 1 });
    mend();
    expect(await stack.execute(RUN, 2)).toMatchObject({ ok: true });
    expect(ran.get(2)).toEqual([2]);
    expect(await sumOf(stack)).toBe((119 * 120) / 2);
  });

  test("over another deletes nothing of that before it is whole", async () => {
    const { stack, mend } = breaking({
      broken: ({ batch }) => batch.first === 2,
      files: { "in/a.csv": sales(120), "out/part-00001.csv": "k,x\nold,1\n", "out/part-00099.csv": "k,x\nold,2\n" },
    });
    await stack.request(RUN, request("s3://bucket/out/", true));
    const failed = await stack.execute(RUN);
    // Both were there; the second is not the new write's.
    const there = await stack.keys("out/");
    expect(there).toContain("out/part-00099.csv");
    expect(failed.ok ? undefined : failed.error.fields).toMatchObject({ files: there.length - 1 });
    mend();
    expect(await stack.execute(RUN, 2)).toMatchObject({ ok: true });
    expect(await stack.keys("out/")).not.toContain("out/part-00099.csv");
    expect(await sumOf(stack)).toBe((119 * 120) / 2);
  });

  test("says so where it was cancelled, and where a client makes its plans", async () => {
    const { stack } = breaking({
      broken: ({ batch }) => batch.first === 2,
      hangs: true,
      files: { "in/a.csv": sales(120) },
    });
    await stack.request(RUN, request("s3://bucket/out/"));
    await stack.ready;
    const { cloud } = clientCloud(stack);
    await cloud.startRun(RUN);
    const handle = new CloudRun(cloud, RUN);
    await passing(stack, stack.simulation.clock.sleep(30_000));
    await passing(stack, handle.cancel());
    const cancelled = await failureOf(passing(stack, handle.result()));
    expect(cancelled).toMatchObject({ tag: "Cancelled", fields: { left: "s3://bucket/out/" } });
    expect(cancelled.message).toContain("s3://bucket/out/ so far is not all of it");

    const own = breaking({ broken: ({ batch }) => batch.first === 2, files: { "in/a.csv": sales(120) } });
    const { runtime } = runtimeOn(own.stack);
    const host = { runtime, store: own.stack.services.store, onEvent: () => undefined };
    await own.stack.ready;
    const target = writeTarget("csv", "s3://bucket/out/", {});
    const failed = await failureOf(writeFiles(rows(), target, host, new AbortController().signal));
    const there = await own.stack.keys("out/");
    expect(there.length).toBeGreaterThan(0);
    expect(failed).toMatchObject({
      tag: "StoreFault",
      fields: { left: "s3://bucket/out/part-*.csv", files: there.length },
    });
  });
});

test("an outcome is written once, whoever comes late", async () => {
  const { stack } = breaking({ broken: () => false });
  const { services } = stack;
  await stack.request(RUN, PLAN);
  await putJson(services, outcomeKey(RUN, 2), {
    ok: false,
    run: RUN,
    error: { name: "E", message: "first" },
    wallMs: 1,
  });
  await fail({ run: RUN, attempt: 2, error: { Error: "X", Cause: "second" } }, services);
  expect(await outcomeOf(services, RUN, 2)).toMatchObject({ error: { message: "first" } });
});
