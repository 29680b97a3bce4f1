/**
 * From a DataFrame's description to a plan. Operations are fused into the tasks that read, up to the first that needs other rows too: a
 * small outcome is folded into one frame, and what stands behind is done to that in memory; a large one goes through an exchange, and a
 * new pipeline begins over its sections (see frame/lower.ts).
 */
import type { FrameNode, KeptNode } from "../../collections/dataframe/nodes.ts";
import { findField } from "../../collections/names.ts";
import type { Schema } from "../../collections/schema.ts";
import { InternalError, type JsonObject } from "../../errors.ts";
import type { CollectParams, GroupParams } from "../../kernels/frame/folds.ts";
import type { GatherSink, Operation } from "../../kernels/frame/steps.ts";
import { codecOf } from "../../store/decompressing.ts";
import type { Store } from "../../store/store.ts";
import { estimateFrames, estimateScan } from "../estimate.ts";
import { PLAN_VERSION, type Plan, type Ref, type StageOutput } from "../plan.ts";
import { compressedCsvRead } from "../source/compressed.ts";
import { resolveCsv, type CsvSource } from "../source/csv.ts";
import { fileRead } from "../source/file.ts";
import type { Read } from "../source/read.ts";
import type { Widened } from "../source/widened.ts";
import { PlanBuilder, closed, fitting, type Closed, type Dataset } from "./frame/dataset.ts";
import { knownRows } from "./frame/known-rows.ts";
import { logicalOf, schemaOf, type Pipeline, type SourceNode } from "./frame/logical.ts";
import { allColumns, lowerPipeline } from "./frame/lower.ts";

/** A plan, and the columns of its result. */
export interface LoweredFrame {
  readonly plan: Plan;
  readonly schema: Schema;
}

export interface LowerOptions {
  readonly store: Store;
  /** Types that an earlier attempt at this run found to be wider than the sample. */
  readonly widened?: Widened;
  /** Keep the rows, a part a task, instead of folding them into one frame; what ends in a fold anyway ends in one. */
  readonly keep?: boolean;
  /** What a task may take while all lanes are busy, in bytes. Default: no bound; partitions are cut to 64 MiB all the same. */
  readonly taskBytes?: number;
  readonly signal?: AbortSignal;
  /** Bytes of kept rows, to sample them. Absent: they are not looked at. */
  readonly fetch?: (ref: Ref) => Promise<Uint8Array>;
}

export async function lowerFrame(node: FrameNode, options: LowerOptions): Promise<LoweredFrame> {
  const { store, signal, taskBytes = Infinity, fetch } = options;
  const builder = new PlanBuilder(taskBytes);
  const pipeline = await resolved(node, options);
  const wanted = schemaOf(pipeline);
  const dataset = await lowerPipeline(pipeline, allColumns(pipeline), { builder, store, signal, fetch });
  const last = lastStage(dataset, wanted, builder, options.keep === true);
  builder.stages.push(last.stage);
  for (const note of last.notes) builder.note(note);
  builder.note(fusionNote(dataset, last));
  return { plan: { abanico: PLAN_VERSION, stages: builder.stages, notes: builder.notes }, schema: wanted };
}

/** The columns of a description, and how many rows it has where that is known without a run. */
export async function factsOf(
  node: FrameNode,
  options: Pick<LowerOptions, "store" | "signal">,
): Promise<{ readonly schema: Schema; readonly rows: number | undefined }> {
  const pipeline = await resolved(node, options);
  return { schema: schemaOf(pipeline), rows: knownRows(pipeline) };
}

function resolved(node: FrameNode, options: LowerOptions): Promise<Pipeline> {
  return logicalOf(
    node,
    once((source) => readOf(source, options)),
  );
}

/** A query asks for the columns of a source before the plan does: its files are listed and sampled once. */
function once(read: (source: SourceNode) => Promise<Read>): (source: SourceNode) => Promise<Read> {
  const reads = new Map<SourceNode, Promise<Read>>();
  return (source) => {
    const known = reads.get(source) ?? read(source);
    reads.set(source, known);
    return known;
  };
}

function lastStage(dataset: Dataset, wanted: Schema, builder: PlanBuilder, keep: boolean): Closed {
  const id = builder.idFor(dataset.read.whole === undefined ? "scan" : "finish");
  const names = wanted.map(({ name }) => name);
  if (dataset.end === undefined) {
    const sink: GatherSink = { to: "collect", columns: names };
    return closed(fitting(builder, dataset, sink), id, sink, (schema) =>
      keep ? { kind: "keep" } : foldOf(sink, schema, []),
    );
  }
  const { sink, after } = dataset.end;
  const found = dataset.schema.map(({ name }) => name);
  const inOrder: readonly Operation[] = found.join("\n") === names.join("\n") ? [] : [{ do: "select", names }];
  return closed(fitting(builder, dataset, sink), id, sink, (schema) => foldOf(sink, schema, [...after, ...inOrder]));
}

function foldOf(sink: GatherSink, schema: Schema, after: readonly Operation[]): StageOutput {
  if (sink.to === "group") {
    const params: GroupParams = { sink, schema, after };
    return { kind: "fold", fold: { op: "frame.group", params: params as unknown as JsonObject } }; // plain JSON by its type
  }
  const fields = sink.columns.map((name) => {
    const field = findField(schema, name);
    if (field === undefined) throw new InternalError(`The plan lost column "${name}".`);
    return field;
  });
  const limit = sink.pick === undefined ? sink.limit : undefined;
  const params: CollectParams = { schema: fields, after, ...(limit === undefined ? {} : { limit }) };
  return {
    kind: "fold",
    fold: { op: "frame.collect", params: params as unknown as JsonObject }, // as above
    ...(limit === undefined ? {} : { enough: limit }),
  };
}

async function readOf(source: SourceNode, options: LowerOptions): Promise<Read> {
  switch (source.kind) {
    case "csv":
      return csvRead(source, options);
    case "file":
      return fileRead(source, options);
    case "kept":
      return keptRead(source);
    case "bag":
      throw new InternalError("A bag's items become rows before a frame over them is planned.");
  }
}

async function csvRead(source: Extract<FrameNode, { kind: "csv" }>, options: LowerOptions): Promise<Read> {
  const csv = await resolveCsv(source, options.store, options.widened, options.signal);
  if (csv.sources.some(({ url }) => codecOf(url) !== undefined)) return compressedCsvRead(csv);
  return rangesRead(csv, source.options.blockSize === undefined);
}

/** `mayResize`: nobody asked for blocks of a size. */
function rangesRead(csv: CsvSource, mayResize: boolean): Read {
  const bytes = csv.sources.reduce((sum, { size }) => sum + size, 0);
  return {
    schema: csv.format.columns.map(({ name, type }) => ({ name, type })),
    format: { format: "csv", csv: csv.format },
    tasks: { kind: "ranges", sources: csv.sources, blockSize: csv.blockSize },
    notes: csv.notes,
    rows: Math.ceil(bytes / csv.recordBytes),
    textBytes: csv.recordBytes / csv.format.columns.length,
    estimate: (columns, sink) => estimateScan(csv, columns, sink),
    ...(mayResize ? { inBlocks: (blockSize: number) => rangesRead({ ...csv, blockSize }, mayResize) } : {}),
  };
}

function keptRead({ schema, refs, rows, bytes }: KeptNode): Read {
  return {
    schema,
    format: { format: "frame" },
    tasks: { kind: "refs", refs },
    notes: [],
    rows,
    counted: true,
    textBytes: bytes / Math.max(1, rows * schema.length),
    estimate: () => estimateFrames(rows, bytes, refs.length),
  };
}

function fusionNote({ read }: Dataset, { columns, steps, stage }: Closed): string {
  const { output } = stage;
  const limited = output.kind === "fold" && output.enough !== undefined;
  const end =
    output.kind === "fold" && output.fold.op === "frame.group"
      ? "partial aggregation"
      : limited
        ? "gathering the first rows"
        : "gathering rows";
  return `fused into one task a shard: reading ${columns.length} of ${read.schema.length} columns (${columns.map(({ name }) => name).join(", ") || "none: rows are counted"}), ${steps} ${steps === 1 ? "step" : "steps"}, ${end}`;
}
