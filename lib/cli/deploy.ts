import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { CancelledError, NotFoundError, UnreadableError } from "../errors.ts";
import { LIBRARY_EXTENSION, LIBRARY_URL } from "../root.ts";
import type { Arguments } from "./arguments.ts";
import { stackOf } from "./cloud-arguments.ts";
import type { Terminal } from "./terminal.ts";

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

async function cdk(command: "deploy" | "destroy", args: Arguments, terminal: Terminal, run: RunCdk): Promise<void> {
  const status = await run(cdkCall(command, args), terminal.signal);
  if (terminal.signal.aborted) throw new CancelledError("Interrupted.");
  if (status !== 0)
    throw new UnreadableError(`cdk ${command} ended with status ${status}.`, {
      fields: { command, status },
      fix: "see what it said above; cdk bootstrap has to have run once in the account and region.",
    });
}

/** @throws NotFoundError where the CDK is not installed, UsageError */
export function cdkCall(command: "deploy" | "destroy", args: Arguments): CdkCall {
  const { stack, region } = stackOf(args);
  const app = appFile();
  const node = [process.execPath, ...(app.endsWith(".ts") ? ["--disable-warning=ExperimentalWarning"] : []), app];
  return {
    command: process.execPath,
    args: [
      cdkFile(),
      command,
      stack,
      "--app",
      node.map((part) => JSON.stringify(part)).join(" "),
      "--context",
      `stackName=${stack}`,
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

function cdkFile(): string {
  const require = createRequire(import.meta.url);
  try {
    return join(dirname(require.resolve("aws-cdk/package.json")), "bin", "cdk");
  } catch (cause) {
    throw new NotFoundError("The CDK is not installed beside this package.", {
      cause,
      fix: "npm install --save-dev aws-cdk aws-cdk-lib constructs",
    });
  }
}

const runCdk: RunCdk = ({ command, args, env }, signal) =>
  new Promise((resolve, reject) => {
    const child = spawn(command, args, { env, stdio: "inherit", signal });
    child.on("error", (error) => (error.name === "AbortError" ? resolve(1) : reject(error)));
    child.on("close", (code) => resolve(code ?? 1));
  });
