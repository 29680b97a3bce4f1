import { fieldOf } from "../../../collections/typing.ts";
import { AbanicoError, InternalError } from "../../../errors.ts";
import { decodeFrame } from "../../../kernels/frame/encode.ts";
import { Grouper } from "../../../kernels/frame/groups/grouper.ts";
import { columnOf } from "../../../kernels/frame/column.ts";
import type { CollectSink } from "../../../kernels/frame/steps.ts";
import { loadKernel } from "../../../kernels/registry.ts";
import { taskAt, taskCount } from "../../rules.ts";
import { closed, type Dataset } from "./dataset.ts";
import type { Lowering } from "./lower.ts";

/** So few rows need no sample: whatever their groups, they are few. */
const FEW_ROWS = 200_000;
const SAMPLED_TASKS = 4;
const SAMPLED_ROWS = 4_096;

/** What is known of the combinations of some columns' values. */
export interface GroupEstimate {
  /** How many there are, about; never more than rows. */
  readonly groups: number;
  /** The share of a sample's rows that were the first of their combination; undefined where there was no sample. */
  readonly newShare?: number;
}

/**
 * How many combinations of the columns' values there are. Some tasks' first rows are looked at where they can be read now; rows that only a run will
 * make are taken for all different.
 */
export async function estimateGroups(
  dataset: Dataset,
  columns: readonly string[],
  lowering: Lowering,
): Promise<GroupEstimate> {
  const { read, rows } = dataset;
  const { kind } = read.tasks;
  const isReadable = kind === "ranges" || kind === "items" || (kind === "refs" && lowering.fetch !== undefined);
  if (rows <= FEW_ROWS || !isReadable || (read.beside ?? []).length > 0) return { groups: rows };
  const grouper = new Grouper(
    columns.map((name) => fieldOf(name, dataset.schema).type),
    true,
  );
  const seen: number[] = [];
  let sampled = 0;
  for await (const batch of samples(dataset, columns, lowering)) {
    const groups = grouper.assign(
      columns.map((name) => columnOf(batch, name)),
      batch.rows,
    );
    for (const group of groups) seen[group] = (seen[group] ?? 0) + 1;
    sampled += batch.rows;
  }
  if (sampled === 0) return { groups: rows };
  const once = seen.filter((count) => count === 1).length;
  const twice = seen.filter((count) => count === 2).length;
  // Chao (1984): from how many were met once and twice, how many were not met at all.
  const estimate = grouper.count + (once * (once - 1)) / (2 * (twice + 1));
  return { groups: Math.max(1, Math.min(rows, Math.ceil(estimate))), newShare: grouper.count / sampled };
}

/**
 * Of so many rows, the share that are the first of their combination, at most: were all combinations equally frequent, or the rows no more various
 * than the sample's. Undefined where there was no sample.
 */
export function newAmong(rows: number, { groups, newShare }: GroupEstimate): number | undefined {
  if (newShare === undefined) return undefined;
  return Math.min(newShare, (groups / rows) * (1 - Math.exp(-rows / groups)));
}

async function* samples(dataset: Dataset, columns: readonly string[], { store, signal, fetch }: Lowering) {
  const sink: CollectSink = { to: "collect", columns, limit: SAMPLED_ROWS };
  const { stage } = closed(dataset, "sample", sink, () => ({ kind: "keep" }));
  const kernel = await loadKernel(stage.work.op);
  const tasks = taskCount(stage.tasks);
  const wanted = Math.min(tasks, SAMPLED_TASKS);
  for (let i = 0; i < wanted; i++) {
    const { input, index } = taskAt(stage, Math.floor((i * tasks) / wanted));
    try {
      const { value, span } = await kernel(stage.work.params, input, {
        store,
        signal: signal ?? new AbortController().signal,
        attempt: 1,
        task: index,
        fetch: fetch ?? (() => Promise.reject(new InternalError("A sample reads files only."))),
      });
      // A range that guessed wrongly tells nothing.
      if (span?.doubt === undefined && value instanceof Uint8Array) yield decodeFrame(value).batch;
    } catch (error) {
      // The run meets it too, and tells where.
      if (!(error instanceof AbanicoError) || signal?.aborted === true) throw error;
    }
  }
}
