import { DescribeExecutionCommand, SFNClient, StopExecutionCommand } from "@aws-sdk/client-sfn";
import { ListQueuesCommand, SQSClient } from "@aws-sdk/client-sqs";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { col, random, readCsv, type Collection } from "../../lib/index.ts";
import { newestHead } from "../../lib/runtime/aws/checkpoint.ts";
import { encodeValue } from "../../lib/values.ts";
import { sales, startCloud } from "./cloud.ts";
import { asked, invoked, type Call } from "./faults.ts";
import { isOf } from "./schedules.ts";

/** Collect hands over to itself every few seconds, by a checkpoint: it has 60 to write its last. */
const cloud = await startCloud({ timeoutMs: { collect: 63_000 }, visibilitySeconds: 4 });

describe.skipIf(cloud === undefined)("a run of a stack is resumed", () => {
  if (cloud === undefined) return;
  const { client, store, url, put, emulator, stack } = cloud;
  const { faults } = emulator;
  const { work = "" } = stack.functions;
  const sfn = new SFNClient(emulator.config);
  const sqs = new SQSClient(emulator.config);
  /** Of a run that nothing happens to. */
  const bytesOf = async (collection: Collection<unknown>) => encodeValue(await (await client.start(collection)).result()); // prettier-ignore
  const frame = () =>
    readCsv(url("data/sales_*.csv"), { blockSize: 3_000 })
      .groupBy("product")
      .agg({ mean: col("price").mean(), total: col("price").mul(col("quantity")).sum() });
  /** Tasks that functions were called for. */
  const calledFor = new Map<string, number[]>();
  const watch = (run: string): void =>
    faults.add({
      on: (call: Call) => {
        if (!invoked(work)(call) || !isOf(call, run)) return false;
        const { round, batch } = call.body as { round: number; batch: { first: number; count: number } };
        const of = `${run} ${Math.floor(round / 1_000) + 1}`;
        const tasks = Array.from({ length: batch.count }, (_, i) => batch.first + i);
        calledFor.set(of, [...(calledFor.get(of) ?? []), ...tasks]);
        return false;
      },
      effect: { kind: "kill" },
    });

  beforeAll(async () => {
    for (const month of [1, 2, 3]) await put(`data/sales_${month}.csv`, sales(month, 300));
  });
  afterAll(() => cloud.stop());

  test(
    "after a permission was given back, with the same bits and what is left alone",
    { timeout: 300_000 },
    async () => {
      const run = "denied";
      watch(run);
      const denied = { kind: "refuse", status: 403, code: "AccessDenied" } as const;
      const on = (call: Call) => asked("s3", /^GET$/, work)(call) && call.path.includes("sales_3.csv");
      faults.add({ on, effect: denied, times: Infinity });
      const started = await client.start(frame(), { id: run });
      const error = (await started.result().catch((thrown: unknown) => thrown)) as Error;
      expect(error).toMatchObject({ tag: "Unreadable" });
      expect(error.message).toContain(`npx abanico resume ${run}`);
      expect(await started.status()).toMatchObject({ state: "failed", attempt: 1 });
      // Once more while nothing has changed: it fails again, as its second attempt.
      await expect((await client.resume(run)).result()).rejects.toMatchObject({ tag: "Unreadable" });
      faults.clear();
      watch(run);
      const handles = await Promise.all([client.resume(run), client.resume(run)]);
      for (const handle of handles)
        expect(Buffer.compare(encodeValue(await handle.result()), await bytesOf(frame()))).toBe(0);
      expect(await handles[0].status()).toMatchObject({ state: "succeeded", attempt: 3 });
      const [first = [], third = []] = [1, 3].map((attempt) => calledFor.get(`${run} ${attempt}`));
      expect(third.length).toBeGreaterThan(0);
      expect(new Set(third).size).toBeLessThan(new Set(first).size);
      const { QueueUrls = [] } = await sqs.send(
        new ListQueuesCommand({ QueueNamePrefix: stack.outputs["QueuePrefix"] }),
      );
      expect(QueueUrls).toEqual([]);
    },
  );

  test("after its execution was aborted from elsewhere, and after it was cancelled", { timeout: 300_000 }, async () => {
    const array = random.normal([400, 4], { chunks: [20, 4], seed: 5 }).std({ axis: 0 });
    const executionOf = (name: string) =>
      `${(stack.outputs["StateMachineArn"] ?? "").replace(":stateMachine:", ":execution:")}:${name}`;
    for (const how of ["aborted", "cancelled"]) {
      watch(how);
      const last = (call: Call) =>
        invoked(work)(call) && isOf(call, how) && (call.body as { batch: { first: number } }).batch.first >= 12;
      const waits = { on: last, effect: { kind: "delay", ms: 60_000 } as const, times: Infinity };
      faults.add(waits);
      const started = await client.start(array, { id: how });
      const place = { run: how, part: 0, stage: "" };
      // Until a checkpoint has what the other tasks gave.
      await expect
        .poll(
          async () => {
            const { stages } = await started.status();
            if (stages[0] === undefined) return 0;
            const bucket = { store, bucket: stack.outputs["Bucket"] ?? "" };
            const head = await newestHead(bucket, { ...place, stage: stages[0].stage });
            return head?.stage.done.reduce((sum, [start, end]) => sum + end - start, 0) ?? 0;
          },
          { timeout: 60_000, interval: 500 },
        )
        .toBe(12);
      if (how === "cancelled") await started.cancel("not now");
      else await sfn.send(new StopExecutionCommand({ executionArn: executionOf(how) }));
      const error = (await started.result().catch((thrown: unknown) => thrown)) as Error;
      // An execution that is stopped while a function fails has failed, to the emulator.
      expect(error).toMatchObject({ tag: how === "cancelled" ? "Cancelled" : expect.stringMatching(/Cancelled|Task/) });
      expect(error.message).toContain(`npx abanico resume ${how}`);
      faults.clear();
      watch(how);
      const resumed = await client.resume(how);
      expect(Buffer.compare(encodeValue(await resumed.result()), await bytesOf(array))).toBe(0);
      const { status, input } = await sfn.send(new DescribeExecutionCommand({ executionArn: executionOf(`${how}--2`) })); // prettier-ignore
      expect({ status, input }).toEqual({ status: "SUCCEEDED", input: JSON.stringify({ run: how, attempt: 2 }) });
      const again = new Set(calledFor.get(`${how} 2`));
      expect([...again].filter((task) => task < 12)).toEqual([]);
      // Of a run that has its result it is the same handle.
      expect(await (await client.resume(how)).status()).toMatchObject({ state: "succeeded", attempt: 2 });
    }
  });
});
