import { InvokeCommand, LambdaClient } from "@aws-sdk/client-lambda";
import { ReceiveMessageCommand, SQSClient } from "@aws-sdk/client-sqs";
import { SFNClient } from "@aws-sdk/client-sfn";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { arrayWrite, type WrittenArray } from "../../lib/collections/array/array-write.ts";
import { Client, col, fromJSON, random, readCsv, type Collection, type Table } from "../../lib/index.ts";
import { decodeValue } from "../../lib/values.ts";
import { loadTables } from "../../lib/value-tables.ts";
import type { FunctionName } from "../../cdk/bundles.ts";
import { failureOf } from "../runtime/plans.ts";
import { sales, startCloud } from "./cloud.ts";
import { asked } from "./faults.ts";
import { outcomeOf, startMachine } from "./machines.ts";
import { isOf } from "./schedules.ts";

const cloud = await startCloud();

describe.skipIf(cloud === undefined)("a stack", () => {
  if (cloud === undefined) return;
  const { client, local, store, url, put, emulator, stack } = cloud;
  const sqs = new SQSClient(emulator.config);
  const sfn = new SFNClient(emulator.config);
  const lambda = new LambdaClient(emulator.config);
  const rows = (table: Table): unknown => table.toArray().map((row: { toJSON(): unknown }) => row.toJSON());
  /** The collection that `events/` has in a pipeline, over one file. */
  const pipeline = readFileSync(new URL("../../events/pipelines/sales-by-product.json", import.meta.url), "utf8");
  const over = (file: string) =>
    fromJSON(
      (JSON.parse(pipeline.replace("{{url}}", file)) as { collection: unknown }).collection,
    ) as Collection<Table>;
  const resultOf = async (run: string): Promise<Table> => {
    await loadTables();
    return decodeValue(await store.get(url(`results/${run}/value`))) as Table; // of a frame
  };
  const frame = () =>
    readCsv(url("data/sales_*.csv"), { blockSize: 3_000 })
      .groupBy("product")
      .agg({ mean: col("price").mean() });

  beforeAll(async () => {
    for (const month of [1, 2]) await put(`data/sales_${month}.csv`, sales(month, 300));
  });
  afterAll(() => cloud.stop());

  test("computes what a pipeline says where a file is dropped, and tells the queue of results", async () => {
    await put("pipelines/sales-by-product.json", pipeline);
    await put("incoming/other.csv", "product,quantity\na,1\n");
    const file = await put("incoming/sales_2026_05.csv", sales(5, 200));
    const waiting = { QueueUrl: stack.outputs["ResultsQueueUrl"], WaitTimeSeconds: 20 };
    let notice: { readonly run: string; readonly ok: boolean; readonly results?: string } | undefined;
    while (notice === undefined) {
      const { Messages = [] } = await sqs.send(new ReceiveMessageCommand(waiting));
      if (Messages.length > 0) notice = JSON.parse(Messages[0].Body ?? "") as typeof notice;
    }
    expect(notice).toMatchObject({ ok: true, name: "sales-by-product" });
    expect(await cloud.keys(`results/${notice.run}/`)).toEqual(
      ["table.arrow", "table.csv", "value"].map((name) => `results/${notice.run}/${name}`),
    );
    expect(rows(await resultOf(notice.run))).toEqual(rows(await local.compute(over(file))));
  });

  test("is asked by a plain InvokeCommand", async () => {
    const collection = JSON.parse(JSON.stringify(over(url("data/sales_1.csv")))) as unknown;
    const Payload = JSON.stringify({ collection, run: "by-invoke" });
    const invoke = new InvokeCommand({ FunctionName: stack.outputs["StartFunction"], Payload });
    const answers = [await lambda.send(invoke), await lambda.send(invoke)];
    for (const answer of answers)
      expect(JSON.parse(answer.Payload?.transformToString() ?? "")).toEqual({ runs: [{ run: "by-invoke" }] });
    const run = await client.attach("by-invoke");
    const table = (await run.result()) as Table; // of a frame
    expect(rows(table)).toEqual(rows(await local.compute(over(url("data/sales_1.csv")))));
    const wrong = new InvokeCommand({
      FunctionName: stack.outputs["StartFunction"],
      Payload: '{"collection":{"abanico":1,"frame":{"kind":"sav"}}}',
    });
    const refused = await lambda.send(wrong);
    expect(JSON.parse(refused.Payload?.transformToString() ?? "")).toMatchObject({
      errorType: "PlanError",
      errorMessage: expect.stringMatching(/collection.*kind/) as string,
    });
  });

  test("is asked by a plain StartExecutionCommand", async () => {
    const collection = JSON.parse(JSON.stringify(over(url("data/sales_2.csv")))) as unknown;
    const execution = await startMachine(sfn, stack.outputs["StateMachineArn"], { collection });
    expect((await outcomeOf(sfn, execution)).status).toBe("SUCCEEDED");
    const run = execution.split(":").at(-1) ?? "";
    expect(rows(await resultOf(run))).toEqual(rows(await local.compute(over(url("data/sales_2.csv")))));
  });

  test.each(["npy", "zarr"] as const)("writes an array as %s, with the bytes of this machine", async (format) => {
    const array = random.normal([60, 40], { seed: 7, chunks: [25, 20] }).add(1);
    const write = { format, path: url(`output/cloud.${format}`) };
    const Payload = JSON.stringify({ collection: array, write, run: `write-${format}` });
    await lambda.send(new InvokeCommand({ FunctionName: stack.outputs["StartFunction"], Payload }));
    const { bytes } = (await (await client.attach(`write-${format}`)).result()) as WrittenArray; // of such a write
    const path = url(`output/local.${format}`);
    expect(await local.writeArray(array, arrayWrite(format, path, {}))).toEqual({ path, bytes });
    const keys = await cloud.keys("output/local");
    expect(await cloud.keys("output/cloud")).toEqual(keys.map((key) => key.replace("local", "cloud")));
    for (const key of keys)
      expect(Buffer.compare(await store.get(url(key)), await store.get(url(key.replace("local", "cloud"))))).toBe(0);
  });

  test("goes on when its client dies, and is attached to", async () => {
    const script = fileURLToPath(new URL("./dying-client.ts", import.meta.url));
    const asked = [stack.url, JSON.stringify(stack.options), JSON.stringify(frame())];
    const child = spawn(process.execPath, [script, ...asked], { stdio: ["ignore", "pipe", "inherit"] });
    const [id] = (await once(createInterface({ input: child.stdout }), "line")) as unknown[];
    child.kill("SIGKILL");
    const run = await client.attach(String(id));
    const table = (await run.result()) as Table; // of a frame
    expect(rows(table)).toEqual(rows(await local.compute(frame())));
    expect((await run.status()).state).toBe("succeeded");
  });

  test("is cancelled, and says so to whoever attaches", async () => {
    const { work = "" } = stack.functions;
    const on = ({ service, operation }: { service: string; operation: string }) =>
      service === "lambda" && operation === work;
    emulator.faults.add({ on, effect: { kind: "delay", ms: 3_000 }, times: Infinity });
    const run = await client.start(frame(), { id: "cancelled" });
    await run.cancel("not needed any more");
    await expect(run.result()).rejects.toMatchObject({ tag: "Cancelled" });
    emulator.faults.clear();
    expect((await (await client.attach("cancelled")).status()).state).toBe("cancelled");
  });

  describe("says what is wrong:", () => {
    const connect = (options = stack.options, to = stack.url) => Client.connect(to, options);

    test("there is no such stack", async () => {
      await expect(connect(stack.options, "aws://us-east-1/Elsewhere")).rejects.toMatchObject({
        tag: "NotFound",
        message: expect.stringContaining("no stack Elsewhere") as string,
      });
    });

    test("the credentials are out of date", async () => {
      const expired = { kind: "refuse", status: 403, code: "ExpiredToken" } as const;
      emulator.faults.add({ on: asked("cloudformation", /./), effect: expired, times: Infinity });
      await expect(connect()).rejects.toMatchObject({
        tag: "Unreadable",
        message: expect.stringMatching(/expired/i) as string,
      });
      emulator.faults.clear();
    });

    /** Who asks whom, and how often before it is refused; what is to be allowed then. */
    const refusals: [FunctionName | "client", string, RegExp, string, string][] = [
      ["client", "states", /^StartExecution$/, "states:StartExecution", "stateMachine"],
      ["client", "s3", /^PUT$/, "s3:PutObject", "/request.json"],
      ["plan", "s3", /^PUT$/, "s3:PutObject", "/runs/"],
      ["plan", "sqs", /^CreateQueue$/, "sqs:CreateQueue", "the queue Emulated-run-"],
      ["work", "s3", /^GET$/, "s3:GetObject", "arn:aws:s3:::"],
      ["work", "sqs", /^SendMessageBatch$/, "sqs:SendMessage", "the queue Emulated-run-"],
      ["collect", "sqs", /^ReceiveMessage$/, "sqs:ReceiveMessage", "the queue Emulated-run-"],
      ["collect", "s3", /^PUT$/, "s3:PutObject", "/runs/"],
      ["finish", "s3", /^PUT$/, "s3:PutObject", "/outcome.json"],
    ];
    test.each(refusals)("%s has no permission: %s %s", async (who, service, operation, action, resource) => {
      const on = asked(service, operation, who === "client" ? who : stack.functions[who]);
      emulator.faults.add({ on, effect: { kind: "refuse", status: 403, code: "AccessDenied" }, times: Infinity });
      const error = await failureOf(client.start(frame()).then((run) => run.result()));
      const [hits] = emulator.faults.hits;
      emulator.faults.clear();
      expect(hits).toBeGreaterThan(0);
      expect(error.message).toMatch(/\n {2}fix: allow the (identity of these credentials|role of the function) /);
      expect(error).toMatchObject({ tag: "Unreadable" });
      expect(Reflect.get(error, "fix")).toContain(action);
      expect(error.message).toContain(resource);
    });

    test("the client's code is not the stack's", async () => {
      await client.start(frame(), { id: "other-bundle" });
      const request = JSON.parse(
        new TextDecoder().decode(await store.get(url("runs/other-bundle/request.json"))),
      ) as object;
      await put("runs/older-client/request.json", JSON.stringify({ ...request, run: "older-client", bundle: "0123" }));
      const execution = await startMachine(sfn, stack.outputs["StateMachineArn"], {}, "older-client");
      await outcomeOf(sfn, execution);
      const run = await client.attach("older-client");
      await expect(run.result()).rejects.toThrow(/bundle|version|functions/i);
    });

    test("a file was replaced after the plan was made", async () => {
      const file = await put("data/replaced.csv", sales(3, 300));
      const plain = asked("s3", /^GET$/, stack.functions.work ?? "");
      let replaced: Promise<unknown> | undefined;
      emulator.faults.add({
        on: (call) => {
          // With the first read of a worker: the plan is made, and knows the file as it was.
          if (plain(call) && call.path.includes("replaced.csv")) replaced ??= put("data/replaced.csv", sales(4, 301));
          return replaced !== undefined && plain(call) && call.path.includes("replaced.csv");
        },
        effect: { kind: "delay", ms: 1_000 },
        times: 8,
      });
      const changed = readCsv(file, { blockSize: 2_000 })
        .groupBy("product")
        .agg({ mean: col("price").mean() });
      await expect(client.compute(changed)).rejects.toMatchObject({ tag: "SourceChanged" });
      emulator.faults.clear();
    });

    test("a partial has another checksum than its message, and is made again", async () => {
      const on = asked("sqs", /^SendMessage/, stack.functions.work ?? "");
      const run = "broken-partial";
      emulator.faults.add({
        on: (call) => on(call) && isOf(call, run),
        effect: { kind: "rewrite", from: /(\\"checksum\\":\\")[0-9a-f]{8}/, to: "$100000000" },
      });
      const broken = await client.start(frame(), { id: run });
      expect(rows((await broken.result()) as Table)).toEqual(rows(await local.compute(frame())));
    });
  });
});
