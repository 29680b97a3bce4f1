import { isCollection } from "../collections/delayed/collections.ts";
import { Delayed } from "../collections/delayed/delayed.ts";
import { explainGraph } from "../collections/delayed/explain.ts";
import { buildGraph } from "../collections/delayed/graph.ts";
import { heldSource, isHandle } from "../collections/delayed/held.ts";
import { Together } from "../collections/delayed/together.ts";
import { walk } from "../collections/delayed/walk.ts";
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
  const held = (value: object) => heldSource(value) ?? (isCollection(value) ? { key: `a ${value.kind}` } : undefined);
  const lines = [explainGraph(buildGraph(roots, walked, held))];
  for (const other of walked.others) {
    const plan = await (await runnerOf(other)).explain(other, host);
    lines.push(`before      a ${other.kind}, whose result is an argument:`, plan.replace(/^/gm, "  "));
  }
  return lines.join("\n");
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

async function start(nodes: Nodes, host: RunnerHost, signal: AbortSignal): Promise<CallHandle[]> {
  if (signal.aborted) throw cancelled(signal);
  const roots = rootsOf(nodes);
  const { calls } = host.runtime;
  const holds = new Map<object, CallHandle>();
  const hold = (of: object, key: string, result: () => PromiseLike<unknown>): CallHandle => {
    const handle = holds.get(of) ?? calls.hold(Promise.resolve(result()), key);
    holds.set(of, handle);
    return handle;
  };
  const held = (value: object): CallHandle | undefined => {
    const source = heldSource(value);
    if (source !== undefined) return isHandle(source) ? source : hold(source, source.key, () => source.result());
    if (!isCollection(value)) return undefined;
    return hold(value, `a ${value.kind}`, async () => (await runnerOf(value)).compute(value, host, signal));
  };
  const graph = buildGraph(roots, walk(roots), held);
  const handles = calls.add(graph.calls, graph.wanted);
  // From here on the calls hold what they need.
  for (const handle of holds.values()) handle.release();
  return handles;
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
