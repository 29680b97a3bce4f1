import type { Schema } from "../collections/schema.ts";
import type { Sink } from "../kernels/frame/steps.ts";
import type { Estimate } from "./plan.ts";

/** What is known of the tasks that read files. */
export interface FileSizes {
  /** All that is read, in bytes. */
  readonly bytesIn: number;
  /** What the largest task holds of its file at a time, in bytes. */
  readonly pieceBytes: number;
  /** Rows of the longest task. */
  readonly rows: number;
}

/** What one distinct text costs beside its bytes. */
const TEXT_BYTES = 24;

/** What a scan of files takes: what is read and decoded at a time, the dictionaries as if all texts were distinct, and what comes out. */
export function estimateFile({ bytesIn, pieceBytes, rows }: FileSizes, columns: Schema, sink: Sink): Estimate {
  const strings = columns.filter(({ type }) => type === "string").length;
  const state =
    sink.to === "group"
      ? sink.keys.length === 0
        ? 4096
        : rows * (16 * sink.keys.length + 48 * sink.aggregates.length)
      : Math.min(rows, sink.to === "collect" ? (sink.limit ?? Infinity) : Infinity) * 18 * columns.length;
  return {
    bytesIn,
    peakBytes: {
      "bytes and columns of a piece": Math.ceil(3 * pieceBytes),
      dictionaries: Math.ceil(strings * rows * TEXT_BYTES),
      output: Math.ceil(state + (strings > 0 ? pieceBytes : 0)),
    },
  };
}
