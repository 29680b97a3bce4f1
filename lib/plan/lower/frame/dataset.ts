/**
 * Rows in the making: where they come from, and what is still to be done to them in the tasks that read them. Lowering goes up a
 * pipeline with one of these, and closes it as a stage where all rows of a key, or an order, are needed.
 */
import { formatBytes } from "../../../collections/options.ts";
import { fieldsAmong } from "../../../collections/names.ts";
import type { Schema } from "../../../collections/schema.ts";
import type { JsonObject } from "../../../errors.ts";
import { operationSchema } from "../../../kernels/frame/after.ts";
import type { ScanParams } from "../../../kernels/frame/scan.ts";
import type { GatherSink, Operation, Sink } from "../../../kernels/frame/steps.ts";
import type { Whole } from "../../../kernels/frame/whole.ts";
import { pruneColumns } from "../../optimize/operations.ts";
import { peakBytes } from "../../estimate.ts";
import type { Estimate, OutputsOf, Stage, StageOutput, TaskRule } from "../../plan.ts";
import { taskCount } from "../../rules.ts";
import type { Read } from "../../source/read.ts";

export interface Dataset {
  readonly read: DatasetRead;
  /** To be fused into the tasks that read. */
  readonly steps: readonly Operation[];
  readonly schema: Schema;
  /** Estimated, and the bytes of a text in it. */
  readonly rows: number;
  readonly textBytes: number;
  /** Set where the rows come out of a fold: what tasks gather, and what is done to the whole then. `schema` is what comes of that. */
  readonly end?: End;
}

export interface End {
  readonly sink: GatherSink;
  /** The columns that come to the sink. */
  readonly schema: Schema;
  readonly after: readonly Operation[];
}

/** What tasks read, and what is made of it before the steps. */
export interface DatasetRead extends Read {
  readonly whole?: Whole;
  readonly beside?: readonly OutputsOf[];
  inBlocks?(blockSize: number): DatasetRead;
}

/** Stages in the making. */
export class PlanBuilder {
  readonly stages: Stage[] = [];
  readonly notes: string[] = [];
  /** What a task may take while all lanes are busy, in bytes; Infinity where nobody said. */
  readonly taskBytes: number;

  constructor(taskBytes: number) {
    this.taskBytes = taskBytes;
  }

  /** An id of its own for a stage. */
  idFor(name: string): string {
    for (let n = 1; ; n++) {
      const id = n === 1 ? name : `${name}-${n}`;
      if (!this.stages.some((stage) => stage.id === id)) return id;
    }
  }

  note(text: string): void {
    if (!this.notes.includes(text)) this.notes.push(text);
  }
}

/** The dataset with one more step. */
export function withStep(dataset: Dataset, step: Operation): Dataset {
  if (dataset.end !== undefined) {
    const end = { ...dataset.end, after: [...dataset.end.after, step] };
    return { ...dataset, end, schema: operationSchema(dataset.schema, step) };
  }
  return { ...dataset, steps: [...dataset.steps, step], schema: operationSchema(dataset.schema, step) };
}

/** What a closed dataset is: its stage, and how many steps were fused. */
export interface Closed {
  readonly stage: Stage;
  readonly columns: Schema;
  readonly steps: number;
  /** The columns that come to the sink. */
  readonly schema: Schema;
  /** What the source left out, once it was known what is done with it. */
  readonly notes: readonly string[];
}

/** Makes the stage that reads the dataset, runs its steps, and ends in the sink. It is not added to the plan yet. */
export function closed(
  dataset: Dataset,
  id: string,
  sink: Sink,
  outputOf: (schema: Schema) => StageOutput,
  beside: readonly OutputsOf[] = [],
): Closed {
  const { read: source, steps: operations } = dataset;
  const { columns, steps } = pruneColumns(source.schema, operations, sink);
  const read: DatasetRead = source.narrow === undefined ? source : { ...source, ...source.narrow(columns, steps) };
  const params: ScanParams = {
    source: read.format,
    columns,
    steps,
    sink,
    ...(read.whole === undefined ? {} : { whole: read.whole }),
  };
  const schema = steps.reduce(operationSchema, columns);
  const all = [...(read.beside ?? []), ...beside];
  const stage: Stage = {
    id,
    work: { op: "frame.scan", params: params as unknown as JsonObject }, // plain JSON by its type, which lacks an index signature only
    tasks: read.tasks,
    output: outputOf(schema),
    estimate: estimateOf(read, columns, sink),
    ...(all.length === 0 ? {} : { beside: all }),
  };
  const notes = read.notes.filter((note) => !source.notes.includes(note));
  return { stage, columns, steps: steps.length, schema, notes };
}

/** Blocks are not made smaller than this, in bytes. */
const SMALLEST_BLOCK = 256 * 1024;

/**
 * The dataset read in smaller blocks, where a task that ends in the sink would take more than half of a thread's share of the memory and nobody asked
 * for blocks of a size. The other half is for what waits, and for what is dead and not collected yet.
 */
export function fitting(builder: PlanBuilder, dataset: Dataset, sink: Sink): Dataset {
  const { tasks } = dataset.read;
  if (dataset.read.inBlocks === undefined || tasks.kind !== "ranges") return dataset;
  const peakOf = (candidate: Dataset) => peakBytes(closed(candidate, "", sink, () => ({ kind: "keep" })).stage);
  let fitted = dataset;
  let { blockSize } = tasks;
  while (peakOf(fitted) > builder.taskBytes / 2 && blockSize >= 2 * SMALLEST_BLOCK) {
    blockSize /= 2;
    fitted = { ...dataset, read: dataset.read.inBlocks(blockSize) };
  }
  if (fitted !== dataset)
    builder.note(
      `blocks of ${formatBytes(blockSize)} in place of ${formatBytes(tasks.blockSize)}, so that tasks fit half a thread's share of the memory (${formatBytes(builder.taskBytes)})`,
    );
  return fitted;
}

/** Blocks are not made larger than this, in bytes; and not so large that there are fewer of them than `FEWEST_BLOCKS`. */
const LARGEST_BLOCK = 64 * 1024 * 1024;
const FEWEST_BLOCKS = 8;
/** A task whose rows have fewer than this many to a group gains little by aggregating them. */
const ROWS_A_GROUP = 128;

/**
 * The dataset read in larger blocks where each has nearly all of many groups, and nobody asked for blocks of a size: every block makes its own table of
 * groups, which then have to be merged.
 */
export function enlarged(builder: PlanBuilder, dataset: Dataset, sink: Sink, groups: number): Dataset {
  const { inBlocks, tasks } = dataset.read;
  if (inBlocks === undefined || tasks.kind !== "ranges") return dataset;
  const bytes = tasks.sources.reduce((sum, { size }) => sum + size, 0);
  // The last range takes up to half a block more.
  const largest = Math.min(LARGEST_BLOCK, bytes / (FEWEST_BLOCKS - 0.5));
  let larger = dataset;
  for (let blockSize = 2 * tasks.blockSize; blockSize <= largest; blockSize *= 2) {
    const rows = dataset.rows / (bytes / (blockSize / 2));
    const candidate = { ...dataset, read: inBlocks(blockSize) };
    const peak = peakBytes(closed(candidate, "", sink, () => ({ kind: "keep" })).stage);
    if (rows > ROWS_A_GROUP * groups || peak > builder.taskBytes / 2) break;
    larger = candidate;
  }
  if (larger !== dataset && larger.read.tasks.kind === "ranges")
    builder.note(
      `blocks of ${formatBytes(larger.read.tasks.blockSize)} in place of ${formatBytes(tasks.blockSize)}, since each has many of about ${groups} groups`,
    );
  return larger;
}

/** Sections are copies of what was gathered, once by themselves and once in one object. */
function estimateOf(read: Read, columns: Schema, sink: Sink): Estimate {
  if (sink.to !== "exchange") return read.estimate(columns, sink);
  const { bytesIn, peakBytes } = read.estimate(columns, sink.gather);
  return { bytesIn, peakBytes: { ...peakBytes, sections: 2 * (peakBytes["output"] ?? 0) } };
}

/** Adds a stage that keeps the dataset's columns, a part a task. */
export function keep(builder: PlanBuilder, dataset: Dataset, name: string, columns: readonly string[]): OutputsOf {
  const sink: GatherSink = { to: "collect", columns };
  const { stage } = closed(fitting(builder, dataset, sink), builder.idFor(name), sink, () => ({ kind: "keep" }));
  builder.stages.push(stage);
  return { stage: stage.id, count: taskCount(stage.tasks) };
}

/** The dataset over what stages kept: `columns` of it. */
export function overKept(dataset: Dataset, tasks: TaskRule, columns: readonly string[]): Dataset {
  const schema = fieldsAmong(dataset.schema, columns);
  const { rows, textBytes } = dataset;
  return { read: framesRead(schema, tasks, rows, textBytes), steps: [], schema, rows, textBytes };
}

/** A read of frames that stages of the same plan made; `whole` is set by the caller, and costs `copies` times a part's bytes. */
export function framesRead(schema: Schema, tasks: TaskRule, rows: number, textBytes: number, copies = 1): DatasetRead {
  const bytes = bytesOf(schema, rows, textBytes);
  const part = Math.ceil((SKEW * bytes) / Math.max(1, taskCount(tasks)));
  return {
    schema,
    format: { format: "frame" },
    tasks,
    notes: [],
    rows,
    textBytes,
    estimate: (columns, sink) => {
      const out = sink.to === "collect" ? Math.min(1, (sink.limit ?? Infinity) / Math.max(1, rows)) : 1;
      const share = columns.length / Math.max(1, schema.length);
      return {
        bytesIn: Math.ceil(bytes),
        peakBytes: {
          "rows of a part": part * copies,
          output: Math.ceil(2 * part * out * Math.min(1, Math.max(share, 0.1))),
        },
      };
    },
  };
}

/** Parts are projected to be so many times as large as the mean. */
const SKEW = 1.5;

/** Bytes of rows in memory. */
export function bytesOf(schema: Schema, rows: number, textBytes: number): number {
  const width = schema.reduce(
    (sum, { type }) => sum + (type === "string" ? 8 + textBytes : type === "bool" ? 1.125 : 8.125),
    0,
  );
  return rows * width;
}
