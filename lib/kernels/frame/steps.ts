import type { OverSpec } from "../../collections/dataframe/over-nodes.ts";
import type { AggregateNode, ExpressionNode } from "../../collections/expression.ts";
import type { ScalarType, Schema } from "../../collections/schema.ts";
import type { PartitionFunction } from "./map/map.ts";
import type { StackSpec } from "./stack.ts";
import type { WindowColumns } from "./windows/apply.ts";

/** What a fused task does to each batch, in order. Plain JSON: part of the plan. */
export type Step =
  /** Keeps the rows for which the condition is true, of the columns that are needed behind it (absent: all). */
  | { readonly do: "filter"; readonly condition: ExpressionNode; readonly keep?: readonly string[] }
  /** Adds or replaces columns; all read the columns as they were before. */
  | { readonly do: "assign"; readonly columns: readonly { readonly name: string; readonly value: ExpressionNode }[] }
  /** Keeps a fraction of the rows, by a hash of the columns and the seed. */
  | {
      readonly do: "sample";
      readonly columns: readonly string[];
      readonly fraction: number;
      readonly seed: number;
      readonly keep?: readonly string[];
    }
  /** Adds a column that says where each row stands: its task, and its place among the task's rows (see `positionOf` in ranges.ts). */
  | { readonly do: "place"; readonly name: string }
  /** Joins each batch to the rows that stage `table` kept, which lie beside: see join.ts. */
  | { readonly do: "lookup"; readonly table: string; readonly join: JoinSpec };

/** A column that rows are sorted by. NaN stands where nulls stand. */
export interface SortKey {
  readonly column: string;
  readonly descending: boolean;
  readonly nulls: "first" | "last";
}

/** How batches (the probing side) meet a table. Each side's columns that come out, under their new names, in the order of `output`. */
export interface JoinSpec {
  /** As seen from the probing side. "outer": also the table's rows that nothing met, behind all others. */
  readonly how: "inner" | "left" | "semi" | "anti" | "outer";
  readonly probeKeys: readonly string[];
  readonly tableKeys: readonly string[];
  /** The table's columns. */
  readonly table: Schema;
  /** "key": the probing row's value, or the table's where there is no probing row. */
  readonly output: readonly JoinOutput[];
}

export type JoinOutput =
  | { readonly name: string; readonly type: ScalarType; readonly from: "probe" | "table"; readonly column: string }
  | {
      readonly name: string;
      readonly type: ScalarType;
      readonly from: "key";
      readonly probe: string;
      readonly table: string;
    };

/** What becomes of the batches. */
export type Sink = GatherSink | ExchangeSink | SampleSink;

/** What may be gathered in one partial a task. */
export type GatherSink = CollectSink | GroupSink;

/** Rows in order, of these columns. */
export interface CollectSink {
  readonly to: "collect";
  readonly columns: readonly string[];
  /** At most so many: the first ones, or what `pick` says. */
  readonly limit?: number;
  readonly pick?:
    /** Of each combination of values the first row. */
    | { readonly by: "distinct"; readonly columns: readonly string[] }
    /** The first rows in an order. */
    | { readonly by: "order"; readonly keys: readonly SortKey[] }
    | { readonly by: "last" };
}

export interface GroupSink {
  readonly to: "group";
  readonly keys: readonly string[];
  readonly aggregates: readonly { readonly name: string; readonly value: AggregateNode }[];
  /** Whether rows with a null key form groups of their own. */
  readonly keepNulls: boolean;
}

/** What is gathered goes, row by row, to the section of its partition. */
export interface ExchangeSink {
  readonly to: "exchange";
  readonly gather: GatherSink;
  readonly partitions: number;
  readonly by:
    /** Rows of equal keys meet. Of a group by's states the keys are the group's. */
    | { readonly do: "hash"; readonly keys: readonly string[] }
    /** Rows of an order's p-th part: stage `sample`, which lies beside, says where parts begin. Where `positions`, equal keys are parted by their rows' places. */
    | { readonly do: "range"; readonly keys: readonly SortKey[]; readonly sample: string; readonly positions: boolean }
    /** All rows meet. */
    | { readonly do: "all" };
}

/** Keys of some rows, to find the bounds of ranges by. */
export interface SampleSink {
  readonly to: "sample";
  readonly keys: readonly SortKey[];
  readonly rows: number;
}

/** What a frame can have done to it: steps, which go batch by batch, and the rest, which end a stage. */
export type Operation =
  | Step
  | { readonly do: "select"; readonly names: readonly string[] }
  | { readonly do: "head"; readonly rows: number }
  | { readonly do: "tail"; readonly rows: number }
  | { readonly do: "sort"; readonly keys: readonly SortKey[] }
  | { readonly do: "distinct"; readonly columns: readonly string[] }
  | { readonly do: "group"; readonly sink: GroupSink }
  | { readonly do: "window"; readonly columns: WindowColumns }
  /** A user's function of all rows of a task, and other partitions: stages of their own. */
  | ({ readonly do: "map"; readonly columns: readonly string[]; readonly schema: Schema } & PartitionFunction)
  | { readonly do: "repartition"; readonly partitions?: number; readonly bytes?: number }
  | (OverSpec & { readonly do: "over" })
  | StackSpec;
