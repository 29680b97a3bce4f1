import { formatCallable } from "../collections/bag/format.ts";
import { formatBytes } from "../collections/options.ts";
import type { Schema } from "../collections/schema.ts";
import type { BagParams } from "../kernels/bag/params.ts";
import type { MapParams } from "../kernels/frame/map/map.ts";
import type { ScanParams } from "../kernels/frame/scan.ts";
import { peakBytes } from "./estimate.ts";
import { explainBagStage } from "./explain-bag.ts";
import { explainAfter, explainScan } from "./explain-scan.ts";
import type { Plan, Stage } from "./plan.ts";
import { taskCount } from "./rules.ts";

/** A plan as people read it. `result`: what it gives, in words or as the columns of a frame; `more`: lines at the end. */
export function explainPlan(plan: Plan, result: Schema | string, more: readonly string[] = []): string {
  const given = typeof result === "string" ? result : result.map(({ name, type }) => `${name} ${type}`).join(", ");
  const lines = [`result      ${given}`];
  for (const stage of plan.stages) lines.push(...explainStage(stage));
  for (const note of plan.notes) lines.push(`note        ${note}`);
  return [...lines, ...more].join("\n");
}

function explainStage(stage: Stage): string[] {
  const tasks = taskCount(stage.tasks);
  const lines = [
    `stage       ${stage.id}: ${tasks} ${tasks === 1 ? "shard" : "shards"}, ${formatBytes(stage.estimate.bytesIn)} to read${shardSize(stage)}`,
  ];
  if (stage.work.op === "frame.scan")
    lines.push(...explainScan(stage.work.params as unknown as ScanParams, stage.tasks)); // the op says whose parameters they are
  if (stage.work.op === "frame.map") {
    const { rows, fn } = stage.work.params as unknown as MapParams; // as above
    lines.push(...explainScan(rows.params as unknown as ScanParams, stage.tasks)); // a function's rows are scanned
    lines.push(`  map       ${formatCallable(fn)}`);
  }
  if (stage.work.op === "bag.run") lines.push(...explainBagStage(stage.work.params as unknown as BagParams)); // as above
  const terms = Object.entries(stage.estimate.peakBytes).map(([term, bytes]) => `${term} ${formatBytes(bytes)}`);
  lines.push(`  memory    at most ${formatBytes(peakBytes(stage))} a task (${terms.join(", ")})`);
  lines.push(`  output    ${outputOf(stage, tasks)}`);
  lines.push(...explainAfter(stage.output));
  return lines;
}

function shardSize(stage: Stage): string {
  return stage.tasks.kind === "ranges"
    ? ` in ${stage.tasks.sources.length} ${stage.tasks.sources.length === 1 ? "file" : "files"}, ${formatBytes(stage.tasks.blockSize)} a shard`
    : "";
}

function outputOf(stage: Stage, tasks: number): string {
  const { output } = stage;
  if (output.kind === "keep") return "kept, one a shard";
  if (output.kind === "exchange") return `cut into ${output.partitions} partitions for the next stage`;
  const levels = Math.ceil(Math.log2(Math.max(1, tasks)));
  return `folded (${output.fold.op}) in a tree of ${levels} levels${output.enough === undefined ? "" : `, until ${output.enough} rows are there`}`;
}
