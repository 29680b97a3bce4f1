import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, readdirSync, readFileSync, rmdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import type { Synthesized } from "../../cdk/synth.ts";

export const STACK = "Emulated";
export const PREPARED = "prepared.json";

const root = fileURLToPath(new URL("../../", import.meta.url));
/** Inside node_modules, since the image worker's bundle looks for sharp from where it lies. */
const folder = join(root, "node_modules/.cache/abanico-cloud");
const SOURCES = ["lib", "cdk", "functions", "scripts", "package.json"];

/** The stack as a template and its functions' bundles, made anew where a source has changed since. Test files wait for each other. */
export async function prepared(): Promise<Synthesized> {
  mkdirSync(folder, { recursive: true });
  const lock = join(folder, "lock");
  while (!taken(lock)) await sleep(200);
  try {
    const file = join(folder, PREPARED);
    if (changedAt(file) < Math.max(...SOURCES.map((source) => newest(join(root, source))))) await prepare();
    return JSON.parse(readFileSync(file, "utf8")) as Synthesized; // prepare.ts wrote it
  } finally {
    rmdirSync(lock);
  }
}

async function prepare(): Promise<void> {
  const script = fileURLToPath(new URL("./prepare.ts", import.meta.url));
  const child = spawn(process.execPath, [script, folder], { stdio: ["ignore", "ignore", "inherit"] });
  const [status]: readonly unknown[] = await once(child, "exit");
  if (status !== 0) throw new Error(`the stack could not be prepared: node ${script} ended with ${status}`);
}

/** Whether the lock is ours now. One that is minutes old was left by a run that was killed. */
function taken(lock: string): boolean {
  try {
    mkdirSync(lock);
    return true;
  } catch {
    const at = changedAt(lock);
    if (at > 0 && Date.now() - at > 180_000) rmdirSync(lock);
    return false;
  }
}

function newest(path: string): number {
  if (!statSync(path).isDirectory()) return changedAt(path);
  const times = readdirSync(path, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => changedAt(join(entry.parentPath, entry.name)));
  return Math.max(0, ...times);
}

/** Milliseconds since 1970; 0 where there is nothing. */
function changedAt(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0;
}
