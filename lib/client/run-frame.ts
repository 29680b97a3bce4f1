import type { Table } from "apache-arrow";
import { DataFrame } from "../collections/dataframe/dataframe.ts";
import { SCALAR_TYPES, type ScalarType } from "../collections/schema.ts";
import type { FrameNode, KeptNode } from "../collections/dataframe/nodes.ts";
import { InternalError, OptionError, SchemaWidenedError } from "../errors.ts";
import type { Frame } from "../kernels/frame/encode.ts";
import { encodeFrame } from "../kernels/frame/encode.ts";
import { loadFold } from "../kernels/registry.ts";
import { explainPlan } from "../plan/explain.ts";
import { isScan, lowerFrame, type LoweredFrame } from "../plan/lower/frame.ts";
import type { RunEvent, RunResult, Runtime } from "../runtime/runtime.ts";
import { loadArrow, toArrow } from "./arrow.ts";
import type { Runner, RunnerHost } from "./runner.ts";

/** How frames are run. */
export const frameRunner: Runner<DataFrame, Table> = {
  compute: computeFrame,
  persist: persistFrame,
  explain: explainFrame,
  release: releaseFrame,
};

async function computeFrame(frame: DataFrame, runner: RunnerHost, signal: AbortSignal): Promise<Table> {
  return overRows(frame, runner, signal, async (ready) => toArrow(await foldedFrame(ready, runner, signal)));
}

/** For a frame over a bag: makes rows of the bag's items first, which are let go of when `use` is through. */
async function overRows<R>(
  frame: DataFrame,
  runner: RunnerHost,
  signal: AbortSignal,
  use: (ready: DataFrame) => Promise<R>,
): Promise<R> {
  const bag = sourceOf(frame.node);
  if (bag.kind !== "bag") return use(frame);
  const { keepFrame } = await import("./run-bag.ts");
  const kept = await keepFrame(bag.bag, bag.types, runner, signal);
  try {
    return await use(new DataFrame(withSource(frame.node, kept)));
  } finally {
    for (const run of runsOf(kept)) await runner.runtime.release(run);
  }
}

function sourceOf(node: FrameNode): FrameNode {
  let at = node;
  while ("input" in at) at = at.input;
  return at;
}

function withSource(node: FrameNode, source: FrameNode): FrameNode {
  return "input" in node ? { ...node, input: withSource(node.input, source) } : source;
}

async function foldedFrame(frame: DataFrame, runner: RunnerHost, signal: AbortSignal): Promise<Frame> {
  const { lowered, result } = await runWidening(frame, runner, false, signal);
  const { output } = lowered.plan.stages[lowered.plan.stages.length - 1];
  if (output.kind !== "fold") throw new InternalError("A frame's plan does not end in a fold.");
  const fold = await loadFold(output.fold.op, output.fold.params);
  return (await fold.finish(result.partial)) as Frame; // frame plans end in folds that finish as frames
}

/** Runs a frame and keeps its rows with the runtime. */
function persistFrame(frame: DataFrame, runner: RunnerHost, signal: AbortSignal): Promise<DataFrame> {
  return overRows(frame, runner, signal, (ready) => persistRows(ready, runner, signal));
}

async function persistRows(frame: DataFrame, runner: RunnerHost, signal: AbortSignal): Promise<DataFrame> {
  if (!isScan(frame.node)) return persistFolded(frame, runner, signal);
  const { lowered, result } = await runWidening(frame, runner, true, signal);
  const { refs = [], report } = result;
  const [{ recordsOut: rows, bytesOut: bytes }] = report.stages;
  return keptFrame({ kind: "kept", schema: lowered.schema, refs, rows, bytes }, runner.runtime);
}

/** A folded frame is one part. */
async function persistFolded(frame: DataFrame, runner: RunnerHost, signal: AbortSignal): Promise<DataFrame> {
  const { schema, batch } = await foldedFrame(frame, runner, signal);
  const bytes = encodeFrame({ schema, batch });
  const refs = [await runner.runtime.keep(bytes)];
  return keptFrame({ kind: "kept", schema, refs, rows: batch.rows, bytes: bytes.length }, runner.runtime);
}

/** Runtimes of kept rows that nothing mentions any more are told to forget them. */
const forgotten = new FinalizationRegistry<{ readonly runtime: Runtime; readonly run: string }>(({ runtime, run }) => {
  void runtime.release(run).catch(() => undefined);
});

/** A frame over kept rows. They are released with the last frame that is made from it: all of those hold its node. */
function keptFrame(node: KeptNode, runtime: Runtime): DataFrame {
  for (const run of runsOf(node)) forgotten.register(node, { runtime, run });
  return new DataFrame(node);
}

async function releaseFrame({ node }: DataFrame, { runtime }: RunnerHost): Promise<void> {
  if (node.kind !== "kept")
    throw new OptionError("release(…) expects a frame that persist() gave.", {
      fix: "release that one, not one made from it.",
    });
  for (const run of runsOf(node)) await runtime.release(run);
}

function runsOf({ refs }: KeptNode): Set<string> {
  return new Set(refs.map(({ run }) => run));
}

/** What would run; no client is needed. */
export async function explainFrame(frame: DataFrame, { store }: Pick<RunnerHost, "store">): Promise<string> {
  const source = sourceOf(frame.node);
  if (source.kind === "bag") return (await import("./run-bag.ts")).explainBag(source.bag, { store });
  const { plan, schema } = await lowerFrame(frame.node, { store });
  return explainPlan(plan, schema);
}

/**
 * Runs the frame's plan; when a shard holds a value of a wider type than the sample showed, plans again with that type.
 * Ends, since each column widens at most twice (int64, float64, string).
 */
async function runWidening(
  frame: DataFrame,
  { runtime, store, onEvent }: RunnerHost,
  keep: boolean,
  signal: AbortSignal,
): Promise<{ lowered: LoweredFrame; result: RunResult }> {
  runtime.prepare(["frame.scan"]);
  const widened = new Map<string, ScalarType>();
  for (;;) {
    const lowered = await lowerFrame(frame.node, { store, widened, keep, signal });
    try {
      return {
        lowered,
        result: await runtime.run(lowered.plan, { signal, onEvent: keep ? onEvent : withArrow(onEvent) }),
      };
    } catch (error) {
      if (!(error instanceof SchemaWidenedError)) throw error;
      noteWidened(error, widened);
    }
  }
}

/** Loads Arrow's library once the workers have their first tasks, so that it costs nothing at the end. */
function withArrow(onEvent: (event: RunEvent) => void): (event: RunEvent) => void {
  let begun = false;
  return (event) => {
    onEvent(event);
    if (begun || event.type !== "task-started") return;
    begun = true;
    // Where it cannot be loaded, `toArrow` says so.
    setImmediate(() => void loadArrow().catch(() => undefined));
  };
}

function noteWidened(error: SchemaWidenedError, widened: Map<string, ScalarType>): void {
  const columns = error.fields["columns"];
  if (typeof columns !== "object" || columns === null) throw error;
  for (const [name, type] of Object.entries(columns)) {
    const wider = SCALAR_TYPES.find((known) => known === type);
    if (wider === undefined || widened.get(name) === wider) throw error;
    widened.set(name, wider);
  }
}
