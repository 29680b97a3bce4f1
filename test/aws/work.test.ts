import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import type { Plan } from "../../lib/plan/plan.ts";
import { NotFoundError, OptionError } from "../../lib/errors.ts";
import { doneKey, outcomeKey, outputKey, partName, planKey, stopKey } from "../../lib/runtime/aws/keys.ts";
import { Outbox } from "../../lib/runtime/aws/outbox.ts";
import { OutputReader, checksumOf } from "../../lib/runtime/aws/outputs.ts";
import type { Batch, PartOf, WorkInput, WorkMessage } from "../../lib/runtime/aws/protocol.ts";
import { putJson } from "../../lib/runtime/aws/run-objects.ts";
import { encodeSections } from "../../lib/runtime/sections.ts";
import type { Services } from "../../lib/runtime/aws/services.ts";
import { emptyCounts, withCounting } from "../../lib/store/with-counting.ts";
import { work } from "../../lib/runtime/aws/work.ts";
import { hostileAt } from "../runtime/kernels.ts";
import { KEEP, callOf, failureOf, foldWith, planOf } from "../runtime/plans.ts";
import { fixedTree } from "./simulated-scenario.ts";
import { Simulation } from "./simulated-services.ts";

const dir = mkdtempSync(join(tmpdir(), "abanico-work-"));
afterAll(() => rmSync(dir, { recursive: true }));

const PLACE = { run: "run", part: 0, stage: "only" };

async function stackOf(plan: Plan) {
  const simulation = new Simulation({ reorder: false });
  const outside = simulation.outside();
  const services = { ...outside, clock: { ...outside.clock, sleep: async () => undefined } };
  await putJson(services, planKey("run", 0), plan);
  const started: object[] = [];
  simulation.onStartWork = (_, input) => void started.push(input);
  const input = (batch: Batch, more: Partial<WorkInput> = {}): WorkInput => ({
    ...PLACE,
    round: 0,
    queue: "queue/run",
    batch,
    ...more,
  });
  const messages = (): WorkMessage[] =>
    simulation
      .queue("queue/run")
      .take(() => 0)
      .map(({ body }) => JSON.parse(body) as WorkMessage);
  const run = async (
    batch: Batch,
    more: Partial<WorkInput> = {},
    own: Partial<Services> = {},
  ): Promise<WorkMessage[]> => {
    expect(await work(input(batch, more), { ...services, ...own })).toEqual({ first: batch.first, count: batch.count });
    return messages();
  };
  return { simulation, services, run, started };
}

const partsOf = (messages: readonly WorkMessage[]): readonly PartOf[] =>
  messages.flatMap(({ outcome }) => (outcome.kind === "done" ? outcome.parts : []));
const factsOf = (messages: readonly WorkMessage[]) =>
  messages.flatMap(({ outcome }) => (outcome.kind === "done" ? outcome.tasks : []));

test("a batch of a fold comes as one partial, merged as the fixed tree merges it", async () => {
  const { run } = await stackOf(planOf({ work: callOf("hostile"), tasks: 100 }));
  const messages = await run({ first: 32, count: 16 });
  expect(messages).toHaveLength(1);
  const [{ first, level, size, checksum, body = "", key }] = partsOf(messages);
  expect({ first, level, size, key }).toEqual({ first: 32, level: 4, size: 8, key: undefined });
  const bytes = Buffer.from(body, "base64");
  expect(checksum).toBe(checksumOf(bytes));
  const leaves = Array.from({ length: 16 }, (_, i) => hostileAt(32 + i));
  expect(bytes.readDoubleLE()).toBe(fixedTree(leaves, (a, b) => a + b));
  expect(factsOf(messages).map(({ index, recordsIn, recordsOut }) => [index, recordsIn, recordsOut])).toEqual(
    leaves.map((_, i) => [32 + i, 2, 1]),
  );
});

test("the last batch, which is no power of two, comes as the whole subtrees it is made of", async () => {
  const { run } = await stackOf(planOf({ work: callOf("named"), tasks: 23, output: foldWith("join2") }));
  const parts = partsOf(await run({ first: 16, count: 7 }));
  expect(parts.map(({ first, level, body = "" }) => [first, level, Buffer.from(body, "base64").toString()])).toEqual([
    [16, 2, "((16,17,)(18,19,))"],
    [20, 1, "(20,21,)"],
    [22, 0, "22,"],
  ]);
});

test("where enough may be had, and where starts are guessed, every task stands for itself", async () => {
  const { run } = await stackOf(
    planOf({ work: callOf("named"), tasks: 8, output: { ...foldWith("join2"), enough: 3 } as never }),
  );
  expect(partsOf(await run({ first: 0, count: 4 })).map(({ level }) => level)).toEqual([0, 0, 0, 0]);
});

test("large partials and kept outputs lie in S3, once, however often the batch is run", async () => {
  const big = await stackOf(
    planOf({ work: callOf("vector", { length: 40_000 }), tasks: 4, output: foldWith("vectorSum") }),
  );
  const [part] = partsOf(await big.run({ first: 0, count: 4 }));
  expect(part).toMatchObject({ level: 2, size: 320_000, key: `${outputKey(PLACE, 0)}^2` });
  const kept = await stackOf(planOf({ work: callOf("bytesOf", { length: 10 }), tasks: 4, output: KEEP }));
  const first = partsOf(await kept.run({ first: 2, count: 2 }));
  expect(first.map(({ key, level, size }) => [key, level, size])).toEqual(
    [2, 3].map((task) => [outputKey(PLACE, task), 0, 10]),
  );
  expect(partsOf(await kept.run({ first: 2, count: 2 }))).toEqual(first);
});

test("an output that is there counts, even where another attempt would give something else", async () => {
  const { run, services } = await stackOf(planOf({ work: callOf("bytesOf", { length: 10 }), tasks: 4, output: KEEP }));
  const there = Uint8Array.of(9, 9, 9);
  await services.store.put(`s3://bucket/${outputKey(PLACE, 1)}`, there);
  expect(partsOf(await run({ first: 1, count: 1 }))).toMatchObject([{ size: 3, checksum: checksumOf(there) }]);
});

test("messages stay below what SQS takes", async () => {
  const { run } = await stackOf(
    planOf({
      work: callOf("vector", { length: 15_000 }),
      tasks: 12,
      output: { ...foldWith("vectorSum"), enough: 99 } as never,
    }),
  );
  const messages = await run({ first: 0, count: 12 });
  expect(messages.length).toBeGreaterThan(1);
  for (const message of messages) expect(JSON.stringify(message).length).toBeLessThan(1_000_000);
  expect(factsOf(messages).map(({ index }) => index)).toEqual(Array.from({ length: 12 }, (_, i) => i));
});

test("a task that fails for good ends its batch: what is done before it comes, and the error whole", async () => {
  const { run } = await stackOf(planOf({ work: callOf("fault", { dir, task: 5, times: 9, how: "plain" }), tasks: 8 }));
  const messages = await run({ first: 4, count: 4 });
  expect(factsOf(messages).map(({ index }) => index)).toEqual([4]);
  const failed = { kind: "failed", task: 5, attempt: 1, error: { stack: expect.stringContaining("kernels.ts") } };
  expect(messages.at(-1)?.outcome).toMatchObject(failed);
});

test("what may pass is tried again in place", async () => {
  const fault = (task: number, times: number) => callOf("fault", { dir, task, times, how: "flaky" });
  const passing = await stackOf(planOf({ work: fault(1, 2), tasks: 4 }));
  expect(factsOf(await passing.run({ first: 0, count: 4 }))).toHaveLength(4);
  const lasting = await stackOf(planOf({ work: fault(2, 9), tasks: 4 }));
  const messages = await lasting.run({ first: 0, count: 4 });
  expect(messages.at(-1)?.outcome).toMatchObject({ kind: "failed", task: 2, attempt: 3, error: { tag: "StoreFault" } });
});

test("a task that goes over its time limit is left", async () => {
  const work = callOf("fault", { dir, task: 3, times: 9, how: "hang" });
  const { run } = await stackOf(planOf({ work, tasks: 4, timeoutMs: 20, retries: 0 }));
  expect((await run({ first: 3, count: 1 }))[0].outcome).toMatchObject({
    kind: "failed",
    error: { tag: "TaskTimeout" },
  });
});

test("a batch that was lost is told with what Step Functions caught", async () => {
  const { run, started } = await stackOf(planOf({ work: callOf("hostile"), tasks: 8 }));
  const lost = {
    Error: "Runtime.ExitError",
    Cause: JSON.stringify({ errorType: "Runtime.ExitError", errorMessage: "signal: killed" }),
  };
  const [{ outcome }] = await run({ first: 4, count: 4 }, { lost });
  expect(outcome).toMatchObject({
    kind: "failed",
    task: 4,
    error: { tag: "WorkerDied", fix: expect.stringContaining("memory") },
  });
  const timedOut = { Error: "Sandbox.Timedout", Cause: "Task timed out after 900.00 seconds" };
  expect((await run({ first: 4, count: 4 }, { lost: timedOut }))[0].outcome).toMatchObject({
    error: { tag: "TaskTimeout" },
  });
  // The child's time was up, and not the function's.
  expect(await run({ first: 4, count: 4 }, { lost: { Error: "States.Timeout" } })).toEqual([]);
  expect(started).toMatchObject([{ ...PLACE, batch: { first: 4, count: 4 } }]);
  expect(started[0]).not.toHaveProperty("lost");
});

test("a batch hands the rest over before its function's time is up", async () => {
  const { run, started, services } = await stackOf(
    planOf({ work: callOf("named"), tasks: 8, output: foldWith("join2") }),
  );
  let left = 40_000;
  const clock = { ...services.clock, remaining: () => (left -= 4_000) };
  const parts = partsOf(await run({ first: 0, count: 8 }, {}, { clock }));
  const done = parts.reduce((sum, { level }) => sum + 2 ** level, 0);
  expect(done).toBeGreaterThan(0);
  expect(started).toMatchObject([{ ...PLACE, batch: { first: done, count: 8 - done } }]);
  const rest = (started[0] as WorkInput).batch;
  const more = partsOf(await run(rest));
  expect(
    [...parts, ...more]
      .map(({ first, level }) => [first, 2 ** level])
      .reduce((next, [first, size]) => (expect(first).toBe(next), first + size), 0),
  ).toBe(8);
});

test("an error that is larger than a message is told all the same", async () => {
  const { run, services } = await stackOf(
    planOf({ work: callOf("fault", { dir, task: 6, times: 9, how: "plain" }), tasks: 8 }),
  );
  const message = "x".repeat(3_000_000);
  const send = async (url: string, bodies: readonly string[]) => {
    for (const body of bodies) if (Buffer.byteLength(body) > 2 ** 20) throw new OptionError("BatchRequestTooLong");
    return services.queues.send(url, bodies);
  };
  const lost = { Error: "Error", Cause: JSON.stringify({ errorType: "RangeError", errorMessage: message }) };
  const [{ outcome }] = await run({ first: 4, count: 4 }, { lost }, { queues: { ...services.queues, send } });
  expect(outcome).toMatchObject({ kind: "failed", lost: true, error: { name: "RangeError", message: expect.stringContaining("more characters") } }); // prettier-ignore
});

test("whatever tasks print, a message is no larger than SQS takes", async () => {
  const plan = planOf({ work: callOf("vector", { length: 12_000 }), tasks: 16, output: { ...foldWith("vectorSum"), enough: 99 } as never }); // prettier-ignore
  const { run, services } = await stackOf(plan);
  const outbox = new Outbox({ ...PLACE, round: 0, queue: "queue/run", batch: { first: 0, count: 16 } }, services);
  const facts = { recordsIn: 1, recordsOut: 1, bytesOut: 1, ms: 1 };
  for (let index = 0; index < 12; index++) {
    outbox.print(index, index === 6 ? [{ stream: "stdout", text: "\u0001".repeat(2 ** 20) }] : []);
    await outbox.add([{ index, ...facts }], {
      first: index,
      level: 0,
      size: 1,
      checksum: "",
      body: "x".repeat(125_000),
    });
  }
  await outbox.send();
  const messages = await run({ first: 12, count: 1 });
  expect(messages.some(({ printed }) => printed !== undefined)).toBe(true);
  for (const message of messages) expect(Buffer.byteLength(JSON.stringify(message))).toBeLessThan(2 ** 20);
});

test("a batch for which there was no room is called again by itself", async () => {
  const { run, started } = await stackOf(planOf({ work: callOf("hostile"), tasks: 8 }));
  const lost = { Error: "Lambda.TooManyRequestsException", Cause: "Rate Exceeded." };
  expect(await run({ first: 4, count: 4 }, { lost })).toEqual([]);
  expect(started).toMatchObject([{ ...PLACE, batch: { first: 4, count: 4 } }]);
});

test("where the queue is gone it is tried again, unless nobody waits any more", async () => {
  const { run, services } = await stackOf(planOf({ work: callOf("hostile"), tasks: 8 }));
  const send = async () => {
    throw new NotFoundError("AWS cannot send to the queue: it does not exist.");
  };
  const own = { queues: { ...services.queues, send } };
  expect(await failureOf(run({ first: 0, count: 4 }, {}, own))).toMatchObject({ tag: "StoreFault", retryable: true });
  await putJson(services, outcomeKey("run"), { ok: false });
  expect(await run({ first: 0, count: 4 }, {}, own)).toEqual([]);
  // And so is the plan.
  await services.store.delete(`s3://bucket/${planKey("other", 0)}`);
  await putJson(services, outcomeKey("other"), { ok: true });
  expect(await run({ first: 0, count: 4 }, { run: "other" })).toEqual([]);
});

test("nothing is run where the run was cancelled, or enough is had", async () => {
  const { run, services } = await stackOf(
    planOf({ work: callOf("hostile"), tasks: 8, output: { ...foldWith("sum"), enough: 3 } as never }),
  );
  await services.store.put(`s3://bucket/${stopKey(PLACE)}`, new Uint8Array(0));
  expect(await run({ first: 0, count: 4 })).toEqual([]);
});

test("outputs are read where repairs have put them", async () => {
  const { services } = await stackOf(planOf({ work: callOf("bytesOf", { length: 10 }), tasks: 4, output: KEEP }));
  const put = (key: string, byte: number) => services.store.put(`s3://bucket/${key}`, Uint8Array.of(byte));
  await put(outputKey(PLACE, 1), 1);
  await put(outputKey(PLACE, 1, 77), 2);
  await putJson(services, doneKey(PLACE), { repaired: { 1: 77 } });
  const reader = new OutputReader(services);
  const ref = { run: partName("run", 0), stage: "only", task: 1 };
  expect([...(await reader.fetch(ref))]).toEqual([2]);
  await expect(reader.fetch({ ...ref, task: 2 })).rejects.toMatchObject({ tag: "NotFound", fields: { task: 2 } });
  await expect(reader.fetch({ ...ref, run: "elsewhere" })).rejects.toMatchObject({ tag: "Internal" });
});

test("sections are read without their outputs, and what says where they are once a batch", async () => {
  const { services } = await stackOf(planOf({ work: callOf("one"), tasks: 4 }));
  const sections = Array.from({ length: 3_000 }, (_, i) => new Uint8Array(i % 50).fill(i));
  const bytes = encodeSections(sections);
  await services.store.put(`s3://bucket/${outputKey(PLACE, 0)}`, bytes);
  const counts = emptyCounts();
  const reader = new OutputReader({ ...services, store: withCounting(services.store, counts) });
  for (const section of [0, 1, 49, 1_700, 2_999]) {
    const found = await reader.fetch({ run: partName("run", 0), stage: "only", task: 0, section });
    expect(Buffer.compare(found, sections[section])).toBe(0);
  }
  expect(counts.open.calls).toBe(1);
  expect(counts.read.bytes).toBeLessThan(bytes.length / 2);
});
