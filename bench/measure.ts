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

/** Times `open` (which starts the client) with the first run of `work`, then `work` again. */
export async function report(open: () => Promise<Client>, work: () => Promise<Answer>): Promise<void> {
  const start = performance.now();
  await using _client = await open();
  const answer = await work();
  const first = performance.now();
  await work();
  const end = performance.now();
  const times = { seconds: (first - start) / 1_000, againSeconds: (end - first) / 1_000 };
  console.log(JSON.stringify({ ...times, peakRssBytes: peakRss(), answer }));
}

/**
 * The peak resident memory of this process with all its threads, in bytes. Linux: VmHWM, since `maxRSS` there also
 * counts what the parent held when it forked.
 */
function peakRss(): number {
  try {
    const kibibytes = /^VmHWM:\s*(\d+) kB$/m.exec(readFileSync("/proc/self/status", "utf8"))?.[1];
    if (kibibytes !== undefined) return Number(kibibytes) * 1_024;
  } catch {
    // Not Linux: below.
  }
  return process.resourceUsage().maxRSS * 1_024;
}
