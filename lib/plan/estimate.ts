import { AGGREGATES } from "../collections/aggregate-table.ts";
import { formatBytes } from "../collections/options.ts";
import type { Schema } from "../collections/schema.ts";
import { PlanTooLargeError } from "../errors.ts";
import { BLOCK_BYTES } from "../kernels/csv/record-buffer.ts";
import { READ_AHEAD_BYTES } from "../store/with-read-ahead.ts";
import type { GroupSink, Sink } from "../kernels/frame/steps.ts";
import { pixelsAdvice } from "./estimate-images.ts";
import { chunksThatFit } from "./lower/array/chunk-advice.ts";
import type { Estimate, Plan, Source, Stage } from "./plan.ts";
import { rangesIn } from "./rules.ts";
import type { CsvSource } from "./source/csv.ts";

/** The kernel's code, tables and stack. */
const KERNEL_BYTES = 4 * 1024 * 1024;
/** What one string costs in a dictionary beside its bytes: slots at half load, an entry. */
const STRING_BYTES = 96;

/** Peak memory of one task in bytes. */
export function peakBytes(stage: Stage): number {
  return Object.values(stage.estimate.peakBytes).reduce((sum, bytes) => sum + bytes, 0);
}

/** What a scan of CSV shards takes. Strings are counted as if all were distinct: the worst that a shard may hold. */
export function estimateScan(csv: CsvSource, columns: Schema, sink: Sink): Estimate {
  const bytes = largestRange(csv.sources, csv.blockSize);
  const rows = bytes / csv.recordBytes;
  const strings = columns.filter(({ type }) => type === "string").length;
  const share = strings / csv.format.columns.length;
  const blockRows = Math.ceil(BLOCK_BYTES / csv.format.columns.length);
  return {
    bytesIn: csv.sources.reduce((sum, { size }) => sum + size, 0),
    peakBytes: {
      kernel: KERNEL_BYTES,
      "text and index of a block": 5 * BLOCK_BYTES,
      "columns of a block": Math.ceil(12 * blockRows * columns.length),
      ...(csv.sources.some(isRemote) ? { "read ahead": READ_AHEAD_BYTES } : {}),
      dictionaries: Math.ceil(strings * rows * STRING_BYTES + share * bytes),
      output: Math.ceil(outputBytes(rows, columns, sink) + share * bytes),
    },
  };
}

/** Whether bytes come over a network, a request at a time. */
function isRemote({ url }: Source): boolean {
  return !/^(file|memory):/.test(url);
}

/** The longest range that a task reads, in bytes: a source that is smaller than a block is read whole, a last range may be half as long again. */
function largestRange(sources: readonly Source[], blockSize: number): number {
  const longest = sources.map(({ size }) => {
    const before = (rangesIn(size, blockSize) - 1) * blockSize;
    return before > 0 ? Math.max(blockSize, size - before) : size;
  });
  return longest.reduce((a, b) => Math.max(a, b), 1);
}

/** What a pass over kept frames takes. */
export function estimateFrames(rows: number, bytes: number, parts: number): Estimate {
  const part = Math.ceil(bytes / Math.max(1, parts));
  return { bytesIn: bytes, peakBytes: { frame: part, output: part + Math.ceil((16 * rows) / Math.max(1, parts)) } };
}

/** Columns gathered and encoded, or a state a group where every row is its own. */
function outputBytes(rows: number, columns: Schema, sink: Sink): number {
  if (sink.to === "exchange") return outputBytes(rows, columns, sink.gather);
  if (sink.to === "sample") return Math.min(rows, sink.rows) * 18 * columns.length;
  if (sink.to === "collect" && sink.pick?.by === "order")
    return Math.min(rows, 2 * (sink.limit ?? Infinity) + 65_536) * 18 * columns.length;
  if (sink.to === "collect") return Math.min(rows, sink.limit ?? Infinity) * 18 * columns.length;
  const values = valueBytes(sink);
  if (sink.keys.length === 0) return 4096 * (1 + sink.aggregates.length) + rows * values;
  return rows * (16 * sink.keys.length + Math.max(48 * sink.aggregates.length, values));
}

/** What states that keep values take a row. Aggregates of one input share them. */
function valueBytes({ aggregates }: GroupSink): number {
  const kept = new Map(
    aggregates.map(({ value }) => [
      JSON.stringify([AGGREGATES[value.kind].valueBytes ?? 0, value.input ?? null]),
      AGGREGATES[value.kind].valueBytes ?? 0,
    ]),
  );
  return [...kept.values()].reduce((sum, bytes) => sum + bytes, 0);
}

/** Refuses a plan of which a task would need more than `limit` bytes, and says which block size would fit. */
export function refuseTooLarge(plan: Plan, limit: number): void {
  for (const stage of plan.stages) {
    const peak = peakBytes(stage);
    if (peak <= limit) continue;
    const terms = Object.entries(stage.estimate.peakBytes).sort(([, a], [, b]) => b - a);
    const worst = terms.map(([term, bytes]) => `${term} ${formatBytes(bytes)}`).join(", ");
    const fits = largestBlock(stage, peak, limit);
    const chunks = chunksThatFit(stage, limit);
    throw new PlanTooLargeError(
      `A task of stage "${stage.id}" would need ${formatBytes(peak)} (${worst}), and the limit is ${formatBytes(limit)}.`,
      {
        fields: {
          stage: stage.id,
          peakBytes: peak,
          limitBytes: limit,
          ...(fits === undefined ? {} : { blockSize: fits }),
          ...(chunks === undefined ? {} : { chunks }),
        },
        fix:
          fits === undefined
            ? (pixelsAdvice(stage, peak, limit) ??
              chunksAdvice(chunks) ??
              "raise memoryLimit, or have fewer threads a worker.")
            : `pass { blockSize: ${fits} }, or raise memoryLimit.`,
      },
    );
  }
}

function chunksAdvice(chunks: readonly number[] | undefined): string | undefined {
  return (
    chunks &&
    `the largest chunks that fit are [${chunks.join(", ")}]: x.rechunk(…) before, or make the array with them; or raise memoryLimit.`
  );
}

/** A block size that fits, in bytes. The terms that grow with a range are taken as proportional, and the longest range as 1.5 blocks. */
function largestBlock(stage: Stage, peak: number, limit: number): number | undefined {
  if (stage.tasks.kind !== "ranges") return undefined;
  const {
    kernel = 0,
    "text and index of a block": text = 0,
    "columns of a block": columns = 0,
  } = stage.estimate.peakBytes;
  const { "read ahead": ahead = 0 } = stage.estimate.peakBytes;
  const fixed = kernel + text + columns + ahead;
  const range = largestRange(stage.tasks.sources, stage.tasks.blockSize);
  const fits = Math.floor((range * (limit - fixed)) / (peak - fixed) / 1.5);
  return fits >= 64 * 1024 ? fits : undefined;
}
