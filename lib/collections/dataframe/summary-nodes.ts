import type { Params } from "../functions/spec.ts";
import type { WindowNode } from "../window.ts";
import type { FrameNode } from "./nodes.ts";

/** Operations that summarize a frame's columns, or look along its rows, as plain data: see the methods of `DataFrame`. */
export type SummaryOperation = DescribeNode | MatrixNode | WindowsNode;

/** Statistics of the columns of numbers. */
export interface DescribeNode {
  readonly kind: "describe";
  readonly input: FrameNode;
  readonly quantiles: readonly number[];
  /** Whether quantiles are found by sketches. */
  readonly approximate: boolean;
}

/** An aggregate of each pair of columns. `names` absent: all columns of numbers. */
export interface MatrixNode {
  readonly kind: "matrix";
  readonly input: FrameNode;
  readonly of: "corr" | "cov";
  readonly names?: readonly string[];
  readonly params?: Params;
}

/** Columns by window functions. */
export interface WindowsNode {
  readonly kind: "window";
  readonly input: FrameNode;
  readonly columns: readonly { readonly name: string; readonly value: WindowNode }[];
}
