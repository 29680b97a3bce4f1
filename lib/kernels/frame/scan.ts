import type { Schema } from "../../collections/schema.ts";
import { InternalError, type JsonObject } from "../../errors.ts";
import type { Ref, TaskInput } from "../../plan/plan.ts";
import type { CsvFormat } from "../csv/params.ts";
import { csvBatches } from "../csv/scan.ts";
import type { FileFormat } from "../formats/sources.ts";
import type { Kernel, Span, TaskContext, TaskOutput } from "../kernel.ts";
import { besideOf, type Beside } from "./beside.ts";
import { columnOf, type Batch, type Column } from "./column.ts";
import { decodeFrame, type Frame } from "./encode.ts";
import { packStrings, withoutRepeats } from "./packed-texts.ts";
import { exchangeGather, frameGather, ownGather, sampleGather, type FrameGather, type Gather } from "./exchange.ts";
import { compileSteps } from "./pipeline.ts";
import { inSlices } from "./slice.ts";
import type { Sink, Step } from "./steps.ts";
import { wholeFrame, type Whole } from "./whole.ts";

/** What a "frame.scan" task does: reads some columns of its shard, runs the fused steps on each batch, and gathers what comes out. */
export interface ScanParams {
  readonly source: { readonly format: "csv"; readonly csv: CsvFormat } | { readonly format: "frame" } | FileFormat;
  /** The columns read, in order. */
  readonly columns: Schema;
  readonly steps: readonly Step[];
  readonly sink: Sink;
  /** For frames: what is done to all rows of the task before the steps. Absent: parts go through them as they are. */
  readonly whole?: Whole;
}

/** Batches of a shard, and where its records stand once all are read. */
export interface BatchSource {
  readonly batches: AsyncIterable<Batch> | Iterable<Batch>;
  span?(): Span;
}

export const scan: Kernel = (json, input, context) => run(json, input, context, (gather) => gather.encode());

/** The same for who goes on with the rows where they are: gives a frame in memory of its own. The sink gathers rows. */
export const scanFrame: Kernel = (json, input, context) =>
  run(json, input, context, (gather) => {
    if (!("frame" in gather)) throw new InternalError("This task does not gather rows.");
    const { schema, batch } = (gather as FrameGather).frame(); // only these have one
    // Strings may still be in the source's memory.
    const columns = [...batch.columns].map(([name, column]): [string, Column] => [
      name,
      column.type === "string" ? packStrings(column) : column,
    ]);
    return { schema, batch: { rows: batch.rows, columns: new Map(columns) } } satisfies Frame;
  });

async function run(
  json: JsonObject,
  input: TaskInput,
  context: TaskContext,
  finish: (gather: Gather) => unknown,
): Promise<TaskOutput> {
  const params = json as unknown as ScanParams; // as the planner wrote them
  const beside = needsBeside(params) ? await besideOf(params, context) : undefined;
  const pipeline = compileSteps(params.steps, params.columns, {
    ...(beside === undefined ? {} : { tables: beside.tables }),
    ...(context.task === undefined ? {} : { task: context.task }),
  });
  const isSample = params.sink.to === "sample";
  const output = await withSource(params, input, context, async (source) => {
    const gather = gatherOf(params, pipeline.schema, context, beside);
    let recordsIn = 0;
    for await (const batch of source.batches) {
      context.signal.throwIfAborted();
      recordsIn += batch.rows;
      gather.add(pipeline.run(batch));
      if (gather.full()) break;
    }
    // A sample stops where it has enough, and so cannot tell where the range ends. It need not: a wrong guess makes it no worse.
    const span = isSample ? undefined : source.span?.();
    // Encoded here, since strings may still be in the source's memory.
    return { value: finish(gather), recordsIn, recordsOut: gather.rows(), ...(span === undefined ? {} : { span }) };
  });
  if (!isSample || output.span === undefined) return output;
  return { value: finish(gatherOf(params, pipeline.schema, context, beside)), recordsIn: 0, recordsOut: 0 };
}

function needsBeside({ steps, sink }: ScanParams): boolean {
  return steps.some((step) => step.do === "lookup") || (sink.to === "exchange" && sink.by.do === "range");
}

function gatherOf(params: ScanParams, schema: Schema, context: TaskContext, beside: Beside | undefined): Gather {
  const { sink, source } = params;
  const { task = 0 } = context;
  if (sink.to === "exchange") return exchangeGather(sink, schema, task, beside?.bounds);
  if (sink.to === "sample") return sampleGather(sink, schema, task, source.format === "frame");
  return sink.to === "collect" && isPassedOn(params) ? ownGather(sink, schema) : frameGather(sink, schema);
}

/** Whether what a partition is made into goes on as it is: the task's own, in one piece. */
function isPassedOn({ sink, steps, whole }: ScanParams): boolean {
  if (whole === undefined || steps.length > 0 || sink.to !== "collect") return false;
  return sink.pick === undefined && sink.limit === undefined;
}

async function withSource(
  params: ScanParams,
  input: TaskInput,
  context: TaskContext,
  use: (source: BatchSource) => Promise<TaskOutput>,
): Promise<TaskOutput> {
  if (params.source.format === "csv") return csvBatches(params.source.csv, params.columns, input, context, use);
  if (params.source.format !== "frame") {
    const { fileBatches } = await import("../formats/sources.ts");
    return fileBatches(params.source, params.columns, input, context, use);
  }
  if (input.kind !== "refs") throw new InternalError(`A frame source reads refs, found ${input.kind}.`);
  if (params.whole !== undefined) {
    const { frame, recordsIn } = await wholeFrame(params.whole, input.refs, context, isPassedOn(params));
    const batch = chosenColumns(frame.batch, params.columns);
    // Vectors between steps are to stay in the cache; where there are none, one piece saves a copy.
    return { ...(await use({ batches: params.steps.length === 0 ? [batch] : inSlices(batch) })), recordsIn };
  }
  return use({ batches: frameBatches(input.refs, context, params.columns) });
}

/** One part at a time: so no more than one is held, and none that nobody waits for can fail. */
async function* frameBatches(refs: readonly Ref[], context: TaskContext, columns: Schema): AsyncGenerator<Batch> {
  for (const ref of refs) {
    const { batch } = decodeFrame(await context.fetch(ref), true);
    yield* inSlices(distinctTexts(chosenColumns(batch, columns)));
  }
}

/** Steps and sinks take equal codes for equal texts. */
function distinctTexts({ rows, columns }: Batch): Batch {
  const named = [...columns].map(([name, column]): [string, Column] => [
    name,
    column.type === "string" ? withoutRepeats(column) : column,
  ]);
  return { rows, columns: new Map(named) };
}

function chosenColumns(batch: Batch, columns: Schema): Batch {
  return {
    rows: batch.rows,
    columns: new Map(columns.map(({ name }): [string, Column] => [name, columnOf(batch, name)])),
  };
}
