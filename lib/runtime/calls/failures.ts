import { AbanicoError, GraphError, TaskTimeoutError, WorkerDiedError } from "../../errors.ts";
import type { Loss } from "../executor.ts";
import type { CallNode } from "./node.ts";

/** After the death of its worker a call may run again so often, whatever its retries: it may not have been its fault. */
const DEATHS = 2;

/** Whether a call that has just failed with this may run again. `lanes`: those there are. */
export function mayRetry(node: CallNode, error: Error, lanes: readonly number[]): boolean {
  const { retries, lane } = node.options;
  if (lane !== undefined && !lanes.includes(lane)) return false;
  if (error instanceof WorkerDiedError) return node.deaths <= Math.max(DEATHS, retries);
  if (error instanceof AbanicoError && !error.retryable) return false;
  return node.failures <= retries;
}

/** The error of a call whose worker was lost. */
export function lossErrorOf(node: CallNode, loss: Loss): AbanicoError {
  const { timeoutMs } = node.options;
  const fields = { key: node.key, function: node.fn?.name ?? null, attempts: node.attempt };
  if (loss.timedOut) return callTimeoutError(fields, timeoutMs);
  if (loss.running !== node.id)
    return new WorkerDiedError(`${node.key} was for one worker, which is gone: ${loss.reason}.`, {
      fields: { ...fields, reason: loss.reason },
      fix: "run it again, on the workers that there are now.",
      retryable: true,
    });
  return new WorkerDiedError(`${node.key} took its worker down${times(node.deaths)}: ${loss.reason}.`, {
    fields: { ...fields, reason: loss.reason },
    fix: loss.reason.includes("memory")
      ? "give each call less to do, or raise memoryLimit."
      : "see what the function does to its process (exit, crash of native code).",
    retryable: true,
  });
}

/** The error of a call that took longer than it may. */
export function callTimeoutError(
  fields: { readonly key: string; readonly function: string | null; readonly attempts: number },
  timeoutMs: number | undefined,
): TaskTimeoutError {
  return new TaskTimeoutError(`${fields.key} ran longer than its limit of ${timeoutMs ?? 0} ms.`, {
    fields: { ...fields, timeoutMs },
    fix: "raise the limit, give each call less to do, or look for an endless loop in the function.",
    retryable: true,
  });
}

function times(count: number): string {
  return count === 1 ? "" : ` ${count} times`;
}

/** Where calls wait for each other: the cycle, as an error. `first`: one of calls none of which can go on. */
export function cycleFrom(first: CallNode): { readonly nodes: readonly CallNode[]; readonly error: Error } {
  const way: CallNode[] = [];
  const places = new Map<CallNode, number>();
  let node: CallNode | undefined = first;
  while (node !== undefined && !places.has(node)) {
    places.set(node, way.push(node) - 1);
    node = node.follows !== undefined && !node.follows.over ? node.follows : node.needs.find((need) => !need.over);
  }
  const nodes = node === undefined ? way : way.slice(places.get(node));
  const names = [...nodes, nodes[0]].map(({ key }) => key);
  const shown = names.length <= 12 ? names : [...names.slice(0, 6), "…", ...names.slice(-5)];
  const error = new GraphError(`These calls wait for each other, and none can begin: ${shown.join(" → ")}.`, {
    fields: { cycle: names.slice(0, 100) },
    fix: "break the cycle: a pure function may not need its own result for the same arguments.",
  });
  return { nodes, error };
}
