import type { CallableRef } from "../../callables/reference.ts";
import { AbanicoError, TaskError, fromErrorRecord, toErrorRecord } from "../../errors.ts";
import type { CallsJob } from "../executor.ts";

/** Functions are named, the most called first, up to so many. */
const NAMED = 5;

/**
 * What a graph fails with, where a wave has: of a call its own error, as it is on a thread. Anything else (a function's memory or time, a store) is told with the calls that it happened to.
 */
export function errorOfWave(
  thrown: unknown,
  jobs: readonly CallsJob[],
  functions: ReadonlyMap<number, CallableRef>,
): Error {
  if (!(thrown instanceof Error)) return new Error(String(thrown), { cause: thrown });
  if (thrown instanceof TaskError && "call" in thrown.fields && thrown.cause instanceof Error) return thrown.cause;
  if (!(thrown instanceof AbanicoError) || thrown.tag === "Cancelled") return thrown;
  const { task } = thrown.fields;
  const hit = typeof task === "number" && task in jobs ? [jobs[task]] : jobs;
  const record = toErrorRecord(thrown);
  return fromErrorRecord({ ...record, message: `${record.message}\n  calls: ${namesIn(hit, functions)}` });
}

function namesIn(jobs: readonly CallsJob[], functions: ReadonlyMap<number, CallableRef>): string {
  const counts = new Map<string, number>();
  for (const { packed } of jobs) {
    const view = new DataView(packed.bytes.buffer, packed.bytes.byteOffset, packed.bytes.byteLength);
    for (const start of packed.starts) {
      // A call begins with its function, see wire.ts.
      const name = functions.get(view.getUint32(start, true))?.name;
      const shown = name === undefined || name === "" ? "anonymous" : name;
      counts.set(shown, (counts.get(shown) ?? 0) + 1);
    }
  }
  const names = [...counts]
    .sort(([, a], [, b]) => b - a)
    .map(([name, count]) => (count === 1 ? name : `${name} × ${count.toLocaleString("en")}`));
  const more = names.length - NAMED;
  return names.slice(0, NAMED).join(", ") + (more > 0 ? `, … ${more} more` : "");
}
