import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync, mkdirSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { tableFromIPC } from "apache-arrow";
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from "vitest";
import { readArguments, type OptionSpecs } from "../../lib/cli/arguments.ts";
import { DEPLOY_OPTIONS, LOGS_OPTIONS, RESULT_OPTIONS, RESUME_OPTIONS, STACK_OPTIONS, STATUS_OPTIONS, SUBMIT_OPTIONS, type Connect } from "../../lib/cli/cloud-arguments.ts"; // prettier-ignore
import { cancel, logs, result, resume, status, submit } from "../../lib/cli/cloud-runs.ts";
import { appCommand, cdkFile, deploy, destroy, type cdkCall } from "../../lib/cli/deploy.ts";
import { doctor, type Quotas } from "../../lib/cli/doctor.ts";
import type { Terminal } from "../../lib/cli/terminal.ts";
import { connectCloud } from "../../lib/client/connect-aws.ts";
import { UnreadableError } from "../../lib/errors.ts";
import { col, readCsv } from "../../lib/index.ts";
import { failureOf } from "../runtime/plans.ts";
import { fakeClients, sdkError, storeOf, type FakeOptions } from "../aws/fake-clients.ts";
import { stackWith } from "../aws/cloud-run.ts";
import { abanicoHere } from "./abanico.ts";

const CSV = "product,quantity\na,2\nb,3\na,5\n";
const events = fileURLToPath(new URL("../../events/", import.meta.url));
let dir: string;
beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), "cli-cloud-"));
  vi.stubEnv("AWS_REGION", "eu-west-1");
});
afterAll(() => {
  vi.unstubAllEnvs();
  rmSync(dir, { recursive: true, force: true });
});

/** What commands write and say. */
function terminal(signal = new AbortController().signal) {
  const [out, said]: [string[], string[]] = [[], []];
  const into: Terminal = {
    write: async (text) => void out.push(text),
    say: (line) => void said.push(line),
    style: (_, text) => text,
    progress: false,
    signal,
  };
  return { into, out: () => out.join(""), said: () => said.join("\n") };
}

function stackAt(fake: FakeOptions = {}) {
  const stack = stackWith({ "in/a.csv": CSV });
  const fakes = fakeClients(stack, fake);
  const connect: Connect = async (url) => {
    await stack.ready;
    return connectCloud(url, { clients: fakes.clients, store: storeOf(stack) });
  };
  return { stack, connect, ...fakes };
}

const given = (specs: OptionSpecs, ...args: string[]) => readArguments(args, specs);
const pipeline = (path: string) =>
  JSON.stringify(
    readCsv(path)
      .groupBy("product")
      .agg({ sold: col("quantity").sum() }),
  );
const fileWith = (name: string, text: string) => {
  writeFileSync(join(dir, name), text);
  return join(dir, name);
};

describe("runs of a stack", () => {
  test("submit, status, result, logs: from a pipeline to a file", async () => {
    const { connect } = stackAt();
    const sent = terminal();
    const path = fileWith("p.json", pipeline("s3://bucket/in/*.csv"));
    await submit(given(SUBMIT_OPTIONS, path, "--id", "mine"), sent.into, connect);
    expect(sent.out()).toBe("mine\n");

    const shown = terminal();
    await result(given(RESULT_OPTIONS, "mine"), shown.into, connect);
    expect(shown.out()).toMatch(/product\s+sold[^]*a\s+7\n[^]*b\s+3\n/);
    expect(shown.said()).toMatch(/about \$0\.0\d+; also below s3:\/\/bucket\/results\/mine\//);

    const out = join(dir, "out.arrow");
    await result(given(RESULT_OPTIONS, "mine", "--out", out), terminal().into, connect);
    expect(tableFromIPC(readFileSync(out)).numRows).toBe(2);

    const one = terminal();
    await status(given(STATUS_OPTIONS, "mine"), one.into, connect);
    expect(one.out()).toMatch(/^mine {2}succeeded, -?[\d.]+ s, since 20\d\d-.*\n {2}\S+\s+1\/1\n$/);
    const all = terminal();
    await status(given(STATUS_OPTIONS), all.into, connect);
    expect(all.out()).toMatch(/^mine +(succeeded|running) /);

    const lines = terminal();
    await logs(given(LOGS_OPTIONS, "mine"), lines.into, connect);
    expect(lines.out()).toContain('/abanico/work a line with "mine"\n');
  });

  test("submit waits where it is asked to, and refuses what the stack could not do", async () => {
    const { connect } = stackAt();
    const waited = terminal();
    const path = fileWith("q.json", `{ "collection": ${pipeline("s3://bucket/in/a.csv")}, "maxCost": 1 }`);
    await submit(given(SUBMIT_OPTIONS, path, "--wait", "--json"), waited.into, connect);
    expect(waited.out().replaceAll(/\s/g, "")).toContain('"product":"a","sold":7');
    const local = fileWith("r.json", pipeline("sales.csv"));
    const error = await failureOf(submit(given(SUBMIT_OPTIONS, local), terminal().into, connect));
    expect(error.message).toMatch(/names sales\.csv, which is on this machine/);
    const wrong = fileWith("w.json", '{ "colection": {} }');
    expect(await failureOf(submit(given(SUBMIT_OPTIONS, wrong), terminal().into, connect))).toMatchObject({
      tag: "Plan",
    });
  });

  test("too costly a run fails, and says so", async () => {
    const { connect } = stackAt();
    const path = fileWith("c.json", pipeline("s3://bucket/in/a.csv"));
    const ran = submit(given(SUBMIT_OPTIONS, path, "--wait", "--max-cost", "0"), terminal().into, connect);
    expect(await failureOf(ran)).toMatchObject({ tag: "Cost" });
  });

  test("resume lets a run go on that was stopped, and says so of others", async () => {
    const { connect, executions, sent } = stackAt();
    const path = fileWith("again.json", pipeline("s3://bucket/in/a.csv"));
    await submit(given(SUBMIT_OPTIONS, path, "--id", "again"), terminal().into, connect);
    // Before its first function has answered.
    executions.set("again", { status: "ABORTED", startDate: new Date() });
    const resumed = terminal();
    await resume(given(RESUME_OPTIONS, "again", "--json", "--wait"), resumed.into, connect);
    expect(resumed.said()).toBe("again goes on, as attempt 2; abanico status again");
    expect(resumed.out().replaceAll(/\s/g, "")).toContain('"product":"a","sold":7');
    const started = sent.filter(({ command }) => command === "StartExecutionCommand").map(({ input }) => input);
    expect(started.at(-1)).toMatchObject({ name: "again--2", input: '{"run":"again","attempt":2}' });
    const over = terminal();
    await resume(given(RESUME_OPTIONS, "again--2", "--json"), over.into, connect);
    expect(over.said()).toContain("is over, and has its result; abanico result again");
    expect(JSON.parse(over.out())).toEqual({ run: "again", attempt: 2, state: "succeeded" });
    const shown = terminal();
    await status(given(STATUS_OPTIONS, "again--2"), shown.into, connect);
    expect(shown.out()).toMatch(/^again {2}succeeded, attempt 2, /);
    expect(await failureOf(resume(given(RESUME_OPTIONS, "none"), terminal().into, connect))).toMatchObject({ tag: "NotFound" }); // prettier-ignore
  });

  test("cancel stops what runs, and nothing else", async () => {
    const { connect, executions, sent } = stackAt();
    executions.set("going", { status: "RUNNING", startDate: new Date() });
    const stopped = terminal();
    await cancel(given(STACK_OPTIONS, "going"), stopped.into, connect);
    expect(stopped.said()).toBe("going is stopped; abanico resume going lets it go on");
    expect(sent.find(({ command }) => command === "StopExecutionCommand")?.input).toMatchObject({ cause: "Cancelled by abanico cancel." }); // prettier-ignore
    const again = terminal();
    await cancel(given(STACK_OPTIONS, "going"), again.into, connect);
    expect(again.said()).toContain("over already (aborted)");
    expect(await failureOf(cancel(given(STACK_OPTIONS, "none"), terminal().into, connect))).toMatchObject({ tag: "NotFound" }); // prettier-ignore
    expect(await failureOf(status(given(STATUS_OPTIONS, "none"), terminal().into, connect))).toMatchObject({ tag: "NotFound" }); // prettier-ignore
  });
});

describe("doctor", () => {
  const quotas = (limit: number | undefined, mayCall = true): Quotas => ({
    concurrentExecutions: async () => limit,
    mayCall: async () => {
      if (!mayCall) throw new UnreadableError("may not call", { fix: "allow lambda:InvokeFunction" });
    },
  });

  test("a line for each thing that is in order", async () => {
    const { into, out } = terminal();
    await doctor(given(STACK_OPTIONS), into, stackAt().connect, quotas(1_000));
    const lines = out().trim().split("\n");
    expect(lines.map((line) => line.slice(0, 19).trim())).toEqual(["ok    stack", "ok    bucket", "ok    state machine", "ok    calls", "ok    quota", "ok    code"]); // prettier-ignore
  });

  test("what is wrong, and what to do", async () => {
    const { into, out } = terminal();
    const error = await failureOf(doctor(given(STACK_OPTIONS), into, stackAt().connect, quotas(10, false)));
    expect(error.message).toMatch(/1 of 6 checks/);
    expect(out()).toMatch(/FAIL {2}calls +may not call\n +fix: allow lambda:InvokeFunction/);
    expect(out()).toMatch(/only 10 functions at once: ask for 1,000.*-c maxConcurrency=8/);
  });

  test("without a stack there is nothing more to look at", async () => {
    const { into, out } = terminal();
    const failure = sdkError("ExpiredTokenException", "expired", 403);
    await failureOf(doctor(given(STACK_OPTIONS), into, stackAt({ failure }).connect, quotas(1_000)));
    expect(out()).toMatch(/^FAIL {2}stack +The AWS credentials have expired.*\n +fix: log in again.*\n$/);
  });
});

describe("deploy and destroy", () => {
  test("run the CDK on the package's app, with the region and what stands behind --", async () => {
    const calls: ReturnType<typeof cdkCall>[] = [];
    const run = async (call: ReturnType<typeof cdkCall>) => {
      calls.push(call);
      return 0;
    };
    const { into, said } = terminal();
    await deploy(given(DEPLOY_OPTIONS, "--stack", "Mine", "--", "-c", "workMemory=3008"), into, run);
    await destroy(given(DEPLOY_OPTIONS, "--region", "us-east-1", "--yes", "--output", "there"), into, run);
    await deploy(given(DEPLOY_OPTIONS, "--yes", "--", "-o", "elsewhere"), into, run);
    const common = (command: string, stack: string) => [expect.stringMatching(/aws-cdk.bin.cdk$/), command, stack, "--app", expect.stringMatching(/cdk.app\.ts" $/), "--context", `stackName=${stack}`]; // prettier-ignore
    const temporary = expect.stringContaining(join(tmpdir(), "abanico-cdk-")) as string;
    expect(calls).toMatchObject([
      { args: [...common("deploy", "Mine"), "--output", temporary, "-c", "workMemory=3008"], env: { AWS_REGION: "eu-west-1" } }, // prettier-ignore
      {
        args: [...common("destroy", "Abanico"), "--context", "imageWorker=false", "--output", "there", "--force"],
        env: { AWS_REGION: "us-east-1" },
      },
      { args: [...common("deploy", "Abanico"), "--require-approval", "never", "-o", "elsewhere"] },
    ]);
    const [{ args: used }] = calls;
    expect(existsSync(used[used.indexOf("--output") + 1])).toBe(false);
    expect(said()).toContain('Client.connect("aws://eu-west-1/Mine")');
    const failed = deploy(given(DEPLOY_OPTIONS), into, async () => 3);
    expect(await failureOf(failed)).toMatchObject({ tag: "Unreadable", fields: { status: 3 } });
  });

  test.each(["app.js", "app.ts"])("the CDK starts %s, whatever its folder is called", (name) => {
    const folder = join(dir, "a folder's own & more");
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, name), 'console.error("the app runs"); process.exit(1);');
    const { stderr } = spawnSync(process.execPath, [cdkFile(), "list", "--app", appCommand(join(folder, name))], {
      cwd: folder,
      encoding: "utf8",
    });
    expect(stderr).toContain("the app runs");
  }, 60_000); // prettier-ignore

  test("says which parts of the CDK are missing or of another version, and what installs them", () => {
    const place = join(dir, "without", "module.js");
    mkdirSync(join(dir, "without/node_modules/aws-cdk"), { recursive: true });
    writeFileSync(join(dir, "without/node_modules/aws-cdk/package.json"), '{ "version": "3.0.0" }');
    mkdirSync(join(dir, "without/node_modules/constructs"), { recursive: true });
    writeFileSync(join(dir, "without/node_modules/constructs/package.json"), '{ "version": "9.1.0" }');
    expect(() => cdkFile(place)).toThrow(
      expect.objectContaining({
        tag: "NotFound",
        message: expect.stringMatching(/aws-cdk is version 3\.0\.0,.*constructs is version 9\.1\.0/),
        fix: "npm install --save-dev aws-cdk@2 aws-cdk-lib@2 constructs@10",
      }),
    );
  });
});

describe("invoke-local", () => {
  afterEach(() => vi.restoreAllMocks());
  const local = (event: string, ...more: string[]) =>
    abanicoHere(["invoke-local", join(events, event), "--pipelines", join(events, "pipelines"), "--root", join(dir, "root"), ...more]); // prettier-ignore

  test.each(["object-created.json", "pipeline-by-name.json", "run-collection.json"])("%s", async (event) => {
    mkdirSync(join(dir, "root", "incoming"), { recursive: true });
    writeFileSync(join(dir, "root", "incoming", "sales_2023_01.csv"), CSV);
    const { code, stdout, stderr } = await local(event, "--json");
    expect(stderr).not.toContain("error");
    expect(code).toBe(0);
    expect(stdout.replaceAll(/\s/g, "")).toContain('{"product":"a","sold":7},{"product":"b","sold":3}');
  });

  test("a pipeline that is not there is asked for", async () => {
    const { code, stderr } = await abanicoHere(["invoke-local", join(events, "pipeline-by-name.json"), "--pipelines", dir]); // prettier-ignore
    expect(code).toBe(2);
    expect(stderr).toMatch(/fix: name the folder that sales-by-product\.json lies in: --pipelines FOLDER\./);
  });

  test.each(["work-batch.json", "collect.json", "work-message.json"])("%s is refused, and why", async (event) => {
    const { code, stderr } = await local(event);
    expect(code).toBe(2);
    expect(stderr).toContain("within a run");
  });
});

describe("the command line", () => {
  test.each([
    [["status", "--region", ""], /Which region/],
    [["submit"], /Which pipeline/],
    [["result"], /Which run/],
    [["cancel", "a", "b"], /One run, found 2/],
    [["submit", "x.json", "--max-cost", "much"], /cannot be read|sum in US dollars/],
    [["logs", "r", "--since", "soon"], /--since expects a time/],
  ])("%s", async (args, message) => {
    if (args.includes("--region")) vi.stubEnv("AWS_REGION", "");
    const { code, stderr } = await abanicoHere(args);
    vi.stubEnv("AWS_REGION", "eu-west-1");
    expect(code).toBe(2);
    expect(stderr).toMatch(message);
  });
});
