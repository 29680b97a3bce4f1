import type { ExpressionNode } from "../expression.ts";
import type { FrameNode } from "./nodes.ts";
import type { OverNode } from "./over-nodes.ts";
import type { PartitionOperation } from "./partitions.ts";
import type { SummaryOperation } from "./summary-nodes.ts";

/** Operations on whole frames, as plain data: see the methods of `DataFrame`. */
export type FrameOperation =
  | { readonly kind: "drop"; readonly input: FrameNode; readonly names: readonly string[] }
  | {
      readonly kind: "rename";
      readonly input: FrameNode;
      readonly names: readonly { readonly from: string; readonly to: string }[];
    }
  | { readonly kind: "tail"; readonly input: FrameNode; readonly rows: number }
  | { readonly kind: "skip"; readonly input: FrameNode; readonly rows: number }
  | { readonly kind: "sample"; readonly input: FrameNode; readonly fraction: number; readonly seed: number }
  /** So many rows. */
  | { readonly kind: "sample"; readonly input: FrameNode; readonly rows: number; readonly seed: number }
  /** `names` absent: all columns. */
  | { readonly kind: "dropNulls"; readonly input: FrameNode; readonly names?: readonly string[] }
  | { readonly kind: "fillNull"; readonly input: FrameNode; readonly values: FillValues }
  | { readonly kind: "sort"; readonly input: FrameNode; readonly keys: readonly SortKeyNode[] }
  /** `names` absent: all columns. */
  | { readonly kind: "distinct"; readonly input: FrameNode; readonly names?: readonly string[] }
  | SummaryOperation
  | OverNode
  | PartitionOperation
  | JoinNode;

/** One value for all columns that take it, or one for each column named. */
export type FillValues =
  | { readonly all: ExpressionNode & { readonly op: "lit" } }
  | { readonly each: readonly { readonly name: string; readonly value: ExpressionNode }[] };

export interface SortKeyNode {
  readonly column: string;
  readonly descending: boolean;
  readonly nulls: "first" | "last";
}

export const JOINS = ["inner", "left", "right", "outer", "semi", "anti"] as const;

/** `input` is the left side. Row i of leftOn meets row i of rightOn. */
export interface JoinNode {
  readonly kind: "join";
  readonly input: FrameNode;
  readonly other: FrameNode;
  readonly how: (typeof JOINS)[number];
  readonly leftOn: readonly string[];
  readonly rightOn: readonly string[];
  readonly suffixes: readonly [string, string];
}

export interface ConcatNode {
  readonly kind: "concat";
  readonly inputs: readonly FrameNode[];
}

/** The frames that a node is made from. */
export function inputsOf(node: FrameNode): readonly FrameNode[] {
  if (node.kind === "join") return [node.input, node.other];
  if ("inputs" in node) return node.inputs;
  return "input" in node ? [node.input] : [];
}

/** The same node over other frames. */
export function withInputs(node: FrameNode, inputs: readonly FrameNode[]): FrameNode {
  if (node.kind === "join") return { ...node, input: inputs[0], other: inputs[1] };
  if ("inputs" in node) return { ...node, inputs };
  return "input" in node ? { ...node, input: inputs[0] } : node;
}

/** Where the rows come from in the end. */
export function sourcesOf(node: FrameNode): FrameNode[] {
  const inputs = inputsOf(node);
  return inputs.length === 0 ? [node] : inputs.flatMap(sourcesOf);
}
