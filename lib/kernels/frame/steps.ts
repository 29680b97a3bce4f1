import type { AggregateNode, ExpressionNode } from "../../collections/expression.ts";

/** What a fused task does to each batch, in order. Plain JSON: part of the plan. */
export type Step =
  /** Keeps the rows for which the condition is true, of the columns that are needed behind it (absent: all). */
  | { readonly do: "filter"; readonly condition: ExpressionNode; readonly keep?: readonly string[] }
  /** Adds or replaces columns; all read the columns as they were before. */
  | { readonly do: "assign"; readonly columns: readonly { readonly name: string; readonly value: ExpressionNode }[] };

/** What becomes of the batches. */
export type Sink =
  /** Rows in order, of these columns; at most `limit`, the first ones. */
  { readonly to: "collect"; readonly columns: readonly string[]; readonly limit?: number } | GroupSink;

export interface GroupSink {
  readonly to: "group";
  readonly keys: readonly string[];
  readonly aggregates: readonly { readonly name: string; readonly value: AggregateNode }[];
  /** Whether rows with a null key form groups of their own. */
  readonly keepNulls: boolean;
}

/** What a frame can have done to it: steps, which go batch by batch, and the rest, which end a stage. */
export type Operation =
  | Step
  | { readonly do: "select"; readonly names: readonly string[] }
  | { readonly do: "head"; readonly rows: number }
  | { readonly do: "group"; readonly sink: GroupSink };
