import type { Schema } from "../../collections/schema.ts";
import { InternalError } from "../../errors.ts";
import type { Ref, TaskInput } from "../../plan/plan.ts";
import type { CsvFormat } from "../csv/params.ts";
import { csvBatches } from "../csv/scan.ts";
import type { FileFormat } from "../formats/sources.ts";
import type { Kernel, Span, TaskContext, TaskOutput } from "../kernel.ts";
import { Collector } from "./collect.ts";
import { columnOf, type Batch, type Column } from "./column.ts";
import { decodeFrame, encodeFrame } from "./encode.ts";
import { GroupState } from "./group.ts";
import { compileSteps } from "./pipeline.ts";
import type { Sink, Step } from "./steps.ts";

/** What a "frame.scan" task does: reads some columns of its shard, runs the fused steps on each batch, and gathers what comes out. */
export interface ScanParams {
  readonly source: { readonly format: "csv"; readonly csv: CsvFormat } | { readonly format: "frame" } | FileFormat;
  /** The columns read, in order. */
  readonly columns: Schema;
  readonly steps: readonly Step[];
  readonly sink: Sink;
}

/** Batches of a shard, and where its records stand once all are read. */
export interface BatchSource {
  readonly batches: AsyncIterable<Batch> | Iterable<Batch>;
  span?(): Span;
}

export const scan: Kernel = async (json, input, context) => {
  const params = json as unknown as ScanParams; // as the planner wrote them
  const pipeline = compileSteps(params.steps, params.columns);
  return withSource(params, input, context, async (source) => {
    const gather = sinkOf(params.sink, pipeline.schema);
    let recordsIn = 0;
    for await (const batch of source.batches) {
      context.signal.throwIfAborted();
      recordsIn += batch.rows;
      gather.add(pipeline.run(batch));
      if (gather.full()) break;
    }
    const span = source.span?.();
    // Encoded here, since strings may still be in the source's memory.
    return { value: gather.encode(), recordsIn, recordsOut: gather.rows(), ...(span === undefined ? {} : { span }) };
  });
};

interface Gather {
  add(batch: Batch): void;
  full(): boolean;
  rows(): number;
  /** The encoding of the stage's partial; for rows also what a stage that keeps them wants. */
  encode(): Uint8Array;
}

function sinkOf(sink: Sink, schema: Schema): Gather {
  if (sink.to === "collect") {
    const collector = new Collector(
      sink.columns.map((name) => {
        const field = schema.find((f) => f.name === name);
        if (field === undefined) throw new InternalError(`The plan collects "${name}", which no step makes.`);
        return field;
      }),
      sink.limit,
    );
    return {
      add: (batch) => collector.add(batch),
      full: () => collector.full,
      rows: () => collector.rows,
      encode: () => encodeFrame(collector.frame()),
    };
  }
  const state = new GroupState(sink, schema);
  return {
    add: (batch) => state.update(batch),
    full: () => false,
    rows: () => state.groups,
    encode: () => state.encode(),
  };
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
  return use({ batches: frameBatches(input.refs, context, params.columns) });
}

/** One part at a time: so no more than one is held, and none that nobody waits for can fail. */
async function* frameBatches(refs: readonly Ref[], context: TaskContext, columns: Schema): AsyncGenerator<Batch> {
  for (const ref of refs) {
    const { batch } = decodeFrame(await context.fetch(ref));
    yield {
      rows: batch.rows,
      columns: new Map(columns.map(({ name }): [string, Column] => [name, columnOf(batch, name)])),
    };
  }
}
