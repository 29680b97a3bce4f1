import type { Ref } from "../../plan/plan.ts";
import type { BagNode } from "../bag/nodes.ts";
import type { AggregateNode, ExpressionNode } from "../expression.ts";
import type { ScalarType, Schema } from "../schema.ts";
import type { FileNode } from "./file-nodes.ts";
import type { ConcatNode, FrameOperation } from "./operation-nodes.ts";

export type { ConcatNode, FrameOperation, JoinNode, SortKeyNode } from "./operation-nodes.ts";

/** What a DataFrame is: a description, as plain data. Lowering (plan/lower) makes a plan of it. */
export type FrameNode =
  | CsvNode
  | KeptNode
  | FileNode
  | BagFrameNode
  | SqlNode
  | ConcatNode
  | FrameOperation
  | { readonly kind: "filter"; readonly input: FrameNode; readonly condition: ExpressionNode }
  | {
      readonly kind: "assign";
      readonly input: FrameNode;
      readonly columns: readonly { readonly name: string; readonly value: ExpressionNode }[];
    }
  | { readonly kind: "select"; readonly input: FrameNode; readonly names: readonly string[] }
  | { readonly kind: "head"; readonly input: FrameNode; readonly rows: number }
  | {
      readonly kind: "group";
      readonly input: FrameNode;
      readonly keys: readonly string[];
      readonly aggregates: readonly { readonly name: string; readonly value: AggregateNode }[];
      readonly keepNulls: boolean;
    };

export interface CsvNode {
  readonly kind: "csv";
  /** Paths, URLs and globs, as the user wrote them. */
  readonly paths: readonly string[];
  readonly options: CsvOptions;
}

/** The items of a bag as rows, see `Bag.toDataFrame`. */
export interface BagFrameNode {
  readonly kind: "bag";
  readonly bag: BagNode;
  readonly types?: Readonly<Record<string, ScalarType>>;
}

/** A query, which becomes operations when a plan is made: see lib/sql. `inputs`: the frames that were given by name, in the order of `tables`. */
export interface SqlNode {
  readonly kind: "sql";
  readonly text: string;
  readonly tables: readonly string[];
  readonly inputs: readonly FrameNode[];
}

/** Rows that an earlier run kept. */
export interface KeptNode {
  readonly kind: "kept";
  readonly schema: Schema;
  readonly refs: readonly Ref[];
  readonly rows: number;
  readonly bytes: number;
}

/** How to read CSV. */
export interface CsvOptions {
  /** Types of columns by name; such a type is final. Others are found from a sample and may widen from int64 to float64 later on. */
  readonly types?: Readonly<Record<string, ScalarType>>;
  /** One ASCII character. Default ",". */
  readonly delimiter?: string;
  /** One ASCII character; "" where quotes mean nothing. Default '"'. */
  readonly quote?: string;
  /** A character that takes the next one's meaning off, as "\\". Default "": quotes are escaped by doubling. */
  readonly escape?: string;
  /** Whether the first record of each file names the columns. Default true. */
  readonly header?: boolean;
  /** Names of the columns, instead of the header's. */
  readonly names?: readonly string[];
  /** Texts that mean null, in every column. Default: pandas' list (NA, NaN, null, None …) in number and boolean columns, none in strings. An empty field is null always. */
  readonly nulls?: readonly string[];
  /** Bytes a task reads, as a number or "64MB". Default "16MiB". It fixes the fold tree, and so the last bits of sums; results are the same for any number of workers. */
  readonly blockSize?: number | string;
  /** Records that are looked at to find the types. Default 1,000 (as far as the first 256 KiB go). */
  readonly sampleRows?: number;
  /** A record with too few fields is an error, or gets nulls. Default "error". */
  readonly ragged?: "error" | "pad";
  /** How far a column may widen when a later value does not fit the type that the sample gave. Default "float64": an integer column may become floats, anything else is an error. */
  readonly widen?: "float64" | "string";
  /** Bytes that are not UTF-8: an error, or read as U+FFFD. Default "error". */
  readonly encodingErrors?: "error" | "replace";
  /**
   * Whether columns whose values all are ISO 8601 days or instants (2023-01-31, 2023-01-31T12:34:56Z) become dates and timestamps. Default false, as in
   * pandas: they are strings, so that keys and files stay as they are written, unless `types` says "date" or "timestamp".
   */
  readonly inferDates?: boolean;
}
