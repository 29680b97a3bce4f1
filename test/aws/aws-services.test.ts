import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { startFauxqs, type FauxqsServer } from "fauxqs";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { awsError } from "../../lib/runtime/aws/aws-errors.ts";
import { servicesFromEnvironment } from "../../lib/runtime/aws/aws-services.ts";
import type { Services } from "../../lib/runtime/aws/services.ts";
import { failureOf } from "../runtime/plans.ts";

/** The real services: queues and objects of fauxqs; what Lambda and Step Functions are asked is noted by a server that answers as told. */
let aws: FauxqsServer;
let others: Server;
let services: Services;
const asked: { readonly url: string; readonly target: string; readonly body: unknown }[] = [];
let answers: { readonly status: number; readonly type?: string }[] = [];

beforeAll(async () => {
  aws = await startFauxqs({ port: 0, logger: false });
  others = createServer((request, response) => {
    let body = "";
    request.on("data", (piece: Buffer) => (body += piece.toString()));
    request.on("end", () => {
      asked.push({ url: request.url ?? "", target: String(request.headers["x-amz-target"]), body: JSON.parse(body) });
      const { status, type } = answers.shift() ?? { status: 200 };
      response.writeHead(status, {
        "content-type": "application/x-amz-json-1.0",
        ...(type && { "x-amzn-errortype": type }),
      });
      response.end(
        type === undefined ? '{"executionArn":"a","startDate":1}' : JSON.stringify({ __type: type, message: type }),
      );
    });
  });
  await new Promise<void>((resolve) => others.listen(0, "127.0.0.1", resolve));
  const other = `http://127.0.0.1:${(others.address() as AddressInfo).port}`;
  const env = {
    AWS_REGION: "us-east-1",
    AWS_ACCESS_KEY_ID: "x",
    AWS_SECRET_ACCESS_KEY: "x",
    AWS_ENDPOINT_URL: aws.address,
    AWS_ENDPOINT_URL_LAMBDA: other,
    AWS_ENDPOINT_URL_SFN: other,
    ABANICO_BUCKET: "stack",
    ABANICO_QUEUE_PREFIX: "stack-run-",
    ABANICO_STATE_MACHINE_ARN: "arn:aws:states:us-east-1:123456789012:stateMachine:m",
    ABANICO_WORK_FUNCTION: "worker",
    ABANICO_WORK_MEMORY: "1024",
    ABANICO_BUNDLE: "hash",
    AWS_LAMBDA_FUNCTION_MEMORY_SIZE: "512",
  };
  for (const [name, value] of Object.entries(env)) vi.stubEnv(name, value);
  aws.createBucket("stack");
  services = await servicesFromEnvironment({ getRemainingTimeInMillis: () => 1_234 });
});

afterAll(async () => {
  vi.unstubAllEnvs();
  others.close();
  await aws.stop();
});

test("the environment says what a stack is", async () => {
  expect(services).toMatchObject({
    bucket: "stack",
    bundle: "hash",
    memoryMb: 512,
    workMemoryMb: 1_024,
    taskBytes: 768 * 2 ** 20,
  });
  expect(services.clock.remaining()).toBe(1_234);
  await services.store.put("s3://stack/x", Uint8Array.of(1));
  expect([...(await services.store.get("s3://stack/x"))]).toEqual([1]);
  expect(await failureOf(services.startWork("work-image", {}))).toMatchObject({
    tag: "Option",
    fields: { name: "ABANICO_WORK_IMAGE_FUNCTION" },
  });
});

test("a queue takes a mebibyte, and many messages at once; what is deleted does not come again", async () => {
  const { queues } = services;
  const url = await queues.create("run-1");
  expect(url).toContain("stack-run-run-1");
  expect(await queues.create("run-1")).toBe(url);
  const large = "x".repeat(900_000);
  await queues.send(url, [large, large, ...Array.from({ length: 23 }, (_, i) => String(i))]);
  const bodies: string[] = [];
  while (bodies.length < 25) {
    const messages = await queues.receive(url, 1_000);
    expect(messages.length).toBeGreaterThan(0);
    expect(messages.length).toBeLessThanOrEqual(10);
    bodies.push(...messages.map(({ body }) => body));
    await queues.delete(url, messages);
  }
  expect(new Set(bodies).size).toBe(24);
  expect(await queues.receive(url, 0)).toEqual([]);
  await queues.delete(url, [{ body: "", receipt: "of no message" }]);
  expect(await failureOf(queues.send(url, ["x".repeat(2 ** 20 + 1)]))).toBeInstanceOf(Error);
  await queues.remove(url);
  await queues.remove(url);
  expect(await failureOf(queues.send(url, ["late"]))).toMatchObject({ tag: "NotFound" });
});

test("runs are started once, and throttles are waited out", async () => {
  answers = [
    { status: 400, type: "ThrottlingException" },
    { status: 200 },
    { status: 400, type: "ExecutionAlreadyExists" },
  ];
  await services.startRun("run-1");
  await services.startRun("run-1");
  const [first, second, third] = asked.splice(0);
  expect(first).toMatchObject({
    target: "AWSStepFunctions.StartExecution",
    body: { name: "run-1", input: '{"run":"run-1"}' },
  });
  expect([second, third]).toEqual([first, first]);
  answers = [{ status: 400, type: "AccessDeniedException" }];
  expect(await failureOf(services.startRun("run-2"))).toMatchObject({
    tag: "Unreadable",
    fields: { action: "states:StartExecution" },
  });
});

test("what SQS and Lambda say of states that pass is no error for good", () => {
  const named = (name: string) => awsError(Object.assign(new Error(name), { name }), "receive", "sqs:ReceiveMessage");
  for (const name of [
    "RequestThrottled",
    "AWS.SimpleQueueService.RequestThrottled",
    "KmsThrottled",
    "OverLimit",
    "AWS.SimpleQueueService.QueueDeletedRecently",
    "ResourceConflictException",
  ])
    // prettier-ignore
    expect(named(name)).toMatchObject({ tag: "StoreFault", retryable: true });
  for (const name of ["InvalidAddress", "BatchRequestTooLong"]) expect(named(name)).toMatchObject({ retryable: false });
});

test("work is started without waiting for it", async () => {
  asked.length = 0;
  answers = [{ status: 429, type: "TooManyRequestsException" }, { status: 202 }];
  await services.startWork("work", { batch: { first: 1, count: 2 } });
  expect(asked).toHaveLength(2);
  expect(asked[1]).toMatchObject({
    url: "/2015-03-31/functions/worker/invocations",
    body: { batch: { first: 1, count: 2 } },
  });
});
