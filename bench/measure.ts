/** For the Abanico side of a job: runs the work twice and prints the report that the harness reads. */
import { readFileSync } from "node:fs";
import type { Client } from "../lib/index.ts";
import type * as Abanico from "../lib/index.ts";
import type { Answer } from "./job.ts";

/** Abanico as it is installed: compiled by run.ts, which says where it is. From the sources where it does not. */
export async function loadAbanico(): Promise<typeof Abanico> {
  // The cast says what the compiled entry is: the same module.
  return (await import(process.env["ABANICO_ENTRY"] ?? "../lib/index.ts")) as typeof Abanico;
}

/** What is looked at after it was timed: what a job wrote, or an answer that is too large to be told inside. */
export interface Outputs {
  readonly outputBytes?: number;
  readonly answer: Answer;
}

/** Times `open` (which starts the client) with the first run of `work`, then `work` again. `outputs`: for work whose answer lies in files. */
export async function report(
  open: () => Promise<Client>,
  work: () => Promise<Answer>,
  outputs?: () => Promise<Outputs>,
): Promise<void> {
  const marks = [mark()];
  await using _client = await open();
  const answer = await work();
  marks.push(mark());
  await work();
  marks.push(mark());
  const [start, first, end] = marks;
  const times = {
    seconds: first.seconds - start.seconds,
    againSeconds: end.seconds - first.seconds,
    cpuSeconds: first.cpu - start.cpu,
    againCpuSeconds: end.cpu - first.cpu,
  };
  const peakRssBytes = peakRss();
  console.log(JSON.stringify({ ...times, peakRssBytes, answer, ...(await outputs?.()) }));
}

function mark(): { readonly seconds: number; readonly cpu: number } {
  const { user, system } = process.cpuUsage();
  return { seconds: performance.now() / 1_000, cpu: (user + system) / 1_000_000 };
}

/**
 * The peak resident memory of this process with all its threads, in bytes. Linux: VmHWM, since `maxRSS` there also
 * counts what the parent held when it forked.
 */
export function peakRss(): number {
  try {
    const kibibytes = /^VmHWM:\s*(\d+) kB$/m.exec(readFileSync("/proc/self/status", "utf8"))?.[1];
    if (kibibytes !== undefined) return Number(kibibytes) * 1_024;
  } catch {
    // Not Linux: below.
  }
  return process.resourceUsage().maxRSS * 1_024;
}
