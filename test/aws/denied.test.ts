import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from "vitest";
import { cloudServices, type AwsClients } from "../../lib/runtime/aws/cloud-services.ts";
import type { Clients } from "../../lib/runtime/aws/aws-clients.ts";
import { sqsQueues } from "../../lib/runtime/aws/aws-queues.ts";
import { servicesFromEnvironment } from "../../lib/runtime/aws/aws-services.ts";
import { stackOutputs } from "../../lib/runtime/aws/stack-outputs.ts";
import { memoryStore } from "../../lib/store/memory.ts";
import { s3Store } from "../../lib/store/s3.ts";
import { AbanicoError } from "../../lib/errors.ts";
import { failureOf } from "../runtime/plans.ts";
import { OUTPUTS } from "./client-cloud.ts";
import { sdkError } from "./fake-clients.ts";

/** What to do, of a tagged error. */
async function fixOf(refused: Promise<unknown>): Promise<string> {
  const error = await failureOf(refused);
  return error instanceof AbanicoError ? (error.fix ?? "") : "";
}

/** What a refusal has to say: the action, what it was to be done to, and that it is this which is to be allowed. */
async function expectDenied(refused: Promise<unknown>, action: string, resource: string): Promise<void> {
  const error = await failureOf(refused);
  expect(error).toMatchObject({ tag: "Unreadable", retryable: false, fields: { action, resource } });
  expect(error.message).toContain(`${action} on ${resource}`);
}

/** Clients of which every request fails. */
const failing = (error: Error) => {
  const client = { send: async () => Promise.reject(error) };
  // The code sees nothing of them but `send`.
  return { cloudformation: client, sfn: client, lambda: client, logs: client, sqs: client } as unknown as Required<AwsClients>; // prettier-ignore
};
const cloudThat = (error: Error) =>
  cloudServices({
    region: "eu-west-1",
    stack: { ...OUTPUTS, logGroups: ["/abanico/work"] },
    store: memoryStore(),
    clients: failing(error),
  });
const first = async (lines: AsyncIterable<unknown>) => {
  for await (const line of lines) return line;
  return undefined;
};
type Cloud = ReturnType<typeof cloudServices>;
const machine = OUTPUTS.stateMachineArn;
const executions = `${machine.replace(":stateMachine:", ":execution:")}:*`;
const byClients: [string, string, (cloud: Cloud) => Promise<unknown>][] = [
  ["states:StartExecution", machine, (cloud) => cloud.startRun("r")],
  ["states:DescribeExecution", executions, (cloud) => cloud.executionOf("r")],
  ["states:ListExecutions", machine, (cloud) => cloud.executions(1)],
  ["states:StopExecution", executions, (cloud) => cloud.stopRun("r", "enough")],
  ["sqs:GetQueueUrl and sqs:DeleteQueue", `the queue ${OUTPUTS.queuePrefix}r`, (cloud) => cloud.removeQueue("r")],
  ["lambda:InvokeFunction", OUTPUTS.callFunction, (cloud) => cloud.invoke("{}")],
  ["logs:FilterLogEvents", "/abanico/work", (cloud) => first(cloud.logs({ since: 0, limit: 1 }))],
];

describe("what a client asks of AWS", () => {
  test.each(byClients)("and may not: %s", async (action, resource, ask) => {
    for (const name of ["AccessDenied", "AccessDeniedException"])
      await expectDenied(ask(cloudThat(sdkError(name, "not you", 403))), action, resource);
  });

  test.each(byClients)("with credentials that have expired: %s", async (_, __, ask) => {
    for (const name of ["ExpiredToken", "ExpiredTokenException"]) {
      const error = await failureOf(ask(cloudThat(sdkError(name, "The security token is expired", 403))));
      expect(error).toMatchObject({ tag: "Unreadable", retryable: false, fix: expect.stringMatching(/log in again/) });
      expect(error.message).toMatch(/credentials have expired/);
    }
  });

  test("and may not: cloudformation:DescribeStacks", async () => {
    const { cloudformation } = failing(sdkError("AccessDenied", "not you", 403));
    const asked = stackOutputs(cloudformation, { region: "eu-west-1", stack: "Mine" });
    await expectDenied(asked, "cloudformation:DescribeStacks", "the stack Mine");
  });

  test("is told of by AWS: what it says counts most, as of a key that nobody asked for", async () => {
    const said = (name: string) =>
      `User: arn:aws:iam::1:user/u is not authorized to perform: kms:Decrypt on resource: arn:aws:kms:eu-west-1:1:key/k because no identity-based policy allows it (${name})`;
    for (const name of ["KMSAccessDeniedException", "KmsAccessDenied", "AWS.SimpleQueueService.AccessDenied"])
      await expectDenied(
        cloudThat(sdkError(name, said(name))).startRun("r"),
        "kms:Decrypt",
        "arn:aws:kms:eu-west-1:1:key/k",
      );
  });
});

describe("what a function asks of AWS", () => {
  afterEach(() => vi.unstubAllEnvs());
  const denied = sdkError("AccessDenied", "not you", 403);
  // The code sees nothing of the client but `send`.
  const clients = { sqs: async () => failing(denied).sqs } as unknown as Clients;
  const queues = sqsQueues(clients, () => "stack-run-", undefined);
  const url = "https://sqs.eu-west-1.amazonaws.com/1/stack-run-r";
  test.each([
    ["sqs:CreateQueue", () => queues.create("r")],
    ["sqs:DeleteQueue", () => queues.remove(url)],
    ["sqs:SendMessage", () => queues.send(url, ["x"])],
    ["sqs:ReceiveMessage", () => queues.receive(url, 0)],
    ["sqs:DeleteMessage", () => queues.delete(url, [{ body: "", receipt: "r" }])],
  ] as const)("and may not: %s", async (action, ask) => {
    vi.stubEnv("AWS_LAMBDA_FUNCTION_NAME", "stack-Collect");
    expect(await fixOf(ask())).toContain(
      `allow the role of the function stack-Collect ${action} on the queue stack-run-r`,
    );
    await expectDenied(ask(), action, "the queue stack-run-r");
  });
});

describe("over HTTP, as services answer", () => {
  let server: Server;
  /** Of the next requests. S3 answers a HEAD without a body. */
  let answer: { readonly status: number; readonly headers?: Record<string, string>; readonly body: string };
  const asked: string[] = [];

  beforeAll(async () => {
    server = createServer((request, response) => {
      request.resume().on("end", () => {
        asked.push(request.url ?? "");
        response.writeHead(answer.status, { "content-type": "application/xml", ...answer.headers });
        response.end(request.method === "HEAD" ? undefined : answer.body);
      });
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    for (const [name, value] of Object.entries({
      AWS_REGION: "us-east-1",
      AWS_ACCESS_KEY_ID: "x",
      AWS_SECRET_ACCESS_KEY: "x",
      AWS_ENDPOINT_URL: endpoint,
      ABANICO_BUCKET: "stack",
      ABANICO_QUEUE_PREFIX: "stack-run-",
      ABANICO_WORK_FUNCTION: "stack-Work",
      ABANICO_STATE_MACHINE_ARN: machine,
    }))
      vi.stubEnv(name, value);
  });
  afterAll(() => {
    vi.unstubAllEnvs();
    server.close();
  });

  const s3 = (status: number, code: string, text: string, more = "", headers = {}) => {
    answer = { status, headers, body: `<Error><Code>${code}</Code><Message>${text}</Message>${more}</Error>` };
  };
  const operations = () => {
    const store = s3Store();
    return {
      read: () => store.get("s3://b/dir/k"),
      head: () => store.head("s3://b/dir/k"),
      write: () => store.put("s3://b/dir/k", new Uint8Array(1)),
      delete: () => store.delete("s3://b/dir/k"),
      list: () => first(store.list("s3://b/dir/")),
    };
  };
  const allFail = async () => {
    const entries = Object.entries(operations()).map(
      async ([name, asking]) => [name, await failureOf(asking())] as const,
    );
    return Object.fromEntries(await Promise.all(entries));
  };

  test("objects that may not be read, written, deleted, listed", async () => {
    s3(403, "AccessDenied", "Access Denied");
    const { read, head, write, delete: removed, list } = operations();
    await expectDenied(read(), "s3:GetObject", "arn:aws:s3:::b/dir/k");
    await expectDenied(head(), "s3:GetObject", "arn:aws:s3:::b/dir/k");
    await expectDenied(write(), "s3:PutObject", "arn:aws:s3:::b/dir/k");
    await expectDenied(removed(), "s3:DeleteObject", "arn:aws:s3:::b/dir/k");
    await expectDenied(list(), "s3:ListBucket", "arn:aws:s3:::b");
  });

  test("a function is told by which option of the stack its role gets the right", async () => {
    vi.stubEnv("AWS_LAMBDA_FUNCTION_NAME", "stack-Work");
    s3(403, "AccessDenied", "Access Denied");
    expect(await fixOf(operations().read())).toMatch(/the role of the function stack-Work s3:GetObject .*-c sources=BUCKET.*-c outputPrefixes=PREFIX/); // prettier-ignore
    vi.stubEnv("AWS_LAMBDA_FUNCTION_NAME", undefined);
  });

  test("a bucket in another region: which one it is, with every request", async () => {
    s3(301, "PermanentRedirect", "must be addressed using the specified endpoint", "", { "x-amz-bucket-region": "eu-west-1" }); // prettier-ignore
    for (const [name, error] of Object.entries(await allFail())) {
      expect(error, name).toMatchObject({ tag: "Unreadable", retryable: false });
      expect(error.message, name).toMatch(
        /^bucket b is in region eu-west-1\n {2}fix: set the region: AWS_REGION=eu-west-1/,
      );
    }
    s3(400, "AuthorizationHeaderMalformed", "the region 'us-east-1' is wrong", "<Region>eu-west-1</Region>");
    const { read, head } = await allFail();
    expect(read.message).toContain("bucket b is in region eu-west-1");
    expect(head.message).toMatch(/did not say why[^]*fix: see whether .*expired.*region/);
  });

  test("credentials that have expired, or are none", async () => {
    s3(400, "ExpiredToken", "The provided token has expired.");
    expect((await allFail())["list"].message).toMatch(/credentials have expired to list[^]*aws sso login/);
    s3(403, "InvalidAccessKeyId", "does not exist in our records");
    expect((await allFail())["write"].message).toMatch(/no valid AWS credentials to write[^]*aws sso login/);
  });

  test("a function that may not call another, or start the machine", async () => {
    const services = await servicesFromEnvironment({ getRemainingTimeInMillis: () => 1_000 });
    answer = {
      status: 400,
      headers: { "content-type": "application/x-amz-json-1.0", "x-amzn-errortype": "AccessDeniedException" },
      body: '{"__type":"AccessDeniedException","message":"no"}',
    };
    await expectDenied(services.startWork("work", {}), "lambda:InvokeFunction", "the function stack-Work");
    await expectDenied(services.startRun("r"), "states:StartExecution", machine);
    expect(asked.at(-2)).toContain("/functions/stack-Work/invocations");
  });
});
