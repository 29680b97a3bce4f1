import { spawn } from "node:child_process";
import { fileURLToPath } from "node:url";
import { vi } from "vitest";
import { main } from "../../lib/cli/main.ts";

const ENTRY = fileURLToPath(new URL("../../lib/cli/abanico.ts", import.meta.url));

export interface Ended {
  /** Exit status, or the name of the signal. */
  readonly code: number | string | null;
  readonly stdout: string;
  readonly stderr: string;
}

interface Settings {
  readonly cwd?: string;
  readonly env?: NodeJS.ProcessEnv;
  /** Sends SIGINT once this stands on standard error. */
  readonly interruptAt?: string;
  /** Closes standard output after the first bytes, as `head` does. */
  readonly closeEarly?: boolean;
}

/** Runs the command line in a process of its own, as a user does. */
export function abanico(args: readonly string[], { cwd, env, interruptAt, closeEarly }: Settings = {}): Promise<Ended> {
  const child = spawn(process.execPath, [ENTRY, ...args], {
    cwd,
    env: { ...process.env, ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let [stdout, stderr] = ["", ""];
  let interrupted = false;
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    stdout += text;
    if (closeEarly) child.stdout.destroy();
  });
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    stderr += text;
    if (interruptAt === undefined || interrupted || !stderr.includes(interruptAt)) return;
    interrupted = true;
    child.kill("SIGINT");
  });
  return new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (code, signal) => resolve({ code: code ?? signal, stdout, stderr }));
  });
}

/** Runs the command line in this process: quicker. What is written to this process's streams meanwhile is taken for its output. */
export async function abanicoHere(args: readonly string[]): Promise<Ended> {
  const [out, err]: [string[], string[]] = [[], []];
  const into = (lines: string[]) => (text: unknown) => lines.push(String(text)) > 0;
  const spies = [
    vi.spyOn(process.stdout, "write").mockImplementation(into(out)),
    vi.spyOn(process.stderr, "write").mockImplementation(into(err)),
  ];
  try {
    const code = await main(args);
    return { code, stdout: out.join(""), stderr: err.join("") };
  } finally {
    spies.forEach((spy) => spy.mockRestore());
  }
}
