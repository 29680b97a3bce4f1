import { readFile } from "node:fs/promises";
import { CancelledError, nearestNames } from "../errors.ts";
import { LIBRARY_URL } from "../root.ts";
import { readArguments, type Arguments } from "./arguments.ts";
import {
  DEPLOY_OPTIONS,
  INVOKE_OPTIONS,
  LOGS_OPTIONS,
  RESULT_OPTIONS,
  RESUME_OPTIONS,
  STACK_OPTIONS,
  STATUS_OPTIONS,
  SUBMIT_OPTIONS,
} from "./cloud-arguments.ts";
import { DEMO_OPTIONS, demo } from "./demo.ts";
import { commandHelp, overview, type CommandHelp } from "./help.ts";
import { reportError } from "./report-error.ts";
import { PLAN_OPTIONS, RUN_OPTIONS, plan, run } from "./run.ts";
import { SQL_OPTIONS, runSql } from "./sql.ts";
import { PipeClosedError, mayColour, processTerminal, type Terminal } from "./terminal.ts";
import { UsageError } from "./usage.ts";

interface Command extends CommandHelp {
  run(args: Arguments, terminal: Terminal): Promise<void>;
}

const STEPS = `What is done to the rows is done in the order of the options. Expressions: + - * / // % **, = != < <= > >=, and or xor not, is [not] null,
[not] in (1, 2), [not] between 1 and 2, abs(x), fillNull(x, 0), cast(x as float64); 'text', 1.5, true, null; \`odd names\` in backticks.`;

const COMMANDS: readonly Command[] = [
  {
    name: "demo",
    usage: "demo [options]",
    summary: "makes CSV files and sums revenue by product",
    options: DEMO_OPTIONS,
    run: demo,
  },
  {
    name: "run",
    usage: "run FILES… | pipeline.json [options]",
    summary: "computes over your own CSV files (paths, globs, s3:// URLs), or a pipeline",
    options: RUN_OPTIONS,
    more: STEPS,
    run,
  },
  {
    name: "sql",
    usage: 'sql "QUERY" | query.sql [options]',
    summary: "computes a query; tables are files, as 'sales_*.csv' or 's3://bucket/x.parquet'",
    options: SQL_OPTIONS,
    run: runSql,
  },
  {
    name: "plan",
    usage: "plan FILES… | pipeline.json [options]",
    summary: "prints what would run: shards, bytes, memory, what was fused (--json: the plan itself)",
    options: PLAN_OPTIONS,
    more: STEPS,
    run: plan,
  },
  {
    name: "deploy",
    usage: "deploy [options] [-- CDK OPTIONS]",
    summary: "makes or updates a stack in your AWS account, by the CDK",
    options: DEPLOY_OPTIONS,
    more: "What stands behind -- goes to cdk deploy, as: -- -c workMemory=3008 --method direct",
    run: async (args, terminal) => (await import("./deploy.ts")).deploy(args, terminal),
  },
  {
    name: "destroy",
    usage: "destroy [options] [-- CDK OPTIONS]",
    summary: "removes the stack; its bucket stays",
    options: DEPLOY_OPTIONS,
    run: async (args, terminal) => (await import("./deploy.ts")).destroy(args, terminal),
  },
  {
    name: "doctor",
    usage: "doctor [options]",
    summary: "says what of credentials, region, stack, bucket, quota and code is in order, and what to do",
    options: STACK_OPTIONS,
    run: async (args, terminal) => (await import("./doctor.ts")).doctor(args, terminal),
  },
  {
    name: "submit",
    usage: "submit pipeline.json [options]",
    summary: "starts a pipeline on a stack, and prints the run's id",
    options: SUBMIT_OPTIONS,
    run: async (args, terminal) => (await import("./cloud-runs.ts")).submit(args, terminal),
  },
  {
    name: "status",
    usage: "status [RUN] [options]",
    summary: "lists a stack's runs, or says how far one is",
    options: STATUS_OPTIONS,
    run: async (args, terminal) => (await import("./cloud-runs.ts")).status(args, terminal),
  },
  {
    name: "logs",
    usage: "logs RUN [options]",
    summary: "prints what the functions' logs say of a run",
    options: LOGS_OPTIONS,
    run: async (args, terminal) => (await import("./cloud-runs.ts")).logs(args, terminal),
  },
  {
    name: "cancel",
    usage: "cancel RUN [options]",
    summary: "stops a run",
    options: STACK_OPTIONS,
    run: async (args, terminal) => (await import("./cloud-runs.ts")).cancel(args, terminal),
  },
  {
    name: "resume",
    usage: "resume RUN [options]",
    summary: "lets a run go on that failed or was stopped; what is done is not done again",
    options: RESUME_OPTIONS,
    run: async (args, terminal) => (await import("./cloud-runs.ts")).resume(args, terminal),
  },
  {
    name: "result",
    usage: "result RUN [options]",
    summary: "waits for a run, and prints what it gave or writes it to a file",
    options: RESULT_OPTIONS,
    run: async (args, terminal) => (await import("./cloud-runs.ts")).result(args, terminal),
  },
  {
    name: "invoke-local",
    usage: "invoke-local EVENT.json [options]",
    summary: "does on this machine what a stack would do with an event (see events/)",
    options: INVOKE_OPTIONS,
    run: async (args, terminal) => (await import("./invoke-local.ts")).invokeLocal(args, terminal),
  },
];

/** Runs a command line, and gives its exit status. */
export async function main(argv: readonly string[]): Promise<number> {
  const interrupt = onInterrupt();
  try {
    return await dispatch(argv, interrupt.signal);
  } catch (error) {
    if (error instanceof PipeClosedError) return 0;
    const status = interrupt.status();
    if (status !== undefined && (error instanceof CancelledError || interrupt.signal.reason === error)) {
      process.stderr.write("interrupted\n");
      return status;
    }
    process.stderr.write(`${reportError(error, reportOptions(argv))}\n`);
    return error instanceof UsageError ? 2 : 1;
  } finally {
    interrupt.stop();
  }
}

async function dispatch(argv: readonly string[], signal: AbortSignal): Promise<number> {
  const [name, ...rest] = argv;
  if (name === "--version" || name === "version") return print(await version());
  if (name === undefined || name === "--help" || name === "-h" || name === "help") return help(rest);
  const command = commandOf(name);
  const args = readArguments(rest, command.options);
  if (args.has("help")) return print(commandHelp(command));
  await command.run(args, processTerminal({ quiet: args.has("quiet"), signal }));
  return 0;
}

function help([name]: readonly string[]): number {
  return print(name === undefined || name.startsWith("-") ? overview(COMMANDS) : commandHelp(commandOf(name)));
}

function commandOf(name: string): Command {
  const command = COMMANDS.find((known) => known.name === name);
  if (command !== undefined) return command;
  const names = [...COMMANDS.map((known) => known.name), "help"];
  const near = nearestNames(name, names);
  throw new UsageError(
    name.startsWith("-") ? `A command comes first, found ${name}.` : `There is no command ${JSON.stringify(name)}.`,
    near.length > 0 ? `did you mean ${near.join(" or ")}?` : `commands are ${names.join(", ")}.`,
  );
}

function print(text: string): number {
  process.stdout.write(`${text}\n`);
  return 0;
}

async function version(): Promise<string> {
  const text = await readFile(new URL("../package.json", LIBRARY_URL), "utf8");
  return (JSON.parse(text) as { version: string }).version; // our own package.json: the field is there
}

/** Also when the command line could not be understood. */
function reportOptions(argv: readonly string[]) {
  const mark = (text: string) => (mayColour(process.stderr) ? `\x1b[31m${text}\x1b[39m` : text);
  return { json: argv.includes("--json"), debug: argv.includes("--debug"), mark };
}

/** npm and timeout pass a signal on that the terminal has sent already: what comes within this time is the same Ctrl-C. In milliseconds. */
const SAME_INTERRUPT_MS = 500;

/** The first Ctrl-C (or SIGTERM) aborts the signal, so that all is cleaned up; the second ends the process at once. */
function onInterrupt(): { signal: AbortSignal; status: () => number | undefined; stop: () => void } {
  const abort = new AbortController();
  let status: number | undefined;
  let first = 0;
  const listeners = (
    [
      ["SIGINT", 130],
      ["SIGTERM", 143],
    ] as const
  ).map(([name, code]) => {
    const listener = () => {
      if (status !== undefined) {
        if (performance.now() - first > SAME_INTERRUPT_MS) process.exit(code);
        return;
      }
      status = code;
      first = performance.now();
      abort.abort(new CancelledError("Interrupted."));
    };
    process.on(name, listener);
    return () => process.off(name, listener);
  });
  return { signal: abort.signal, status: () => status, stop: () => listeners.forEach((off) => off()) };
}
