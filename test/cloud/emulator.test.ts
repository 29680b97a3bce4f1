import { CreateBucketCommand, GetObjectCommand, PutObjectCommand, S3Client } from "@aws-sdk/client-s3";
import { InvokeCommand, LambdaClient } from "@aws-sdk/client-lambda";
import { SFNClient, StopExecutionCommand } from "@aws-sdk/client-sfn";
import {
  CreateQueueCommand,
  DeleteMessageCommand,
  ReceiveMessageCommand,
  SendMessageCommand,
  SQSClient,
} from "@aws-sdk/client-sqs";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { startEmulator } from "./emulator.ts";
import { asked, invoked } from "./faults.ts";
import { createMachine, outcomeOf, smallMachine, startMachine } from "./machines.ts";

const emulator = await startEmulator({ visibilitySeconds: 1 });
const THRESHOLD = "States.ExceedToleratedFailureThreshold";
const stubs = fileURLToPath(new URL("./stubs.ts", import.meta.url));

describe.skipIf(emulator === undefined)("the emulated account", () => {
  if (emulator === undefined) return;
  const { config, faults, lambda } = emulator;
  const s3 = new S3Client({ ...config, forcePathStyle: true, maxAttempts: 1 });
  const sfn = new SFNClient(config);
  const sqs = new SQSClient({ ...config, maxAttempts: 1 });
  const functions = new LambdaClient({ ...config, maxAttempts: 1 });
  const bucket = "emulated";
  let machine: string;
  let queues = 0;

  const input = async (batches: number, bad = -1) => {
    const name = `q${queues++}`;
    const manifest = `manifest-${name}.jsonl`;
    const lines = Array.from({ length: batches }, (_, i) => `${JSON.stringify({ first: i })}\n`);
    await s3.send(new PutObjectCommand({ Bucket: bucket, Key: manifest, Body: lines.join("") }));
    const { QueueUrl: queue = "" } = await sqs.send(new CreateQueueCommand({ QueueName: name }));
    return { run: "r", bucket, manifest, queue, batches, bad };
  };
  const run = async (given: object) => outcomeOf(sfn, await startMachine(sfn, machine, given));
  const invoke = async (name: string, event: object) => {
    const asked = { FunctionName: name, Payload: JSON.stringify(event), LogType: "Tail" } as const;
    const { FunctionError, Payload, LogResult = "" } = await functions.send(new InvokeCommand(asked));
    const payload = JSON.parse(Payload?.transformToString() ?? "null") as Record<string, unknown>;
    return { error: FunctionError, payload, log: Buffer.from(LogResult, "base64").toString() };
  };
  const names = (count: number) => Array.from({ length: count }, (_, i) => String(i)).sort();

  beforeAll(async () => {
    for (const name of ["work", "collect", "echo", "misbehave"])
      await emulator.register({ name, file: stubs, handler: name });
    await s3.send(new CreateBucketCommand({ Bucket: bucket }));
    machine = await createMachine(sfn, "small", smallMachine("EXPRESS"));
  });
  afterEach(() => faults.clear());
  afterAll(() => emulator.stop());

  describe("a state machine", () => {
    test("maps over the lines of an object, while a loop collects", async () => {
      for (const batches of [1, 7]) {
        const { status, output = "" } = await run(await input(batches));
        expect(status).toBe("SUCCEEDED");
        expect(JSON.parse(output)).toMatchObject({ collected: { seen: names(batches) } });
      }
    });

    test("runs twice at a time", async () => {
      const inputs = await Promise.all([input(3), input(5)]);
      const ended = await Promise.all(inputs.map(run));
      expect(ended.map(({ output = "" }) => JSON.parse(output) as unknown)).toMatchObject([
        { collected: { seen: names(3) } },
        { collected: { seen: names(5) } },
      ]);
    });

    test("fails where an item fails", async () => {
      expect(await run(await input(6, 4))).toMatchObject({ status: "FAILED", error: THRESHOLD });
    });

    test("tells of the failure before it fails", async () => {
      lambda.ended = [];
      await run(await input(2, 0));
      const told = lambda.ended.find(({ name }) => name === "echo");
      expect(told?.event).toMatchObject({ error: { Error: THRESHOLD } });
    });

    test("retries what Lambda throttles or loses, as often as it says", async () => {
      faults.add({ on: invoked("work"), effect: { kind: "throttle" }, times: 3 });
      faults.add({ on: invoked("collect"), effect: { kind: "internal" } });
      faults.add({ on: invoked("work"), effect: { kind: "lose" } });
      const { status } = await run(await input(3));
      expect({ status, hits: faults.hits }).toEqual({ status: "SUCCEEDED", hits: [3, 1, 1] });
      faults.clear();
      faults.add({ on: invoked("work"), effect: { kind: "throttle" }, times: Infinity });
      expect((await run(await input(1))).status).toBe("FAILED");
      expect(faults.hits).toEqual([5]);
    });

    test("does not retry what the function throws", async () => {
      faults.add({ on: invoked("collect"), effect: { kind: "throw", errorType: "RangeError" } });
      expect(await run(await input(2))).toMatchObject({ status: "FAILED", error: "RangeError" });
    });

    test("stops", async () => {
      const given = await input(40);
      faults.add({ on: invoked("work"), effect: { kind: "delay", ms: 300 }, times: Infinity });
      const execution = await startMachine(sfn, machine, given);
      await sleep(200);
      await sfn.send(new StopExecutionCommand({ executionArn: execution }));
      expect((await outcomeOf(sfn, execution)).status).toBe("ABORTED");
      await lambda.quiet();
      lambda.ended = [];
      await sleep(500);
      expect(lambda.ended).toEqual([]);
    });

    test("maps over more items than Python nests calls, and over none", async () => {
      faults.add({ on: invoked("work"), effect: { kind: "throw", errorType: "RangeError" }, times: Infinity });
      expect(await run(await input(1100))).toMatchObject({ status: "FAILED", error: THRESHOLD });
      faults.clear();
      faults.add({ on: invoked("collect"), effect: { kind: "throw", errorType: "Nothing" } });
      expect(await run(await input(0))).toMatchObject({ error: "Nothing" });
    });
  });

  describe("a function", () => {
    test("keeps its environment, says what it printed and what it is billed", async () => {
      const first = await invoke("misbehave", { how: "print" });
      const second = await invoke("misbehave", { how: "print" });
      expect(first.payload["pid"]).toBe(second.payload["pid"]);
      expect(first.log).toContain("a line of the log");
      expect(first.log).toMatch(/REPORT RequestId: .*Billed Duration: \d+ ms/);
    });

    test("that exits, or takes too long, fails and is started anew", async () => {
      const exit = await invoke("misbehave", { how: "exit" });
      expect(exit).toMatchObject({ error: "Unhandled", payload: { errorType: "Runtime.ExitError" } });
      await emulator.register({ name: "hasty", file: stubs, handler: "misbehave", timeoutMs: 300 });
      const late = await invoke("hasty", { how: "wait", ms: 60_000 });
      expect(late).toMatchObject({ error: "Unhandled", payload: { errorType: "Sandbox.Timedout" } });
      for (const name of ["misbehave", "hasty"]) expect((await invoke(name, { how: "print" })).error).toBeUndefined();
    });

    test("that is not there is not found", async () => {
      await expect(invoke("nobody", {})).rejects.toMatchObject({ name: "ResourceNotFoundException" });
    });

    test("beyond its concurrency is throttled", async () => {
      await emulator.register({ name: "narrow", file: stubs, handler: "misbehave", concurrency: 1 });
      const [first, second] = await Promise.allSettled([
        invoke("narrow", { how: "wait", ms: 300 }),
        invoke("narrow", { how: "wait", ms: 300 }),
      ]);
      expect([first.status, second.status].sort()).toEqual(["fulfilled", "rejected"]);
    });
  });

  describe("faults", () => {
    test("of S3 are what the SDK calls them", async () => {
      const get = () => s3.send(new GetObjectCommand({ Bucket: bucket, Key: "manifest-q0.jsonl" }));
      const put = () => s3.send(new PutObjectCommand({ Bucket: bucket, Key: "x", Body: "x", IfNoneMatch: "*" }));
      faults.add({ on: asked("s3", /GET/, "client"), effect: { kind: "throttle" } });
      await expect(get()).rejects.toMatchObject({ name: "SlowDown" });
      await expect(get()).resolves.toBeDefined();
      faults.add({
        on: asked("s3", /PUT/),
        effect: { kind: "refuse", status: 409, code: "ConditionalRequestConflict" },
      });
      await expect(put()).rejects.toMatchObject({ name: "ConditionalRequestConflict" });
      faults.add({ on: asked("s3", /PUT/), effect: { kind: "lose" } });
      await expect(put()).rejects.toMatchObject({ code: "ECONNRESET" });
      await expect(put()).rejects.toMatchObject({ name: "PreconditionFailed" });
    });

    test("of SQS make messages come twice, late, again, or never", async () => {
      const { queue: QueueUrl } = await input(0);
      const send = (MessageBody: string) => sqs.send(new SendMessageCommand({ QueueUrl, MessageBody }));
      const receive = async (WaitTimeSeconds: number) => {
        const all = { QueueUrl, MaxNumberOfMessages: 10, WaitTimeSeconds };
        return (await sqs.send(new ReceiveMessageCommand(all))).Messages ?? [];
      };
      const sends = asked("sqs", /SendMessage/);
      faults.add({ on: sends, effect: { kind: "swallow" } }, { on: sends, effect: { kind: "twice" } });
      faults.add({ on: sends, effect: { kind: "late", ms: 400 } });
      faults.add({ on: asked("sqs", /DeleteMessage/), effect: { kind: "swallow" } });
      for (const text of ["never", "twice", "late", "plain"]) await send(text);
      await sleep(100);
      const now = await receive(0);
      expect(now.map(({ Body }) => Body).sort()).toEqual(["plain", "twice", "twice"]);
      for (const { ReceiptHandle } of now) await sqs.send(new DeleteMessageCommand({ QueueUrl, ReceiptHandle }));
      expect((await receive(2)).map(({ Body }) => Body)).toEqual(["late"]);
      await sleep(1_100);
      expect((await receive(1)).map(({ Body }) => Body)).toContain(now[0].Body);
    });

    test("kill the function that asks", async () => {
      const given = await input(2);
      faults.add({ on: asked("sqs", /DeleteMessage/, "collect"), effect: { kind: "kill" } });
      const { status, error } = await run(given);
      expect({ status, error }).toEqual({ status: "FAILED", error: "Runtime.ExitError" });
    });
  });
});
