import { tableToIPC, type Table } from "apache-arrow";
import { describe, expect, test } from "vitest";
import { Client, col, fromSequence, readCsv, type RunEvent } from "../../lib/index.ts";
import { checkBucket, refuseOtherCode } from "../../lib/client/connect-aws.ts";
import { CloudRun } from "../../lib/client/cloud-run.ts";
import { UnreadableError } from "../../lib/errors.ts";
import { failureOf } from "../runtime/plans.ts";
import { OUTPUTS, clientCloud } from "./client-cloud.ts";
import { stackWith } from "./cloud-run.ts";
import { fakeClient, sdkError, storeOf, type FakeOptions } from "./fake-clients.ts";

const CSV = `product,quantity\n${Array.from({ length: 400 }, (_, i) => `p${i % 5},${i % 11}`).join("\n")}\n`;
const frame = () => readCsv("s3://bucket/in/*.csv", { blockSize: 1_000 }).groupBy("product").agg({ sold: col("quantity").sum() }); // prettier-ignore
const rowsOf = (table: unknown) => (table as Table).toArray().map((row) => ({ ...row }));

describe("a client of a stack", () => {
  test("says what it is, and computes frames to the bits of this machine", async () => {
    const stack = stackWith({ "in/a.csv": CSV, "in/b.csv": CSV });
    const { client } = await fakeClient(stack, {}, { concurrency: 40 });
    expect(String(client)).toBe("<Client: 'aws' stack=Abanico region=eu-west-1 concurrency=40>");
    const table = await client.compute(frame());
    const here = (await stack.computeHere(frame())) as Table;
    expect(Buffer.from(tableToIPC(table, "stream")).equals(Buffer.from(tableToIPC(here, "stream")))).toBe(true);
    await client.close();
    expect((await stack.keys("runs/")).filter((key) => !/(request|outcome)\.json$/.test(key))).toEqual([]);
  });

  test("computes bags with inline functions, and explains what a run will cost", async () => {
    const { client } = await fakeClient();
    const squares = fromSequence([1, 2, 3, 4], { partitions: 2 }).map((x) => x * x);
    expect(await client.compute(squares)).toEqual([1, 4, 9, 16]);
    expect(await client.explain(squares)).toMatch(/\ncost {8}about \$0\.\d+: \d+ Lambda requests, \d+ GB-seconds, .*\n {2}assumed .*list prices of \d{4}-\d\d/); // prettier-ignore
    expect(await failureOf(Promise.resolve(client.compute(squares, { maxCost: 0 })))).toMatchObject({ tag: "Cost" });
    await client.close();
  });

  test("a run is found again by its id, which an event tells: frames and bags give their result", async () => {
    const stack = stackWith({ "in/a.csv": CSV });
    const store = storeOf(stack);
    const never = new Promise<never>(() => {});
    const get: typeof store.get = (url, ...rest) => (url.endsWith("outcome.json") ? never : store.get(url, ...rest));
    const first = await fakeClient(stack, {}, { store: { ...store, get } });
    const runs: string[] = [];
    const tell = (event: RunEvent) => event.type === "run-started" && runs.push(event.run);
    first.client.onEvent(tell);
    // The client is gone before the run is over: it never hears of its end.
    void Promise.resolve(first.client.compute(frame())).catch(() => undefined);
    await expect.poll(() => first.sent.some(({ command }) => command === "StartExecutionCommand")).toBe(true);
    const { client } = await fakeClient(stack);
    const run = await client.attach(runs[0]);
    expect(runs[0]).toBe(`${run.id}.0`);
    expect(rowsOf(await run.result())).toEqual(rowsOf(await stack.computeHere(frame())));
    expect(await failureOf(client.attach("run-none"))).toMatchObject({ tag: "NotFound", fields: { run: "run-none" } });
    await client.close();
  });

  test("start hands a collection over; status, report and result say what became of it", async () => {
    const stack = stackWith({ "in/a.csv": CSV });
    const { client } = await fakeClient(stack);
    const run = await client.start(frame(), { id: "mine" });
    expect((await run.status()).state).toMatch(/running|succeeded/);
    const table = await run.result();
    expect(rowsOf(table)).toEqual(rowsOf(await stack.computeHere(frame())));
    const status = await run.status();
    expect(status).toMatchObject({ id: "mine", state: "succeeded" });
    expect(status.stages.every(({ over, done, tasks }) => over && done === tasks && tasks > 0)).toBe(true);
    const { bill, stages } = await run.report();
    expect(bill?.lambdaRequests).toBeGreaterThan(stages.length);
    // Who starts again with the same id starts nothing new.
    expect(rowsOf(await (await client.start(frame(), { id: "mine" })).result())).toEqual(rowsOf(table));
    await client.close();
  });

  test("a run that failed says so, by status and by result", async () => {
    const { client } = await fakeClient(stackWith({ "in/a.csv": "a,b\n1,2\n1\n" }));
    const run = await client.start(readCsv("s3://bucket/in/a.csv"));
    expect(await failureOf(run.result())).toMatchObject({ tag: "Csv" });
    expect(await run.status()).toMatchObject({ state: "failed", error: { tag: "Csv" } });
    await client.close();
  });

  test("refuses to start what a stack could not run, before anything is written", async () => {
    const { client, stack } = await fakeClient();
    const refusals: [Promise<unknown>, string, RegExp][] = [
      [client.start(readCsv("sales.csv")), "Option", /names sales\.csv, which is on this machine[^]*aws s3 cp/],
      [client.start(fromSequence([1]).map((x) => x + 1)), "Plan", /inline function/],
      [client.start(frame(), { id: "no spaces" }), "Option", /up to 40 letters/],
      [client.start(frame(), { ids: 1 } as object), "Option", /no option "ids"/],
    ];
    for (const [refused, tag, message] of refusals) {
      const error = await failureOf(refused);
      expect(error).toMatchObject({ tag });
      expect(error.message).toMatch(message);
    }
    expect(await stack.keys("runs/")).toEqual([]);
    await client.close();
  });

  test("a client on this machine has no stack to start or find anything on", async () => {
    await using client = await Client.local({ workers: 0, progress: false });
    expect(await failureOf(client.start(fromSequence([1])))).toMatchObject({
      tag: "Option",
      message: /Client\.connect/,
    });
    expect(await failureOf(client.attach("run-1"))).toMatchObject({ tag: "Option" });
  });
});

describe("what may be wrong with a stack", () => {
  const cases: [string, FakeOptions, string, RegExp][] = [
    ["is not there", { failure: sdkError("ValidationError", "Stack with id Abanico does not exist") }, "NotFound", /no stack Abanico in eu-west-1[^]*npx abanico deploy --stack Abanico --region eu-west-1/], // prettier-ignore
    ["may not be seen: expired credentials", { failure: sdkError("ExpiredToken", "The security token included in the request is expired", 403) }, "Unreadable", /have expired[^]*aws sso login/], // prettier-ignore
    ["may not be seen: no credentials", { failure: sdkError("CredentialsProviderError", "Could not load credentials from any providers", 0) }, "Unreadable", /no valid AWS credentials[^]*AWS_PROFILE/], // prettier-ignore
    ["may not be seen: no permission", { failure: sdkError("AccessDenied", "User x is not authorized", 403) }, "Unreadable", /may not describe the stack[^]*cloudformation:DescribeStacks/], // prettier-ignore
    ["is being made", { status: "CREATE_IN_PROGRESS" }, "Unreadable", /CREATE_IN_PROGRESS[^]*wait/],
    ["is another", { outputs: { StateMachineArn: undefined } }, "Unreadable", /no output "StateMachineArn"/],
  ];
  test.each(cases)("%s", async (_, fake, tag, message) => {
    const error = await failureOf(fakeClient(stackWith(), fake));
    expect(error).toMatchObject({ tag });
    expect(error.message).toMatch(message);
  });

  test("has other code than the client", () => {
    const stack = { ...OUTPUTS, bundleHash: "theirs", version: "0.1.0" };
    const ours = { hash: "ours", version: "0.2.0" };
    expect(() => refuseOtherCode(ours, { stack, region: "eu-west-1" })).toThrow(/version 0\.1\.0 there, 0\.2\.0 here[^]*npx abanico deploy --stack Abanico --region eu-west-1/); // prettier-ignore
    expect(() => refuseOtherCode({ ...ours, hash: "theirs" }, { stack, region: "eu-west-1" })).not.toThrow();
  });

  test("has a bucket in another region", async () => {
    const { cloud } = clientCloud(stackWith());
    const elsewhere = new UnreadableError("bucket bucket is in region us-east-1", { fields: { bucket: "bucket" } });
    const store = { ...cloud.store, list: async function* () { throw elsewhere; } } as unknown as typeof cloud.store; // prettier-ignore
    const error = await failureOf(checkBucket({ ...cloud, store }));
    expect(error.message).toMatch(/is in region us-east-1, and the stack Abanico in eu-west-1/);
  });

  test.each(["aws://", "aws://eu-west-1", "aws://nowhere/Abanico", "aws://eu-west-1/1st", "aws://eu-west-1/a/b"])(
    "is named wrongly: %s",
    async (url) => {
      expect(await failureOf(Client.connect(url))).toMatchObject({ tag: "Option", message: /aws:\/\/REGION\/STACK/ });
    },
  );

  test("a run that cannot be stopped is not said to be", async () => {
    const { cloud } = clientCloud(stackWith());
    const deny = async () => {
      throw new UnreadableError("AccessDenied");
    };
    const neither = { ...cloud, store: { ...cloud.store, put: deny }, stopRun: deny };
    expect(await failureOf(new CloudRun(neither, "run-1").cancel())).toMatchObject({ tag: "Unreadable" });
    // Workers and Collect see the marker.
    await new CloudRun({ ...cloud, stopRun: deny }, "run-1").cancel();
  });

  test("options of a run that mean nothing are refused", async () => {
    const { client } = await fakeClient();
    for (const options of [{ deadlineMs: -1 }, { deadlineMs: "1h" }, { notify: "yes" }, { id: "a b" }])
      expect(await failureOf(client.start(frame(), options as object))).toMatchObject({ tag: "Option" });
    await client.close();
  });

  test("options that mean nothing are refused", async () => {
    for (const options of [{ concurency: 2 }, { concurrency: 0 }, { maxCost: -1 }, { progress: 1 }, { store: {} }])
      expect(await failureOf(Client.connect("aws://eu-west-1/Abanico", options as object))).toMatchObject({
        tag: "Option",
      });
  });
});
