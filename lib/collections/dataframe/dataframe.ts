import type { RecordBatch, Table } from "apache-arrow";
import { OptionError } from "../../errors.ts";
import type { ChunkedArray } from "../array/chunked-array.ts";
import type { DType } from "../array/dtype.ts";
import { Collection } from "../collection.ts";
import { executor, type ComputeOptions } from "../executor.ts";
import { Aggregate, Expression, asExpression, type Operand } from "../expression.ts";
import { askedArray, signalIn, type FrameToArrayOptions } from "../handover.ts";
import { knownKeys, wholeNumber } from "../options.ts";
import { namedTwice } from "../names.ts";
import type { ScalarType } from "../schema.ts";
import type { Window } from "../window.ts";
import { describe } from "./describe-value.ts";
import { formatNode } from "./format-node.ts";
import { GroupBy, type GroupOptions } from "./group-by.ts";
import { frameFromJson, frameToJson, type FrameJson } from "./json.ts";
import type { FrameNode } from "./nodes.ts";
import { mapNode, repartitionNode, type MapOptions, type MappedRows, type RepartitionOptions } from "./partitions.ts";
import {
  writeTarget,
  type WriteCsvOptions,
  type WriteJsonOptions,
  type WriteOptions,
  type WriteParquetOptions,
  type WriteTarget,
  type WrittenFile,
} from "./write.ts";
import {
  columnNames,
  concatNode,
  fillValues,
  joinNode,
  sampleNode,
  sortKeys,
  type JoinOptions,
  type SampleOptions,
  type SortOptions,
} from "./operations.ts";
import {
  describeNode,
  matrixNode,
  pivotNode,
  windowsNode,
  type DescribeOptions,
  type PivotOptions,
} from "./summaries.ts";

export type { JoinOptions, SampleOptions, SortOptions } from "./operations.ts";

/**
 * A lazy table: a description of rows to come. Methods just describe, and return at once; nothing is read before `compute`, `persist`, `show`, `explain`,
 * `columns`, `types`, `length`, a write, or iteration.
 *
 * `compute` gives the rows as an Apache Arrow table. A grouped frame is sorted by its keys, nulls last; otherwise rows keep the files' order.
 */
export class DataFrame extends Collection<Table> {
  readonly kind = "frame";
  readonly node: FrameNode;

  constructor(node: FrameNode) {
    super();
    this.node = node;
  }

  /** The rows for which the condition is true (not false, not null). */
  filter(condition: Expression): DataFrame {
    if (!(condition instanceof Expression))
      throw new OptionError(`filter(…) expects an expression, found ${describe(condition)}.`, {
        fix: 'write a condition over columns, as in col("quantity").gt(50).',
      });
    return new DataFrame({ kind: "filter", input: this.node, condition: condition.node });
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

  /** Adds columns, or replaces those of the same name. All expressions see the columns as they were before. */
  assign(columns: Readonly<Record<string, Operand>>): DataFrame {
    const list = Object.entries(columns).map(([name, value]) => ({ name, value: asExpression(value).node }));
    if (list.length === 0) return this;
    return new DataFrame({ kind: "assign", input: this.node, columns: list });
  }

  /** These columns, in this order. */
  select(...names: (string | readonly string[])[]): DataFrame {
    const flat = names.flat();
    const twice = namedTwice(flat);
    if (twice !== undefined)
      throw new OptionError(`select(…) names "${twice}" twice.`, { fix: "name each column once." });
    return new DataFrame({ kind: "select", input: this.node, names: flat });
  }

  /** The first rows, in the order of the files. Reads no more shards than it takes. Default 5. */
  head(rows = 5): DataFrame {
    return new DataFrame({ kind: "head", input: this.node, rows: wholeNumber(rows, "head(…)", 0) });
  }

  /** The same as `head`. */
  limit(rows: number): DataFrame {
    return this.head(rows);
  }

  /** The last rows, in the order of the files. Reads all of them. Default 5. */
  tail(rows = 5): DataFrame {
    return new DataFrame({ kind: "tail", input: this.node, rows: wholeNumber(rows, "tail(…)", 0) });
  }

  /** All rows but the first, in the order of the files. */
  skip(rows: number): DataFrame {
    return new DataFrame({ kind: "skip", input: this.node, rows: wholeNumber(rows, "skip(…)", 0) });
  }

  /**
   * A random part of the rows, in their order; the same for any block size and number of workers.
   *
   * `sample(0.1)`, `sample({ fraction: 0.1, seed })`: about this fraction of them, 0 to 1. Which, depends on the seed (default 0) and the rows' values
   * alone: equal rows are taken or left together. It costs one look at each row.
   *
   * `sample({ n: 100, seed })`: exactly so many of them, without repetition; all, where there are no more. Which, depends on the seed and on where rows
   * stand: those with the least hashes of their place. Rows have to be numbered for that, which keeps large data in parts (on disk beyond the memory limit).
   */
  sample(part: number | SampleOptions, options: Pick<SampleOptions, "seed"> = {}): DataFrame {
    knownKeys(options, ["seed"], "sample(…)");
    if (typeof part !== "object") return new DataFrame(sampleNode(this.node, { ...options, fraction: part }));
    knownKeys(part, ["fraction", "n", "seed"], "sample(…)");
    return new DataFrame(sampleNode(this.node, { ...options, ...part }));
  }

  /** All columns but these. */
  drop(...names: (string | readonly string[])[]): DataFrame {
    return new DataFrame({ kind: "drop", input: this.node, names: columnNames(names.flat(), "drop(…)") });
  }

  /** Gives columns other names, as in `rename({ old: "new" })`. All at once, so that names may be exchanged. */
  rename(names: Readonly<Record<string, string>>): DataFrame {
    const pairs = Object.entries(names).map(([from, to]) => ({ from, to }));
    if (pairs.length === 0) return this;
    columnNames(
      pairs.map(({ to }) => to),
      "rename(…)",
    );
    return new DataFrame({ kind: "rename", input: this.node, names: pairs });
  }

  /** Leaves out the rows that have a null in one of these columns; no names: in any column. NaN is a value, and stays. */
  dropNulls(...names: (string | readonly string[])[]): DataFrame {
    const flat = names.flat();
    if (flat.length === 0) return new DataFrame({ kind: "dropNulls", input: this.node });
    return new DataFrame({ kind: "dropNulls", input: this.node, names: columnNames(flat, "dropNulls(…)") });
  }

  /** Puts a value in the place of nulls: one for all columns of its type (an integer also goes into float64), or one a column, as in `{ price: 0 }`. */
  fillNull(value: Operand | Readonly<Record<string, Operand>>): DataFrame {
    return new DataFrame({ kind: "fillNull", input: this.node, values: fillValues(value) });
  }

  /**
   * The rows in the order of one or more columns, the first deciding first. Numbers by value, texts by code point, false before true.
   * Stable: equal rows stay in the order they were in. Nulls go last, and NaN with them, whatever the direction; `nulls: "first"` turns that.
   *
   * What is too large for one place is sorted in parts, each within the memory limit. With `head` behind it, no more than those rows are kept.
   */
  sort(by: string | readonly string[], options: SortOptions = {}): DataFrame {
    return new DataFrame({ kind: "sort", input: this.node, keys: sortKeys(by, options, "sort(…)") });
  }

  /** The `rows` rows that are largest by these columns, largest first; `descending: false`: smallest. The same as `sort` and `head`. */
  topK(rows: number, by: string | readonly string[], options: SortOptions = {}): DataFrame {
    const keys = sortKeys(by, { descending: true, ...options }, "topK(…)");
    return new DataFrame({ kind: "sort", input: this.node, keys }).head(wholeNumber(rows, "topK(…)", 0));
  }

  /**
   * Of rows that are equal in these columns the first one, in the order of the files; no names: in all columns. Nulls (and NaN) are equal to
   * each other, as in pandas. Rows stay in order.
   */
  distinct(...names: (string | readonly string[])[]): DataFrame {
    const flat = names.flat();
    if (flat.length === 0) return new DataFrame({ kind: "distinct", input: this.node });
    return new DataFrame({ kind: "distinct", input: this.node, names: columnNames(flat, "distinct(…)") });
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

  /** How often each value (combination of values) of the columns comes: the columns and `count`, the most frequent first, then by value. Nulls are left out. */
  valueCounts(...names: (string | readonly string[])[]): DataFrame {
    return this.groupBy(columnNames(names.flat(), "valueCounts(…)"))
      .agg({ count: new Aggregate({ kind: "size" }) })
      .sort("count", { descending: true });
  }

  /**
   * Statistics of the columns of numbers, as pandas has them: rows count, mean, std, min, quantiles and max (column "statistic"), a column each.
   * Quantiles are exact, and so hold a column's values in one place, at most 2^26; `approximate: true` finds them within 1 % of their value.
   */
  describe(options: DescribeOptions = {}): DataFrame {
    return new DataFrame(describeNode(this.node, options));
  }

  /** Pearson's correlations of columns (default: all of int64 and float64), pair by pair over the rows where both have a value: column "column", then the matrix. See `Expression.corr`. */
  corr(...names: (string | readonly string[])[]): DataFrame {
    return new DataFrame(matrixNode(this.node, "corr", names));
  }

  /** Covariances, as `corr`; divided by n − 1. */
  cov(...names: (string | readonly string[])[]): DataFrame {
    return new DataFrame(matrixNode(this.node, "cov", names));
  }

  /**
   * Adds columns that look along the rows, in the order of the frame, or replaces those of the same name: `window({ total: col("x").cumsum(),
   * before: col("x").shift(), smooth: col("x").rolling(7).mean() })`. All see the columns as they were before.
   *
   * What is too large for one place stays in parts, which tell each other what they come to, and the rows at their ends as far as the longest
   * shift or window reaches.
   */
  window(columns: Readonly<Record<string, Window>>): DataFrame {
    return new DataFrame(windowsNode(this.node, columns));
  }

  /**
   * A table of groups: a row for each combination of values of `index`, a column for each of `names`, and in the cells an aggregate of `values` over
   * the rows that have both. Null where there are none; but sums and counts are 0 (pandas: NaN).
   *
   * `frame.pivot({ index: "region", columns: "product", values: "price", aggregate: "mean", names: ["apple", "pear"] })`
   */
  pivot(options: PivotOptions): DataFrame {
    return new DataFrame(pivotNode(this.node, options));
  }

  /**
   * Groups rows by the values of columns. Rows with a null (or NaN) key are left out, as in pandas; `keepNulls: true` gives them groups of their own.
   * No keys: all rows are one group.
   */
  groupBy(...keys: (string | readonly string[] | GroupOptions)[]): GroupBy {
    const last = keys[keys.length - 1];
    const options: GroupOptions = typeof last === "object" && !Array.isArray(last) ? (last as GroupOptions) : {}; // neither a name nor a list
    const names = keys.filter((key) => key !== options).flat() as string[]; // what is left are names
    const wrong = names.find((name) => typeof name !== "string");
    if (wrong !== undefined)
      throw new OptionError(`groupBy(…) expects column names, found ${describe(wrong)}.`, {
        fix: "assign the expression to a column first, then group by its name.",
      });
    return new GroupBy(this.node, names, options.keepNulls ?? false);
  }

  /** Aggregates over all rows: a frame of one row. */
  agg(aggregates: Readonly<Record<string, Aggregate>>): DataFrame {
    return new GroupBy(this.node, [], false).agg(aggregates);
  }

  /** The columns' names, in order. Reads no more than a sample: files say what is in them (Dask has read it when the frame is made). @throws UnknownColumnError, TypeMismatchError for a description that does not fit its files */
  async columns(options?: ComputeOptions): Promise<string[]> {
    return (await (await executor()).schema(this, options)).map(({ name }) => name);
  }

  /**
   * The columns' types by name, in order: "bool", "int64", "float64", "string", "date" or "timestamp". Of CSV and JSON as the sample shows them: a run that
   * meets a wider value gives that column a wider type.
   */
  async types(options?: ComputeOptions): Promise<Record<string, ScalarType>> {
    const schema = await (await executor()).schema(this, options);
    return Object.fromEntries(schema.map(({ name, type }) => [name, type]));
  }

  /**
   * How many rows there are, nulls and all. Columns that do not decide on it are neither read nor made: of CSV records are counted; Parquet, HDF5 and kept
   * rows know how many they have, and nothing is run unless an operation leaves out rows.
   */
  async length(options?: ComputeOptions): Promise<number> {
    return (await executor()).length(this, options);
  }

  /**
   * Runs the frame, and keeps its columns with the workers as an array [rows, columns], whose rows are in the frame's order: one chunk a partition, those
   * without rows left out. Of one column `(await frame.toArray({ columns: ["x"] })).ravel()` has one axis. (Dask's `to_dask_array(lengths=True)`.)
   *
   * dtype: that of all columns together, as NumPy promotes them: bool, int64 (exact beyond 2^53) or float64. Null is NaN; a column of int64 or bool that has
   * nulls is float64, as in pandas. Another dtype is cast to as by `astype`. It is forgotten as what `persist` gives: with the last array over it, or by
   * `client.release(array)`.
   *
   * @throws TypeMismatchError that names a column of texts, dates or timestamps (cast those first); ValueError for nulls where `dtype` has no NaN; UnknownColumnError
   */
  async toArray<D extends DType = DType>(options: FrameToArrayOptions<D> = {}): Promise<ChunkedArray<D>> {
    const asked = askedArray(options, ["columns"]);
    return (await (await executor()).toArray(this, asked, signalIn(options))) as ChunkedArray<D>; // the dtype asked for, or any
  }

  /**
   * The rows as Arrow record batches, in the frame's order: `for await (const batch of frame.batches())`, or of the frame itself. A batch is a shard's
   * rows (a partition's, behind an exchange); those without rows are left out. What is folded in one place (groups, few sorted rows) comes as one.
   *
   * Memory is bounded: shards are read as the batches are taken, a few ahead. Who breaks off ends the run. An error comes where the consumer is by
   * then. @throws SchemaWidenedError where a value behind the sample has another type, once a batch has been given: name the type in the reader's `types`.
   */
  batches(options: ComputeOptions = {}): AsyncGenerator<RecordBatch, void, undefined> {
    return batchesOf(this, options);
  }

  /** As `batches()`. */
  [Symbol.asyncIterator](): AsyncGenerator<RecordBatch, void, undefined> {
    return this.batches();
  }

  /** Prints the first rows as a text table on standard output. */
  async show(rows = 10): Promise<void> {
    const { formatTable } = await import("./format-table.ts");
    process.stdout.write(`${formatTable(await this.head(rows + 1).compute(), rows)}\n`);
  }

  /**
   * Writes the rows as CSV, UTF-8. `path`: a folder, for a file a part (part-00000.csv, …, as many as there are tasks with rows); a template such as
   * "out/sales-*.csv" for other names; or one file, whose name ends in .csv: its rows are gathered in memory as `compute` does it.
   * Each file is written whole. A text that would be read as something else (a number, a null) is quoted; null is an empty field.
   *
   * @throws ConflictError where such files are there already, unless `overwrite`.
   */
  async writeCsv(path: string, options: WriteCsvOptions = {}): Promise<WrittenFile[]> {
    return this.#write(writeTarget("csv", path, options), options);
  }

  /** Writes the rows as Parquet; `path` as for `writeCsv`. Types, nulls, NaN and both zeros are read back as they are. */
  async writeParquet(path: string, options: WriteParquetOptions = {}): Promise<WrittenFile[]> {
    return this.#write(writeTarget("parquet", path, options), options);
  }

  /** Writes the rows as JSON Lines, an object each with all columns; `path` as for `writeCsv` (.jsonl). */
  async writeJson(path: string, options: WriteJsonOptions = {}): Promise<WrittenFile[]> {
    return this.#write(writeTarget("json", path, options), options);
  }

  /** Writes the rows as Arrow IPC files (Feather version 2); `path` as for `writeCsv` (.arrow). */
  async writeArrow(path: string, options: WriteOptions = {}): Promise<WrittenFile[]> {
    return this.#write(writeTarget("arrow", path, options), options);
  }

  async #write(target: WriteTarget, options: WriteOptions): Promise<WrittenFile[]> {
    return (await executor()).write(this, target, options.signal === undefined ? {} : { signal: options.signal });
  }

  /** The description as JSON, from which `fromJSON` makes the frame again: a pipeline to keep or to send. @throws PlanError for a persisted frame. */
  toJSON(): FrameJson {
    return frameToJson(this.node);
  }

  /** The frame of a description as `toJSON` gives it (an object; parse text first). @throws PlanError that says where it is not well formed. */
  static fromJSON(json: unknown): DataFrame {
    return new DataFrame(frameFromJson(json));
  }

  override toString(): string {
    return formatNode(this.node);
  }

  get [Symbol.toStringTag](): string {
    return "DataFrame";
  }
}

async function* batchesOf(frame: DataFrame, options: ComputeOptions): AsyncGenerator<RecordBatch, void, undefined> {
  yield* (await executor()).batches(frame, options);
}

/** The rows of frames, one frame behind the other. Columns: all that any has, with nulls where a frame lacks one; types are widened (int64 to float64, date to timestamp). @throws TypeMismatchError where types do not go together. */
export function concat(frames: readonly DataFrame[]): DataFrame {
  const wrong = frames.find((frame) => !(frame instanceof DataFrame));
  if (wrong !== undefined) throw new OptionError(`concat([…]) expects frames, found ${describe(wrong)}.`);
  return new DataFrame(concatNode(frames.map(({ node }) => node)));
}
