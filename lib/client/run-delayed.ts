import type { Collection } from "../collections/collection.ts";
import { Delayed } from "../collections/delayed/delayed.ts";
import { explainGraph } from "../collections/delayed/explain.ts";
import { buildGraph, type Graph } from "../collections/delayed/graph.ts";
import { Together } from "../collections/delayed/together.ts";
import { walk } from "../collections/delayed/walk.ts";
import { fromJSON } from "../collections/from-json.ts";
import { CancelledError, OptionError } from "../errors.ts";
import type { CallHandle } from "../runtime/calls/calls.ts";
import { runnerOf, type Runner, type RunnerHost } from "./runner.ts";

/** One node, or several whose results are wanted together. */
type Nodes = Delayed<unknown> | Together;

/** How graphs of calls are run. */
export const delayedRunner: Runner<Nodes, unknown> = {
  compute: computeDelayed,
  persist: persistDelayed,
  explain: explainDelayed,
  release: releaseDelayed,
};

async function computeDelayed(nodes: Nodes, host: RunnerHost, signal: AbortSignal): Promise<unknown> {
  const handles = await start(nodes, host, signal);
  try {
    const results = await unlessAborted(Promise.all(handles.map((handle) => handle.result())), signal);
    return nodes instanceof Together ? results : results[0];
  } finally {
    for (const handle of handles) handle.release();
  }
}

async function persistDelayed(nodes: Nodes, host: RunnerHost, signal: AbortSignal): Promise<Nodes> {
  const handles = await start(nodes, host, signal);
  try {
    await unlessAborted(Promise.all(handles.map(ended)), signal);
  } catch (error) {
    for (const handle of handles) handle.release();
    throw error;
  }
  const kept = handles.map(keptDelayed);
  return nodes instanceof Together ? new Together(kept) : kept[0];
}

/** Kept results that nothing mentions any more are let go. */
const forgotten = new FinalizationRegistry<CallHandle>((handle) => handle.release());

function keptDelayed(handle: CallHandle): Delayed<unknown> {
  const kept = new Delayed<unknown>({ fn: undefined, options: undefined }, [], handle);
  forgotten.register(kept, handle);
  return kept;
}

/** Settles when the call has ended; only an error is fetched. */
function ended(handle: CallHandle): Promise<unknown> {
  return new Promise((resolve) =>
    handle.whenDone(() => resolve(handle.status === "finished" ? undefined : handle.result())),
  );
}

async function explainDelayed(nodes: Nodes, host: RunnerHost): Promise<string> {
  const roots = rootsOf(nodes);
  const walked = walk(roots);
  const lines: string[] = [];
  const unknown = new Map<Collection<unknown>, unknown>();
  for (const other of walked.others) {
    const plan = await (await runnerOf(other)).explain(other, host);
    lines.push(`before      a ${other.kind}, whose result is an argument:`, plan.replace(/^/gm, "  "));
    unknown.set(other, undefined);
  }
  return [explainGraph(buildGraph(roots, walked, unknown)), ...lines].join("\n");
}

async function releaseDelayed(nodes: Nodes): Promise<void> {
  for (const { handle } of rootsOf(nodes)) {
    if (handle === undefined)
      throw new OptionError("release(…) expects a Delayed that persist() gave.", {
        fix: "release that one, not one made from it.",
      });
    handle.release();
  }
}

/** Computes a collection that a task has given, from its JSON. */
export async function computeCollection(json: unknown, host: RunnerHost, signal?: AbortSignal): Promise<unknown> {
  const collection = fromJSON(json);
  return (await runnerOf(collection)).compute(collection, host, signal ?? new AbortController().signal);
}

async function start(nodes: Nodes, host: RunnerHost, signal: AbortSignal): Promise<CallHandle[]> {
  if (signal.aborted) throw cancelled(signal);
  const { calls, wanted } = await graphOf(rootsOf(nodes), host, signal);
  if (signal.aborted) throw cancelled(signal);
  return host.runtime.calls.add(calls, wanted);
}

async function graphOf(roots: readonly Delayed<unknown>[], host: RunnerHost, signal: AbortSignal): Promise<Graph> {
  const walked = walk(roots);
  if (walked.others.size === 0) return buildGraph(roots, walked);
  const others = [...walked.others];
  const results = await Promise.all(others.map(async (one) => (await runnerOf(one)).compute(one, host, signal)));
  return buildGraph(roots, walked, new Map(others.map((one, i) => [one, results[i]])));
}

function rootsOf(nodes: Nodes): readonly Delayed<unknown>[] {
  return nodes instanceof Together ? nodes.roots : [nodes];
}

/** Stops waiting. The handles are not cancelled but released: others may wait for the same calls. */
function unlessAborted<T>(result: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const abort = () => reject(cancelled(signal));
    if (signal.aborted) abort();
    signal.addEventListener("abort", abort, { once: true });
    result.then(resolve, reject).finally(() => signal.removeEventListener("abort", abort));
  });
}

function cancelled(signal: AbortSignal): CancelledError {
  return new CancelledError("The run was cancelled.", { cause: signal.reason });
}
