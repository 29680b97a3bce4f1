import { ListQueuesCommand, SQSClient } from "@aws-sdk/client-sqs";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { AbanicoError } from "../../lib/errors.ts";
import { col, random, readCsv, type Collection } from "../../lib/index.ts";
import type { CloudRun } from "../../lib/client/cloud-run.ts";
import { encodeValue } from "../../lib/values.ts";
import { sales, startCloud } from "./cloud.ts";
import { asked, invoked } from "./faults.ts";
import { isOf, scheduleOf } from "./schedules.ts";

/** Collect has 60 seconds to write its last checkpoint before its time is up: so it hands over to itself every few seconds. */
const cloud = await startCloud({ timeoutMs: { collect: 64_000 }, visibilitySeconds: 4 });
const SCHEDULES = 54;
const AT_ONCE = 6;

describe.skipIf(cloud === undefined)("a run with faults", () => {
  if (cloud === undefined) return;
  const { client, url, put, emulator, stack } = cloud;
  const { faults } = emulator;
  const sqs = new SQSClient(emulator.config);
  afterAll(() => cloud.stop());

  /** A fold, an exchange with a fold behind it, and an array. */
  const subjects = (): readonly Collection<unknown>[] => {
    const frame = readCsv(url("data/sales_*.csv"), { blockSize: 4_000 });
    return [
      frame.groupBy("product").agg({ mean: col("price").mean(), total: col("price").mul(col("quantity")).sum() }),
      frame.sort("price").head(40),
      random.normal([300, 4], { chunks: [40, 4], seed: 5 }).std({ axis: 0 }),
    ];
  };
  interface Clean {
    readonly collection: Collection<unknown>;
    readonly bytes: Uint8Array;
    readonly counts: unknown;
  }
  const clean: Clean[] = [];

  const bytesIn = async (run: CloudRun<unknown>): Promise<Uint8Array> => encodeValue(await run.result());
  const countsOf = async (run: CloudRun<unknown>): Promise<unknown> => {
    const { stages } = await run.report();
    return stages.map(({ stage, tasks, recordsIn, recordsOut }) => ({ stage, tasks, recordsIn, recordsOut }));
  };

  beforeAll(async () => {
    for (const month of [1, 2, 3]) await put(`data/sales_${month}.csv`, sales(month, 300));
    clean.push(
      ...(await Promise.all(
        subjects().map(async (collection) => {
          const run = await client.start(collection);
          return { collection, bytes: await bytesIn(run), counts: await countsOf(run) };
        }),
      )),
    );
  }, 120_000);

  const survive = async (seed: number): Promise<{ readonly hits: number; readonly problem?: string }> => {
    const schedule = scheduleOf(seed, stack);
    const { collection, bytes, counts } = clean[seed % clean.length];
    faults.add(...schedule.faults);
    const hits = () => schedule.faults.reduce((sum, fault) => sum + faults.hitsOf(fault), 0);
    const problem = (what: string) => ({
      hits: hits(),
      problem: `seed ${seed}: ${what}\n  ${schedule.names.join("\n  ")}`,
    });
    try {
      const run = await client.start(collection, { id: schedule.run });
      if (Buffer.compare(await bytesIn(run), bytes) !== 0) return problem("another result");
      const counted = JSON.stringify(await countsOf(run));
      if (counted !== JSON.stringify(counts)) return problem(`other counts: ${counted}`);
      return { hits: hits() };
    } catch (error) {
      return problem(
        error instanceof AbanicoError ? `${error.tag}: ${error.message}` : `an error without a name: ${String(error)}`,
      );
    }
  };

  test(`gives the same bits and counts, by ${SCHEDULES} schedules`, { timeout: 600_000 }, async () => {
    const seeds = Array.from({ length: SCHEDULES }, (_, i) => i + 1);
    const problems: string[] = [];
    let hits = 0;
    const lane = async (): Promise<void> => {
      for (let seed = seeds.shift(); seed !== undefined; seed = seeds.shift()) {
        const outcome = await survive(seed);
        hits += outcome.hits;
        if (outcome.problem !== undefined) problems.push(outcome.problem);
      }
    };
    await Promise.all(Array.from({ length: AT_ONCE }, lane));
    expect(problems).toEqual([]);
    expect(hits).toBeGreaterThan(SCHEDULES);
    const { QueueUrls = [] } = await sqs.send(new ListQueuesCommand({ QueueNamePrefix: stack.outputs["QueuePrefix"] }));
    expect(QueueUrls).toEqual([]);
  });

  test("starts again what never comes", { timeout: 120_000 }, async () => {
    const run = "missing-message";
    const send = asked("sqs", /^SendMessage/);
    faults.add({ on: (call) => send(call) && isOf(call, run), effect: { kind: "swallow" }, skip: 3, times: 2 });
    const started = await client.start(clean[0].collection, { id: run });
    expect(Buffer.compare(await bytesIn(started), clean[0].bytes)).toBe(0);
    expect(await countsOf(started)).toEqual(clean[0].counts);
  });

  test("fails by name where a batch dies again and again", { timeout: 120_000 }, async () => {
    const run = "dead-batch";
    const { work = "" } = stack.functions;
    const on = (call: Parameters<ReturnType<typeof invoked>>[0]) =>
      invoked(work)(call) && isOf(call, run) && !JSON.stringify(call.body).includes('"lost"');
    faults.add({ on, effect: { kind: "kill" }, times: Infinity });
    const started = await client.start(clean[0].collection, { id: run });
    await expect(started.result()).rejects.toMatchObject({ tag: "WorkerDied" });
    expect(await started.status()).toMatchObject({ state: "failed" });
  });
});
