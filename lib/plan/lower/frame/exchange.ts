/** Exchanges: stages whose rows go to sections, and datasets over those. */
import { formatBytes } from "../../../collections/options.ts";
import type { Schema } from "../../../collections/schema.ts";
import type { ExchangeSink, GatherSink, SampleSink, SortKey } from "../../../kernels/frame/steps.ts";
import type { Whole } from "../../../kernels/frame/whole.ts";
import type { OutputsOf, TaskRule } from "../../plan.ts";
import { taskCount } from "../../rules.ts";
import { bytesOf, closed, fitting, framesRead, keep, overKept, type Dataset, type PlanBuilder } from "./dataset.ts";

/** A partition is projected to take about eight times its bytes, all copies counted; as much again is garbage before it is collected. */
const TASK_SHARE = 20;
const LARGEST_PARTITION = 64 * 1024 * 1024;
/** Where a partition's rows are met in any order, as in a join or a sort: so that its keys and texts stay in a core's cache. */
export const CACHED_PARTITION = 16 * 1024 * 1024;
const MOST_PARTITIONS = 4_096;

/** How many partitions rows of so many bytes are cut into, so that each fits a task. */
export function partitionsFor(bytes: number, taskBytes: number, largest = LARGEST_PARTITION): number {
  const wanted = Math.min(largest, taskBytes / TASK_SHARE);
  return Math.min(MOST_PARTITIONS, Math.max(1, Math.ceil(bytes / wanted)));
}

/** What may be gathered in one place instead of being exchanged, in bytes. */
export function smallBytes(taskBytes: number): number {
  return Math.min(32 * 1024 * 1024, taskBytes / 8);
}

/** Adds a stage that sends what it gathers to sections. Answers its id and tasks. */
export function exchange(
  builder: PlanBuilder,
  dataset: Dataset,
  name: string,
  gather: GatherSink,
  by: ExchangeSink["by"],
  partitions: number,
  beside: readonly OutputsOf[] = [],
): OutputsOf {
  const sink: ExchangeSink = { to: "exchange", gather, by, partitions };
  const read = fitting(builder, dataset, sink);
  const { stage } = closed(read, builder.idFor(name), sink, () => ({ kind: "exchange", partitions }), beside);
  builder.stages.push(stage);
  return { stage: stage.id, count: taskCount(stage.tasks) };
}

/** The rule of tasks that read a section of each output. */
export function sectionsOf({ stage, count }: OutputsOf, partitions: number): TaskRule {
  return { kind: "sections", stage, producers: count, partitions };
}

/** The dataset over sections, made whole by `whole`; `schema`: what that gives. */
export function overSections(dataset: Dataset, tasks: TaskRule, whole: Whole, schema: Schema, rows: number): Dataset {
  const { textBytes } = dataset;
  return {
    read: { ...framesRead(schema, tasks, rows, textBytes, 4), whole },
    steps: [],
    schema,
    rows,
    textBytes,
  };
}

/** A dataset that may be read twice without doing its work twice: kept, where it is more than reading. */
export function rereadable(builder: PlanBuilder, dataset: Dataset, columns: readonly string[]): Dataset {
  const opened = openedRows(builder, dataset);
  if (opened.read.whole === undefined) return opened;
  const kept = keep(builder, opened, "rows", columns);
  return overKept(opened, { kind: "outputs", ...kept }, columns);
}

/** A dataset behind a fold as one whose rows a task can read: all partials meet in one partition. */
export function openedRows(builder: PlanBuilder, dataset: Dataset): Dataset {
  const { end } = dataset;
  if (end === undefined) return dataset;
  const { sink, schema, after } = end;
  const source: Dataset = { ...dataset, schema };
  delete (source as { end?: unknown }).end;
  const read = exchange(builder, source, "gather", sink, { do: "all" }, 1);
  const make: Whole["make"] =
    sink.to === "group"
      ? { do: "groups", sink, schema }
      : { do: "rows", schema: sink.columns.flatMap((name) => schema.filter((field) => field.name === name)) };
  const limit = sink.to === "collect" && sink.pick === undefined ? sink.limit : undefined;
  const then = limit === undefined ? after : [{ do: "head" as const, rows: limit }, ...after];
  return overSections(dataset, sectionsOf(read, 1), { make, then }, dataset.schema, dataset.rows);
}

/** Keys sampled a partition, in all tasks together. */
const SAMPLES_A_PARTITION = 128;

/** Adds the stages that send rows to the parts of an order: a sample of keys first, which says where the parts begin. */
export function exchangeByRange(
  builder: PlanBuilder,
  dataset: Dataset,
  keys: readonly SortKey[],
  gather: GatherSink,
  { partitions, positions }: { readonly partitions: number; readonly positions: boolean },
): OutputsOf {
  // The blocks that rows are sent from: positions in the sample and in those have to be the same.
  const by = { do: "range", keys, sample: "", positions } as const;
  const source = fitting(builder, dataset, { to: "exchange", gather, by, partitions });
  const tasks = taskCount(source.read.tasks);
  const rows = Math.min(8_192, Math.max(64, Math.ceil((SAMPLES_A_PARTITION * partitions) / Math.max(1, tasks))));
  const sink: SampleSink = { to: "sample", keys, rows };
  const { stage } = closed(source, builder.idFor("sample"), sink, () => ({ kind: "keep" }));
  builder.stages.push(stage);
  const sample = { stage: stage.id, count: taskCount(stage.tasks) };
  return exchange(builder, source, "exchange", gather, { ...by, sample: sample.stage }, partitions, [sample]);
}

/** "12.3 MB in 4 partitions", for notes. */
export function inPartitions(dataset: Dataset, partitions: number): string {
  const bytes = formatBytes(Math.ceil(bytesOf(dataset.schema, dataset.rows, dataset.textBytes)));
  return `${bytes} estimated, ${partitions} ${partitions === 1 ? "partition" : "partitions"}`;
}
