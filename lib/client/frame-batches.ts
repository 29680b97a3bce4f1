import type { RecordBatch } from "apache-arrow";
import type { DataFrame } from "../collections/dataframe/dataframe.ts";
import type { ScalarType } from "../collections/schema.ts";
import { SchemaWidenedError } from "../errors.ts";
import { decodeFrame, type Frame } from "../kernels/frame/encode.ts";
import { lowerFrame } from "../plan/lower/frame.ts";
import type { Plan } from "../plan/plan.ts";
import { Intake } from "../runtime/intake.ts";
import { toArrow } from "./arrow.ts";
import { finished, madeRows, noteWidened } from "./run-frame.ts";
import type { RunnerHost } from "./runner.ts";

/** Runs a frame as its batches are taken; whoever stops taking them ends the run. See `DataFrame.batches`. */
export async function* frameBatches(
  frame: DataFrame,
  host: RunnerHost,
  given: AbortSignal | undefined,
): AsyncGenerator<RecordBatch, void, undefined> {
  const stop = new AbortController();
  const signal = given === undefined ? stop.signal : AbortSignal.any([stop.signal, given]);
  const { ready, release } = await madeRows(frame, host, signal);
  try {
    for await (const rows of framesOf(ready, host, signal))
      if (rows.batch.rows > 0) yield* (await toArrow(rows)).batches;
  } finally {
    stop.abort();
    await release();
  }
}

/** The frame's rows, a part at a time. Planned again with wider types only as long as no part has been given. */
async function* framesOf(frame: DataFrame, host: RunnerHost, signal: AbortSignal): AsyncGenerator<Frame> {
  const { runtime, store, onEvent } = host;
  const widened = new Map<string, Map<string, ScalarType>>();
  runtime.prepare(["frame.scan"]);
  for (;;) {
    const fetch = (ref: Parameters<typeof runtime.fetch>[0]) => runtime.fetch(ref);
    const known = { store, widened, signal, taskBytes: runtime.taskBytes, fetch };
    const lowered = await lowerFrame(frame.node, { ...known, keep: true });
    const isKept = lowered.plan.stages.at(-1)?.output.kind === "keep";
    let hasGiven = false;
    try {
      if (!isKept) yield await finished({ lowered, result: await runtime.run(lowered.plan, { signal, onEvent }) });
      else
        for await (const part of partsOf(lowered.plan, host, signal)) {
          yield part;
          hasGiven = true;
        }
      return;
    } catch (error) {
      if (!(error instanceof SchemaWidenedError) || hasGiven) throw error;
      noteWidened(error, widened);
    }
  }
}

/** What the plan's last stage keeps, as it comes; a few shards more than there are threads may wait. */
async function* partsOf(
  plan: Plan,
  { runtime, onEvent }: RunnerHost,
  signal: AbortSignal,
): AsyncGenerator<Frame, void, undefined> {
  const intake = new Intake(runtime.threads + 1);
  const ended = runtime.run(plan, { signal, onEvent, intake }).then(
    () => intake.changed(),
    (error: unknown) => intake.changed({ error }),
  );
  try {
    for (let bytes = await intake.take(); bytes !== undefined; bytes = await intake.take())
      yield decodeFrame(bytes, true);
    await ended;
  } finally {
    // Where the run is over already, what was not taken is still held.
    if (intake.run !== undefined) await runtime.release(intake.run);
  }
}
