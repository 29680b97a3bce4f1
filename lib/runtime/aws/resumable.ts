import { amended } from "../../amended.ts";
import type { ErrorRecord } from "../../errors.ts";
import type { RunRequest } from "./protocol.ts";

/**
 * Errors that may be gone the next time while the run asks for the same: what passes by itself, time that was too short, a stop by hand, permissions that are given
 * (back), a function that gets more memory. A task's own error is not among them, though what it came from may be gone too: `resume` runs the task again all the same.
 */
const MAY_PASS = ["Cancelled", "Stalled", "StoreFault", "TaskTimeout", "Unreadable", "WorkerDied"];

/** The error of a run that failed, which says how to go on, and where a write has left its first files. `isKnown`: whether it is known to pass, whatever its name is. */
export function resumable(
  record: ErrorRecord,
  { run, what }: Pick<RunRequest, "run" | "what">,
  isKnown = false,
): ErrorRecord {
  // Where the write itself has said so (client/run-write.ts), it knows more of it.
  const told = typeof record.fields?.["left"] === "string";
  const left = !told && what.kind === "collection" ? what.write?.path : undefined;
  const mayPass = isKnown || (record.tag !== undefined && MAY_PASS.includes(record.tag)) || record.retryable === true;
  if (!mayPass && !told && left === undefined) return record;
  const note = `what the write has put to ${left} so far is not all of it. It stays for the run to be resumed; delete it where it is not to be.`;
  const then = `npx abanico resume ${run}, or await client.resume("${run}"), goes on: what is done is not done again.`;
  return amended(record, {
    ...(left === undefined ? {} : { note }),
    fix: record.fix === undefined ? then : `Then ${then}`,
    fields: { run, ...(left === undefined ? {} : { left }) },
  });
}
