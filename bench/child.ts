/** One run of one side: a fresh process, timed from its start to its end. */
import { spawn } from "node:child_process";
import type { Answer, Report, Run, Side } from "./job.ts";

const TIMEOUT_SECONDS = 900;

export async function runSide(side: Side): Promise<Run> {
  const start = performance.now();
  const { code, stdout, stderr } = await execute(side.command, side.env);
  const wallSeconds = (performance.now() - start) / 1_000;
  if (code !== 0)
    throw new Error(`${side.name} ended with ${code}:\n${stderr.trim().split("\n").slice(-20).join("\n")}`);
  return { ...parseReport(side, stdout), wallSeconds };
}

interface Ended {
  /** Exit status or the name of the signal. */
  readonly code: number | string;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a command and collects what it prints. Rejects only if it cannot be started. */
export function execute(command: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<Ended> {
  const [program, ...args] = command;
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, {
      env: { ...process.env, ...env },
      stdio: ["ignore", "pipe", "pipe"],
      timeout: TIMEOUT_SECONDS * 1_000,
    });
    const out: Buffer[] = [];
    const err: Buffer[] = [];
    child.stdout.on("data", (bytes: Buffer) => out.push(bytes));
    child.stderr.on("data", (bytes: Buffer) => err.push(bytes));
    child.on("error", reject);
    child.on("close", (code, signal) =>
      resolve({
        code: code ?? signal ?? "nothing",
        stdout: Buffer.concat(out).toString(),
        stderr: Buffer.concat(err).toString(),
      }),
    );
  });
}

function parseReport(side: Side, stdout: string): Report {
  const line = stdout.trimEnd().split("\n").at(-1) ?? "";
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch (cause) {
    throw new Error(`${side.name} printed no report, but: ${line.slice(0, 200)}`, { cause });
  }
  if (!isReport(value)) throw new Error(`${side.name} printed another report than expected: ${line.slice(0, 200)}`);
  return value;
}

function isReport(value: unknown): value is Report {
  if (typeof value !== "object" || value === null) return false;
  const figures: Record<string, unknown> = { ...value };
  const { answer, outputBytes = 0 } = figures;
  const needed = ["seconds", "againSeconds", "cpuSeconds", "againCpuSeconds", "peakRssBytes"];
  return [...needed.map((name) => figures[name]), outputBytes].every((v) => typeof v === "number") && isAnswer(answer);
}

export function isAnswer(value: unknown): value is Answer {
  return typeof value === "object" && value !== null && Object.values(value).every((v) => typeof v === "number");
}
