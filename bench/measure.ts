/** For the Abanico side of a job: runs the work once and prints the report that the harness reads. */
import { readFileSync } from "node:fs";
import type { Answer } from "./job.ts";

export async function report(work: () => Promise<Answer>): Promise<void> {
  const start = performance.now();
  const answer = await work();
  const seconds = (performance.now() - start) / 1_000;
  console.log(JSON.stringify({ seconds, peakRssBytes: peakRss(), answer }));
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
