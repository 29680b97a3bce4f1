import type { Table } from "apache-arrow";
import { OptionError } from "../../errors.ts";
import { Aggregate, Expression } from "../expression.ts";
import { knownKeys, wrong } from "../options.ts";
import { describe } from "./describe-value.ts";
import { formatNode } from "./format-node.ts";
import { GroupBy, type GroupOptions } from "./group-by.ts";
import { frameFromJson, frameToJson, type FrameJson } from "./json.ts";
import type { FrameNode } from "./nodes.ts";
import { columnNames, concatNode, joinNode, type JoinOptions } from "./operations.ts";
import { OutputMethods } from "./output-methods.ts";
import { mapNode, repartitionNode, type MapOptions, type MappedRows, type RepartitionOptions } from "./partitions.ts";

export type { JoinOptions, SampleOptions, SortOptions } from "./operations.ts";

/**
 * A lazy table: a description of rows to come. Methods just describe, and return at once; nothing is read before `compute`, `persist`, `show`, `explain`,
 * `columns`, `types`, `length`, a write, or iteration.
 *
 * `compute` gives the rows as an Apache Arrow table. A grouped frame is sorted by its keys, nulls last; otherwise rows keep the files' order.
 */
export class DataFrame extends OutputMethods {
  readonly node: FrameNode;

  constructor(node: FrameNode) {
    super();
    this.node = node;
  }

  /**
   * Joins rows of this frame (left) with those of another (right) whose keys are equal.
   *
   * `how`: "inner" (default), "left" and "right" (all rows of that side, with nulls where the other has none), "outer" (of both), "semi" and
   * "anti" (rows of the left side that have a match, or none; its columns alone). A null key matches nothing, as in SQL and Polars (pandas
   * matches nulls); NaN matches NaN. Keys of int64 and float64 meet as float64 (keys named by `on` come
   * out so, others as they are), a date meets a timestamp as its midnight; other types that differ are refused.
   *
   * Columns: the left side's, then the right side's; keys named by `on` once. Other names that both sides have get suffixes.
   *
   * Order of rows: where one side is small, it is looked up by those who read the other, and rows keep that other side's order (rows of the
   * small side that one row matches are in their order). Where both are large, they meet in partitions by a hash of their keys: rows come
   * partition by partition, in each in the order of the left side (the right side for "right"; "outer" has the right side's lone rows behind).
   * `explain()` says which. Sort what has to be in an order.
   *
   * @throws TypeMismatchError for keys of different types, UnknownColumnError, OptionError for names that would come twice.
   */
  join(other: DataFrame, options: JoinOptions): DataFrame {
    if (!(other instanceof DataFrame))
      throw new OptionError(`join(…) expects a frame, found ${describe(other)}.`, {
        fix: 'write left.join(right, { on: "id" }).',
      });
    return new DataFrame(joinNode(this.node, other.node, options));
  }

  /**
   * Groups rows by the values of columns. Rows with a null (or NaN) key are left out, as in pandas; `keepNulls: true` gives them groups of their own.
   * No keys: all rows are one group.
   */
  groupBy(...keys: (string | readonly string[] | GroupOptions)[]): GroupBy {
    const last = keys[keys.length - 1];
    const isOptions = typeof last === "object" && !Array.isArray(last) && !(last instanceof Expression);
    const options: GroupOptions = isOptions ? (last as GroupOptions) : {}; // neither a name nor a list
    knownKeys(options, ["keepNulls"], "groupBy(…)");
    const { keepNulls = false } = options;
    if (typeof keepNulls !== "boolean") throw wrong("groupBy(…) option keepNulls", "true or false", keepNulls);
    const names = keys.filter((key) => key !== options).flat() as string[]; // what is left are names
    const other = names.find((name) => typeof name !== "string");
    if (other !== undefined)
      throw new OptionError(`groupBy(…) expects column names, found ${describe(other)}.`, {
        fix: "assign the expression to a column first, then group by its name.",
      });
    return new GroupBy(this.node, names, keepNulls);
  }

  /** Aggregates over all rows: a frame of one row. */
  agg(aggregates: Readonly<Record<string, Aggregate>>): DataFrame {
    return new GroupBy(this.node, [], false).agg(aggregates);
  }

  /** How often each value (combination of values) of the columns comes: the columns and `count`, the most frequent first, then by value. Nulls are left out. */
  valueCounts(...names: (string | readonly string[])[]): DataFrame {
    return this.groupBy(columnNames(names.flat(), "valueCounts(…)"))
      .agg({ count: new Aggregate({ kind: "size" }) })
      .sort("count", { descending: true });
  }

  /**
   * What a function makes of the rows of each partition, given as an Arrow table. A partition is what one task reads: a block of a CSV file, some row
   * groups of Parquet, all rows of a fold; `repartition` makes others. The function travels as those of bags do (by source, where it uses nothing outer,
   * or from a module by `fromModule`), gets `args` behind the table, and may be async. It gives a table, a list of rows, or columns by name; see `MappedRows`.
   *
   * The columns that come out are those of `{ schema: { id: "int64", … } }` behind the arguments. Without it the function is called once when a plan is made, on two
   * made-up rows of the right types (as Dask finds its meta): what it gives then tells. Each partition's result must have these columns, in any order; int64 goes
   * into float64, date into timestamp. The function is called for partitions without rows too, and may be called twice for one (after a lost worker).
   *
   * @throws CallableError where the function cannot travel. At compute: TypeMismatchError that names column, expected and found; TaskError where the function fails.
   */
  mapPartitions<A extends readonly unknown[] = []>(
    fn: (rows: Table, ...args: A) => MappedRows | Promise<MappedRows>,
    ...args: readonly [...A] | readonly [...A, MapOptions]
  ): DataFrame {
    return new DataFrame(mapNode(this.node, fn, args));
  }

  /**
   * The same rows, in the same order, in other partitions, about equally large: so many, or as many as are estimated to make each of them about
   * `{ bytes: "64MB" }` in memory. What follows has a task for each; `persist` keeps them so. All rows are kept and moved for it.
   */
  repartition(into: number | RepartitionOptions): DataFrame {
    return new DataFrame(repartitionNode(this.node, into));
  }

  /** The description as JSON, from which `fromJSON` makes the frame again: a pipeline to keep or to send. @throws PlanError for a persisted frame. */
  toJSON(): FrameJson {
    return frameToJson(this.node);
  }

  /** The frame of a description as `toJSON` gives it (an object; parse text first). @throws PlanError that says where it is not well formed. */
  static fromJSON(json: unknown): DataFrame {
    return new DataFrame(frameFromJson(json));
  }

  protected make(node: FrameNode): DataFrame {
    return new DataFrame(node);
  }

  protected itself(): DataFrame {
    return this;
  }

  override toString(): string {
    return formatNode(this.node);
  }

  get [Symbol.toStringTag](): string {
    return "DataFrame";
  }
}

/** The rows of frames, one frame behind the other. Columns: all that any has, with nulls where a frame lacks one; types are widened (int64 to float64, date to timestamp). @throws TypeMismatchError where types do not go together. */
export function concat(frames: readonly DataFrame[]): DataFrame {
  const other = frames.find((frame) => !(frame instanceof DataFrame));
  if (other !== undefined)
    throw new OptionError(`concat([…]) expects frames, found ${describe(other)}.`, {
      fix: "write concat([one, other]).",
    });
  return new DataFrame(concatNode(frames.map(({ node }) => node)));
}
