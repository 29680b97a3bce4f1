import { spawn } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { CancelledError, NotFoundError, UnreadableError } from "../errors.ts";
import { LIBRARY_EXTENSION, LIBRARY_URL } from "../root.ts";
import type { Arguments } from "./arguments.ts";
import { stackOf } from "./cloud-arguments.ts";
import type { Terminal } from "./terminal.ts";

type Command = keyof typeof UNASKED;

/** How the CDK's command line is run. */
export interface CdkCall {
  readonly command: string;
  readonly args: readonly string[];
  readonly env: NodeJS.ProcessEnv;
}

export type RunCdk = (call: CdkCall, signal: AbortSignal) => Promise<number>;

/** `abanico deploy`: the CDK's `deploy` of this package's app; what stands behind `--` goes to it as it is. */
export async function deploy(args: Arguments, terminal: Terminal, run: RunCdk = runCdk): Promise<void> {
  const { url } = stackOf(args);
  await cdk("deploy", args, terminal, run);
  terminal.say(`deployed: Client.connect("${url}"); abanico doctor looks it over`);
}

/** `abanico destroy`: the stack goes, its bucket stays. */
export async function destroy(args: Arguments, terminal: Terminal, run: RunCdk = runCdk): Promise<void> {
  await cdk("destroy", args, terminal, run);
  terminal.say("the bucket stays, since it holds your data, unless it was deployed with -c removalPolicy=destroy");
}

async function cdk(command: Command, args: Arguments, terminal: Terminal, run: RunCdk): Promise<void> {
  const status = await withAssembly(args, (options) => run(cdkCall(command, args, options), terminal.signal));
  if (terminal.signal.aborted) throw new CancelledError("Interrupted.");
  if (status !== 0)
    throw new UnreadableError(`cdk ${command} ended with status ${status}.`, {
      fields: { command, status },
      fix: "see what it said above; it needs AWS credentials, cdk bootstrap to have run once in the account and region, and --yes where nobody can be asked.",
    });
}

/** Says where the CDK puts what it makes of the app: a folder that goes with the command, unless one is named. */
async function withAssembly<T>(args: Arguments, body: (options: readonly string[]) => Promise<T>): Promise<T> {
  const named = args.one("output");
  if (named !== undefined) return body(["--output", named]);
  // One that the CDK is told of itself.
  if (args.positionals.some((one) => /^(-o|--output)(=|$)/.test(one))) return body([]);
  const folder = await mkdtemp(join(tmpdir(), "abanico-cdk-"));
  try {
    return await body(["--output", folder]);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** What goes is not made first: no image worker, for which npm would fetch sharp. */
const CONTEXT = { deploy: [], destroy: ["--context", "imageWorker=false"] } as const;
/** Without a question. */
const UNASKED = { deploy: ["--require-approval", "never"], destroy: ["--force"] } as const;

/** `options`: of the CDK, before those that were given. @throws NotFoundError where the CDK is not installed, UsageError */
export function cdkCall(command: Command, args: Arguments, options: readonly string[] = []): CdkCall {
  const { stack, region } = stackOf(args);
  return {
    command: process.execPath,
    args: [
      cdkFile(),
      command,
      stack,
      "--app",
      appCommand(appFile()),
      "--context",
      `stackName=${stack}`,
      ...CONTEXT[command],
      ...options,
      ...(args.has("yes") ? UNASKED[command] : []),
      ...args.positionals,
    ],
    env: { ...process.env, AWS_REGION: region, AWS_DEFAULT_REGION: region },
  };
}

function appFile(): string {
  const places = LIBRARY_EXTENSION === ".ts" ? ["../cdk/app.ts"] : ["cdk/app.js", "../cdk/app.js"];
  const found = places.map((place) => fileURLToPath(new URL(place, LIBRARY_URL))).find((path) => existsSync(path));
  if (found !== undefined) return found;
  throw new NotFoundError("The package has no CDK app where it should be.", {
    fields: { places },
    fix: "install abanico again.",
  });
}

/** `--app` for a script. One of JavaScript is run by the CDK as it is. Of a command line it takes quotes away that stand at both ends: hence the space. */
export function appCommand(file: string): string {
  return file.endsWith(".ts") ? `"${process.execPath}" "${file}" ` : file;
}

/** What has to be installed beside this package, and the major version of each. */
const CDK = { "aws-cdk": 2, "aws-cdk-lib": 2, constructs: 10 } as const;

/** The CDK's own script. `from`: the module that looks for it. @throws NotFoundError where it, or what the app needs, is not there or of another version */
export function cdkFile(from: string | URL = import.meta.url): string {
  const { resolve } = createRequire(from);
  const wrong = Object.entries(CDK).flatMap(([name, major]) => {
    const found = versionAt(resolve, name);
    if (found === undefined) return [`${name} is not installed`];
    return found.startsWith(`${major}.`) ? [] : [`${name} is version ${found}`];
  });
  if (wrong.length === 0) return join(dirname(resolve("aws-cdk/package.json")), "bin", "cdk");
  throw new NotFoundError(`Deploying needs the CDK beside this package: ${wrong.join(", ")}.`, {
    fields: { wrong },
    fix: `npm install --save-dev ${Object.entries(CDK)
      .map(([name, major]) => `${name}@${major}`)
      .join(" ")}`,
  });
}

function versionAt(resolve: NodeJS.RequireResolve, name: string): string | undefined {
  try {
    // A manifest of npm, which has a version.
    return (JSON.parse(readFileSync(resolve(`${name}/package.json`), "utf8")) as { version: string }).version;
  } catch {
    return undefined; // it is not there, which is what was asked
  }
}

const runCdk: RunCdk = ({ command, args, env }, signal) =>
  new Promise((resolve, reject) => {
    const child = spawn(command, args, { env, stdio: "inherit", signal });
    child.on("error", (error) => (error.name === "AbortError" ? resolve(1) : reject(error)));
    child.on("close", (code) => resolve(code ?? 1));
  });
