import { readFile, writeFile } from "node:fs/promises";
import type { Table } from "apache-arrow";
import { knownRun } from "../client/attach.ts";
import { CloudRun, type RunStatus, type StageStatus } from "../client/cloud-run.ts";
import { ownBundle, refuseOtherCode } from "../client/connect-aws.ts";
import { objectAt } from "../collections/plain.ts";
import { parseMilliseconds } from "../collections/options.ts";
import { attemptName, newestAttempt, runOfAttempt } from "../runtime/aws/attempts.ts";
import { money } from "../runtime/aws/cost.ts";
import { objectUrl, resultsPrefix } from "../runtime/aws/keys.ts";
import { refuseLocalPaths } from "../runtime/aws/local-sources.ts";
import { askedOf } from "../runtime/aws/pipeline-request.ts";
import { runAt } from "../runtime/aws/pipelines.ts";
import { beginRun, newRunId } from "../runtime/aws/plan-run.ts";
import { resumeRun } from "../runtime/aws/resume.ts";
import { endedWithout } from "../runtime/aws/watch.ts";
import { wholeOption, type Arguments } from "./arguments.ts";
import { connectByUrl, dollarsOption, runArgument, stackOf, type Connect } from "./cloud-arguments.ts";
import { usage } from "./frame-arguments.ts";
import { printTable } from "../collections/dataframe/print-table.ts";
import type { Terminal } from "./terminal.ts";
import { UsageError } from "./usage.ts";

/** `abanico submit pipeline.json`: starts it on a stack. */
export async function submit(args: Arguments, terminal: Terminal, connect: Connect = connectByUrl): Promise<void> {
  const { url } = stackOf(args);
  const json = await jsonArgument(args);
  const asked = askedOf(objectAt(json, ""));
  if (asked.what.kind === "collection") refuseLocalPaths(asked.what.collection);
  const maxCost = dollarsOption(args, "max-cost");
  const { cloud } = await connect(url);
  const bundle = await ownBundle();
  if (bundle !== undefined) refuseOtherCode(bundle, cloud);
  const given = args.one("id");
  const id = given === undefined ? newRunId() : runAt(given);
  await beginRun(cloud, id, {
    ...asked,
    ...(maxCost === undefined ? {} : { maxCost }),
    ...(args.has("notify") ? { notify: true } : {}),
  });
  terminal.say(`${id} runs; abanico status ${id}`);
  if (!args.has("wait")) return terminal.write(args.has("json") ? `${JSON.stringify({ run: id })}\n` : `${id}\n`);
  await printResult(await new CloudRun(cloud, id).result({ signal: terminal.signal }), args, terminal);
}

async function jsonArgument({ positionals }: Arguments): Promise<unknown> {
  const [path] = positionals;
  if (positionals.length !== 1) throw new UsageError("Which pipeline?", "write abanico submit pipeline.json.");
  const text = await readFile(path, "utf8").catch((error: unknown) => {
    throw new UsageError(`${path} cannot be read: ${error instanceof Error ? error.message : String(error)}.`);
  });
  try {
    return JSON.parse(text) as unknown;
  } catch (error) {
    throw new UsageError(`${path} is no JSON: ${error instanceof Error ? error.message : String(error)}.`);
  }
}

/** `abanico status [RUN]` */
export async function status(args: Arguments, terminal: Terminal, connect: Connect = connectByUrl): Promise<void> {
  const { url } = stackOf(args);
  const last = wholeOption(args, "last", 1) ?? 20;
  const { cloud } = await connect(url);
  if (args.positionals.length === 0) {
    const runs = await cloud.executions(last);
    if (args.has("json")) return terminal.write(`${JSON.stringify(runs)}\n`);
    const lines = runs.map(
      ({ run, status: state, startedAt }) => `${run.padEnd(30)}  ${state.padEnd(10)}  ${at(startedAt)}`,
    );
    return terminal.write(lines.length === 0 ? "no runs yet\n" : `${lines.join("\n")}\n`);
  }
  const run = runOfAttempt(runArgument(args, "status"));
  const found = await new CloudRun(cloud, run).status();
  const execution = await cloud.executionOf(attemptName({ run, attempt: found.attempt }));
  if (execution.status === "missing" && found.state === "running" && found.stages.length === 0)
    throw endedWithout(run, execution);
  await terminal.write(`${args.has("json") ? JSON.stringify(found) : describeStatus(found).join("\n")}\n`);
}

function describeStatus({ id, state, attempt, stages, startedAt, wallMs, error }: RunStatus): string[] {
  const took = wallMs === undefined ? "" : `, ${(wallMs / 1000).toFixed(1)} s`;
  const which = attempt === 1 ? "" : `, attempt ${attempt}`;
  const lines = [`${id}  ${state}${which}${took}${startedAt === undefined ? "" : `, since ${at(startedAt)}`}`];
  for (const stage of stages) lines.push(`  ${describeStage(stage)}`);
  if (error !== undefined) lines.push(`  ${error.message.replaceAll("\n", "\n  ")}`);
  return lines;
}

function describeStage({ stage, tasks, done, over }: StageStatus): string {
  return `${stage.padEnd(24)}  ${done}/${tasks}${over ? "" : done > 0 ? " …" : ""}`;
}

function at(ms: number | undefined): string {
  return ms === undefined ? "" : new Date(ms).toISOString().replace(/\.\d+Z$/, "Z");
}

/** `abanico logs RUN` */
export async function logs(args: Arguments, terminal: Terminal, connect: Connect = connectByUrl): Promise<void> {
  const { url } = stackOf(args);
  const run = runOfAttempt(runArgument(args, "logs"));
  const limit = wholeOption(args, "lines", 1) ?? 200;
  const since = args.one("since");
  const back = since === undefined ? undefined : usage(() => parseMilliseconds(since, "--since"));
  const { cloud } = await connect(url);
  const { startedAt } = await cloud.executionOf(run);
  const begin = back === undefined ? (startedAt ?? cloud.clock.now() - 3_600_000) : cloud.clock.now() - back;
  let found = 0;
  for await (const line of cloud.logs({ text: run, since: begin, limit })) {
    found++;
    const text = line.text.trimEnd();
    await terminal.write(`${args.has("json") ? JSON.stringify(line) : `${at(line.at)} ${line.group} ${text}`}\n`);
  }
  if (found === 0) terminal.say(`no line of the functions' logs names ${run}; --since looks further back`);
}

/** `abanico cancel RUN` */
export async function cancel(args: Arguments, terminal: Terminal, connect: Connect = connectByUrl): Promise<void> {
  const { url } = stackOf(args);
  const run = runOfAttempt(runArgument(args, "cancel"));
  const { cloud } = await connect(url);
  const execution = await cloud.executionOf(attemptName(await newestAttempt(cloud, run)));
  if (execution.status === "missing") throw endedWithout(run, execution);
  if (execution.status !== "running") {
    terminal.say(`${run} is over already (${execution.status})`);
    return;
  }
  await new CloudRun(cloud, run).cancel("Cancelled by abanico cancel.");
  terminal.say(`${run} is stopped; abanico resume ${run} lets it go on`);
}

/** `abanico resume RUN [--wait]` */
export async function resume(args: Arguments, terminal: Terminal, connect: Connect = connectByUrl): Promise<void> {
  const { url } = stackOf(args);
  const name = runArgument(args, "resume");
  const { cloud } = await connect(url);
  const run = await knownRun(cloud, name, "abanico resume");
  const { state, attempt } = await resumeRun(cloud, run);
  const said = {
    resumed: `${run} goes on, as attempt ${attempt}; abanico status ${run}`,
    running: `${run} runs already; abanico status ${run}`,
    succeeded: `${run} is over, and has its result; abanico result ${run}`,
  };
  terminal.say(said[state]);
  if (args.has("wait")) return printResult(await new CloudRun(cloud, run).result({ signal: terminal.signal }), args, terminal); // prettier-ignore
  await terminal.write(args.has("json") ? `${JSON.stringify({ run, attempt, state })}\n` : `${run}\n`);
}

/** `abanico result RUN [--out FILE]` */
export async function result(args: Arguments, terminal: Terminal, connect: Connect = connectByUrl): Promise<void> {
  const { url } = stackOf(args);
  const run = runOfAttempt(runArgument(args, "result"));
  const { cloud } = await connect(url);
  const handle = new CloudRun(cloud, run);
  const value = await handle.result({ signal: terminal.signal });
  await printResult(value, args, terminal);
  const { bill } = await handle.report();
  const lies = objectUrl(cloud, resultsPrefix(run));
  terminal.say(
    terminal.style("dim", `${bill === undefined ? "" : `about ${money(bill.dollars)}; `}also below ${lies}`),
  );
}

/** A table as --json or text, anything else as JSON; with --out into a file. */
export async function printResult(value: unknown, args: Arguments, terminal: Terminal): Promise<void> {
  const out = args.one("out");
  if (out !== undefined) {
    await writeFile(out, await fileOf(value, out));
    return;
  }
  if (!isTable(value)) return terminal.write(`${jsonOf(value, 2)}\n`);
  for (const text of printTable(value, args.has("json") ? "json" : "table", value.numRows)) await terminal.write(text);
}

async function fileOf(value: unknown, out: string): Promise<string | Uint8Array> {
  if (!isTable(value)) return value instanceof Uint8Array ? value : `${jsonOf(value, 2)}\n`;
  if (/\.(arrow|feather|ipc)$/.test(out)) {
    const { tableToIPC } = await import("apache-arrow");
    return tableToIPC(value, "file");
  }
  return [...printTable(value, out.endsWith(".csv") ? "csv" : "json", value.numRows)].join("");
}

function jsonOf(value: unknown, indent: number): string {
  const plain = (_: string, one: unknown) => (typeof one === "bigint" ? String(one) : one);
  return JSON.stringify(value, plain, indent) ?? "null";
}

function isTable(value: unknown): value is Table {
  return typeof value === "object" && value !== null && "getChildAt" in value && "numRows" in value;
}
