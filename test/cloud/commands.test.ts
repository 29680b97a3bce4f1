import {
  CloudFormationClient,
  DescribeStackResourcesCommand,
  DescribeStacksCommand,
} from "@aws-sdk/client-cloudformation";
import { CloudWatchLogsClient, CreateLogStreamCommand, PutLogEventsCommand } from "@aws-sdk/client-cloudwatch-logs";
import { GetFunctionConfigurationCommand, LambdaClient } from "@aws-sdk/client-lambda";
import { tableFromIPC } from "apache-arrow";
import { execFile } from "node:child_process";
import { mkdir, mkdtemp, readFile, readdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { defaultStore } from "../../lib/store/default-store.ts";
import { sales } from "./cloud.ts";
import { startEmulator } from "./emulator.ts";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));
const STACK = "Commanded";
const REGION = "us-east-1";
const execute = promisify(execFile);

vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });
const emulator = await startEmulator({ region: REGION });

/** The package as npm would have it, the CDK's own command line, and an account that is emulated: from nothing to a result, and back to nothing. */
describe.skipIf(emulator === undefined)("the command line", () => {
  if (emulator === undefined) return;
  const { config, env: own } = emulator;
  let folder: string;
  /** Where commands are called: nothing is to be left there. */
  let here: string;
  let bucket: string;
  // moto reads templates by path of localhost alone, and the CDK asks for objects by host unless that is a number.
  const env = {
    ...process.env,
    ...own,
    AWS_ENDPOINT_URL: own["AWS_ENDPOINT_URL"].replace("127.0.0.1", "localhost"),
    AWS_ENDPOINT_URL_S3: own["AWS_ENDPOINT_URL"],
    CDK_DISABLE_CLI_TELEMETRY: "true",
  };
  const node = async (...args: readonly string[]) => {
    // What hangs is ended before the test is, so that what it said is seen.
    const given = { cwd: here, env, maxBuffer: 2 ** 26, timeout: 110_000 };
    const run = execute(process.execPath, args, given);
    return run.then(
      ({ stdout, stderr }) => ({ code: 0, stdout, stderr }),
      (error: { code: number; stdout: string; stderr: string }) => error, // as execFile's has them
    );
  };
  const abanico = (command: string, ...args: readonly string[]) => {
    const [given, behind] = args.includes("--") ? [args.slice(0, args.indexOf("--")), args.slice(args.indexOf("--"))] : [args, []]; // prettier-ignore
    return node(join(folder, "abanico.js"), command, ...given, "--stack", STACK, "--region", REGION, ...behind);
  };
  const cloudformation = new CloudFormationClient(config);

  beforeAll(async () => {
    await mkdir(join(ROOT, "dist"), { recursive: true });
    folder = await mkdtemp(join(ROOT, "dist/commands-"));
    here = join(folder, "here");
    const script = (name: string, ...args: readonly string[]) =>
      execute(process.execPath, [join(ROOT, "scripts", name), "--outdir", folder, ...args]);
    // The first begins with an empty folder.
    await script("build.ts", "--no-types");
    await Promise.all([script("build-functions.ts"), script("build-cdk.ts", "--no-types")]);
    await mkdir(here);
  });
  afterAll(async () => {
    await emulator.stop();
    await rm(folder, { recursive: true, force: true });
  });

  test("doctor says that there is nothing yet, and what to do", async () => {
    const { code, stdout } = await abanico("doctor");
    expect(code).toBe(1);
    expect(stdout).toMatch(/^FAIL {2}stack +There is no stack Commanded[^]*fix: deploy it \(npx abanico deploy/);
  });

  test("deploy makes the stack by the CDK, and leaves nothing in the folder", async () => {
    // Without the image worker, for which npm would fetch sharp. Change sets of moto give stacks without outputs: hence --method.
    const options = ["--yes", "--", "-c", "imageWorker=false", "--method", "direct"];
    const cdk = join(ROOT, "node_modules/aws-cdk/bin/cdk");
    expect((await node(cdk, "bootstrap", `aws://123456789012/${REGION}`)).code).toBe(0);
    const { code, stderr } = await abanico("deploy", ...options);
    expect(stderr).toMatch(/deployed: Client\.connect\("aws:\/\/us-east-1\/Commanded"\)/);
    expect(code).toBe(0);
    expect(await readdir(here)).toEqual([]);

    const { Stacks = [] } = await cloudformation.send(new DescribeStacksCommand({ StackName: STACK }));
    bucket = Stacks[0].Outputs?.find(({ OutputKey }) => OutputKey === "Bucket")?.OutputValue ?? "";
    await useFunctions();
  });

  /** The emulated Lambda calls what was deployed: the zips that the CDK has put into its bucket. */
  async function useFunctions(): Promise<void> {
    const lambda = new LambdaClient(config);
    const { StackResources = [] } = await cloudformation.send(new DescribeStackResourcesCommand({ StackName: STACK }));
    const code = await unpacked();
    for (const { ResourceType, PhysicalResourceId = "" } of StackResources) {
      if (ResourceType !== "AWS::Lambda::Function") continue;
      const found = await lambda.send(new GetFunctionConfigurationCommand({ FunctionName: PhysicalResourceId }));
      const [module, handler] = (found.Handler ?? "").split(".");
      const place = code.find(
        ({ files }) => files.includes(`${module}.mjs`) && (module === "plan") === files.includes("plan.mjs"),
      );
      await emulator?.register({
        name: PhysicalResourceId,
        file: join(place?.folder ?? "", `${module}.mjs`),
        handler,
        env: found.Environment?.Variables ?? {},
        timeoutMs: (found.Timeout ?? 60) * 1000,
        environments: 2,
      });
    }
  }

  async function unpacked() {
    Object.assign(process.env, own);
    const store = defaultStore();
    const found: { readonly folder: string; readonly files: readonly string[] }[] = [];
    for await (const { url } of store.list(`s3://cdk-hnb659fds-assets-123456789012-${REGION}/`)) {
      if (!url.endsWith(".zip")) continue;
      const zip = join(folder, `${found.length}.zip`);
      const place = join(folder, `code-${found.length}`);
      await writeFile(zip, await store.get(url));
      // Where moto runs, Python is.
      await execute("python3", ["-m", "zipfile", "-e", zip, place]);
      found.push({ folder: place, files: await readdir(place) });
    }
    return found;
  }

  test("doctor finds all in order, but for what an emulator does not know", async () => {
    const { stdout } = await abanico("doctor");
    expect(stdout.match(/^\w+ +\w+/gm)?.map((line) => line.replace(/ +/, " "))).toEqual([
      "ok stack",
      "ok bucket",
      "ok state",
      "ok calls",
      "ok quota",
      "ok code",
    ]);
  });

  test("submit, status, result: from a pipeline to a file", async () => {
    const store = defaultStore();
    await store.put(`s3://${bucket}/data/sales.csv`, Buffer.from(sales(1, 200)));
    const pipeline = join(folder, "pipeline.json");
    const text = await readFile(join(ROOT, "events/sales-pipeline.json"), "utf8");
    await writeFile(pipeline, text.replace("sales_2023_*.csv", `s3://${bucket}/data/*.csv`));
    const sent = await abanico("submit", pipeline, "--id", "mine");
    expect(sent.stdout).toBe("mine\n");
    const out = join(folder, "out.arrow");
    expect((await abanico("result", "mine", "--out", out)).code).toBe(0);
    expect(tableFromIPC(await readFile(out)).numRows).toBeGreaterThan(0);
    expect((await abanico("status", "mine")).stdout).toMatch(/^mine {2}succeeded, [\d.]+ s, since 20/);
    expect((await abanico("status")).stdout).toMatch(/^mine +succeeded /);
    const none = await abanico("result", "none");
    expect(none).toMatchObject({ code: 1, stderr: expect.stringMatching(/none/) as string });
  });

  test("logs has what the functions said of a run", async () => {
    const { Stacks = [] } = await cloudformation.send(new DescribeStacksCommand({ StackName: STACK }));
    const groups = Stacks[0].Outputs?.find(({ OutputKey }) => OutputKey === "LogGroups")?.OutputValue?.split(",") ?? [];
    const client = new CloudWatchLogsClient(config);
    const place = { logGroupName: groups[1], logStreamName: "one" };
    await client.send(new CreateLogStreamCommand(place));
    const logEvents = ["of mine", "of another"].map((message, i) => ({ message, timestamp: Date.now() + i }));
    await client.send(new PutLogEventsCommand({ ...place, logEvents }));
    const { stdout } = await abanico("logs", "mine");
    expect(stdout).toContain("of mine\n");
    expect(stdout).not.toContain("another");
  });

  test("cancel stops a run", async () => {
    const work = (call: { readonly service: string; readonly operation: string }) =>
      call.service === "lambda" && /Work/.test(call.operation);
    emulator.faults.add({ on: work, effect: { kind: "delay", ms: 10_000 }, times: Infinity });
    await abanico("submit", join(folder, "pipeline.json"), "--id", "long");
    const { stderr } = await abanico("cancel", "long");
    expect(stderr).toContain("long is stopped");
    expect(await abanico("result", "long")).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/cancelled/) as string,
    });
    expect((await abanico("status", "long")).stdout).toMatch(/^long {2}cancelled/);
    emulator.faults.clear();
  });

  test("destroy removes the stack, and leaves the bucket", async () => {
    const { code, stderr } = await abanico("destroy", "--yes");
    expect(stderr).toContain("the bucket stays");
    expect(code).toBe(0);
    expect((await abanico("status")).stderr).toMatch(/There is no stack Commanded/);
  });
});
