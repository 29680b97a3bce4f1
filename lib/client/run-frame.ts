import type { Table } from "apache-arrow";
import { DataFrame } from "../collections/dataframe/dataframe.ts";
import { SCALAR_TYPES, type ScalarType } from "../collections/schema.ts";
import type { FrameNode, KeptNode } from "../collections/dataframe/nodes.ts";
import { inputsOf, sourcesOf, withInputs } from "../collections/dataframe/operation-nodes.ts";
import { InternalError, OptionError, SchemaWidenedError } from "../errors.ts";
import type { Frame } from "../kernels/frame/encode.ts";
import { encodeFrame } from "../kernels/frame/encode.ts";
import { loadFold } from "../kernels/registry.ts";
import { explainPlan } from "../plan/explain.ts";
import { lowerFrame, type LoweredFrame } from "../plan/lower/frame.ts";
import type { Plan, Ref, Work } from "../plan/plan.ts";
import type { RunEvent, RunResult, Runtime } from "../runtime/runtime.ts";
import { loadArrow, tableOfPieces, toArrow } from "./arrow.ts";
import type { Runner, RunnerHost } from "./runner.ts";
import { forgetWith } from "./forgotten.ts";

/** How frames are run. */
export const frameRunner: Runner<DataFrame, Table> = {
  compute: computeFrame,
  persist: persistFrame,
  explain: explainFrame,
  release: releaseFrame,
};

async function computeFrame(frame: DataFrame, runner: RunnerHost, signal: AbortSignal): Promise<Table> {
  return overRows(frame, runner, signal, async (ready) => tableOf(await runWidening(ready, runner, false, signal)));
}

/** Pieces of rows need not be one frame before they are a table. */
async function tableOf(run: { readonly lowered: LoweredFrame; readonly result: RunResult }): Promise<Table> {
  const { op, params } = foldOf(run.lowered.plan);
  if (op !== "frame.collect") return toArrow(await finished(run));
  const { collectedPieces } = await import("../kernels/frame/folds.ts");
  const rows = collectedPieces(params, run.result.partial as Frame[]); // what a partial of this fold is
  return rows === undefined ? toArrow(await finished(run)) : tableOfPieces(rows.schema, rows.pieces);
}

/** For a frame over a bag: makes rows of the bag's items first, which are let go of when `use` is through. */
export async function overRows<R>(
  frame: DataFrame,
  runner: RunnerHost,
  signal: AbortSignal,
  use: (ready: DataFrame) => Promise<R>,
): Promise<R> {
  const { ready, release } = await madeRows(frame, runner, signal);
  try {
    return await use(ready);
  } finally {
    await release();
  }
}

/** The frame over rows that are made of its bags' items, until they are released. */
export async function madeRows(
  frame: DataFrame,
  runner: RunnerHost,
  signal: AbortSignal,
): Promise<{ readonly ready: DataFrame; release(): Promise<void> }> {
  if (!sourcesOf(frame.node).some(({ kind }) => kind === "bag")) return { ready: frame, release: async () => {} };
  const { keepFrame } = await import("./run-bag.ts");
  const kept: KeptNode[] = [];
  const overKept = async (node: FrameNode): Promise<FrameNode> => {
    if (node.kind === "bag") {
      kept.push(await keepFrame(node.bag, node.types, runner, signal));
      return kept[kept.length - 1];
    }
    const inputs: FrameNode[] = [];
    for (const input of inputsOf(node)) inputs.push(await overKept(input));
    return withInputs(node, inputs);
  };
  const release = async () => {
    for (const node of kept) for (const run of runsOf(node)) await runner.runtime.release(run);
  };
  try {
    return { ready: new DataFrame(await overKept(frame.node)), release };
  } catch (error) {
    await release();
    throw error;
  }
}

export async function foldedFrame(frame: DataFrame, runner: RunnerHost, signal: AbortSignal): Promise<Frame> {
  return finished(await runWidening(frame, runner, false, signal));
}

export async function finished({ lowered, result }: { lowered: LoweredFrame; result: RunResult }): Promise<Frame> {
  const { op, params } = foldOf(lowered.plan);
  const fold = await loadFold(op, params);
  return (await fold.finish(result.partial)) as Frame; // frame plans end in folds that finish as frames
}

function foldOf({ stages }: Plan): Work {
  const { output } = stages[stages.length - 1];
  if (output.kind !== "fold") throw new InternalError("A frame's plan does not end in a fold.");
  return output.fold;
}

/** Runs a frame and keeps its rows with the runtime. */
function persistFrame(frame: DataFrame, runner: RunnerHost, signal: AbortSignal): Promise<DataFrame> {
  return overRows(frame, runner, signal, (ready) => persistRows(ready, runner, signal));
}

/** The rows of a frame over no bags. */
export async function persistRows(frame: DataFrame, runner: RunnerHost, signal: AbortSignal): Promise<DataFrame> {
  const run = await runWidening(frame, runner, true, signal);
  const { refs, report } = run.result;
  if (refs === undefined) return keepFolded(await finished(run), runner);
  const { recordsOut: rows, bytesOut: bytes } = report.stages[report.stages.length - 1];
  return keptFrame({ kind: "kept", schema: run.lowered.schema, refs, rows, bytes }, runner.runtime);
}

/** A folded frame is one part. */
async function keepFolded({ schema, batch }: Frame, { runtime }: RunnerHost): Promise<DataFrame> {
  const bytes = encodeFrame({ schema, batch });
  const refs = [await runtime.keep(bytes)];
  return keptFrame({ kind: "kept", schema, refs, rows: batch.rows, bytes: bytes.length }, runtime);
}

/** A frame over kept rows. They are released with the last frame that is made from it: all of those hold its node. */
export function keptFrame(node: KeptNode, runtime: Runtime): DataFrame {
  for (const run of runsOf(node)) forgetWith(node, run, runtime);
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
export async function explainFrame(
  frame: DataFrame,
  { store, runtime }: Pick<RunnerHost, "store"> & Partial<Pick<RunnerHost, "runtime">>,
): Promise<string> {
  const bag = sourcesOf(frame.node).find((source) => source.kind === "bag");
  if (bag !== undefined)
    return (await import("./run-bag.ts")).explainBag(bag.bag, { store, ...(runtime === undefined ? {} : { runtime }) });
  const known = runtime === undefined ? {} : { taskBytes: runtime.taskBytes, fetch: (ref: Ref) => runtime.fetch(ref) };
  const { plan, schema } = await lowerFrame(frame.node, { store, ...known });
  return explainPlan(plan, schema, runtime?.explainCost?.(plan));
}

/**
 * Runs the frame's plan; when a shard holds a value of a wider type than the sample showed, plans again with that type.
 * Ends, since each column widens at most twice (int64, float64, string).
 */
async function runWidening(
  frame: DataFrame,
  host: RunnerHost,
  keep: boolean,
  signal: AbortSignal,
): Promise<{ lowered: LoweredFrame; result: RunResult }> {
  const ran = await runChanged(frame, host, keep, signal, (plan) => plan);
  if (ran.result === undefined) throw new InternalError("A frame's plan was not run.");
  return { lowered: ran.lowered, result: ran.result };
}

/** As `runWidening`, with the plan changed before it is run; not run where `change` gives none. */
export async function runChanged(
  frame: DataFrame,
  { runtime, store, onEvent }: RunnerHost,
  keep: boolean,
  signal: AbortSignal,
  change: (plan: Plan) => Plan | undefined,
): Promise<{ lowered: LoweredFrame; result: RunResult | undefined }> {
  runtime.prepare(["frame.scan"]);
  const widened = new Map<string, Map<string, ScalarType>>();
  for (;;) {
    const lowered = await lowerFrame(frame.node, {
      store,
      widened,
      keep,
      signal,
      taskBytes: runtime.taskBytes,
      fetch: (ref) => runtime.fetch(ref),
    });
    const plan = change(lowered.plan);
    if (plan === undefined) return { lowered, result: undefined };
    try {
      return {
        lowered,
        result: await runtime.run(plan, { signal, onEvent: keep ? onEvent : withArrow(onEvent) }),
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

/** Takes a note of what has to be wider. @throws the error, where that is known already */
export function noteWidened(error: SchemaWidenedError, widened: Map<string, Map<string, ScalarType>>): void {
  const { columns, url } = error.fields;
  if (typeof columns !== "object" || columns === null || typeof url !== "string") throw error;
  const ofFile = widened.get(url) ?? new Map<string, ScalarType>();
  widened.set(url, ofFile);
  for (const [name, type] of Object.entries(columns)) {
    const wider = SCALAR_TYPES.find((known) => known === type);
    if (wider === undefined || ofFile.get(name) === wider) throw error;
    ofFile.set(name, wider);
  }
}
