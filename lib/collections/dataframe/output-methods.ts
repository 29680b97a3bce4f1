import type { RecordBatch } from "apache-arrow";
import type { ChunkedArray } from "../array/chunked-array.ts";
import type { DType } from "../array/dtype.ts";
import { executor, type ComputeOptions } from "../executor.ts";
import { askedArray, signalIn, type FrameToArrayOptions } from "../handover.ts";
import type { ScalarType } from "../schema.ts";
import type { DataFrame } from "./dataframe.ts";
import { SummaryMethods } from "./summary-methods.ts";
import {
  writeTarget,
  type WriteCsvOptions,
  type WriteJsonOptions,
  type WriteOptions,
  type WriteParquetOptions,
  type WriteTarget,
  type WrittenFile,
} from "./write.ts";

/** Methods that run: what a frame's columns are, its rows as batches, arrays and text, and files of them. */
export abstract class OutputMethods extends SummaryMethods {
  /** The columns' names, in order. Reads no more than a sample: files say what is in them (Dask has read it when the frame is made). @throws UnknownColumnError, TypeMismatchError for a description that does not fit its files */
  async columns(options?: ComputeOptions): Promise<string[]> {
    return (await (await executor()).schema(this.itself(), options)).map(({ name }) => name);
  }

  /**
   * The columns' types by name, in order: "bool", "int64", "float64", "string", "date" or "timestamp". Of CSV and JSON as the sample shows them: a run that
   * meets a wider value gives that column a wider type. A timestamp is an instant, in microseconds of UTC; what clocks somewhere show is an expression
   * (`inTimeZone`), not a type, so that frames from different places go together.
   */
  async types(options?: ComputeOptions): Promise<Record<string, ScalarType>> {
    const schema = await (await executor()).schema(this.itself(), options);
    return Object.fromEntries(schema.map(({ name, type }) => [name, type]));
  }

  /**
   * How many rows there are, nulls and all. Columns that do not decide on it are neither read nor made: of CSV records are counted; Parquet, HDF5 and kept
   * rows know how many they have, and nothing is run unless an operation leaves out rows.
   */
  async length(options?: ComputeOptions): Promise<number> {
    return (await executor()).length(this.itself(), options);
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
    return (await (await executor()).toArray(this.itself(), asked, signalIn(options))) as ChunkedArray<D>; // the dtype asked for, or any
  }

  /**
   * The rows as Arrow record batches, in the frame's order: `for await (const batch of frame.batches())`, or of the frame itself. A batch is a shard's
   * rows (a partition's, behind an exchange); those without rows are left out. What is folded in one place (groups, few sorted rows) comes as one.
   *
   * Memory is bounded: shards are read as the batches are taken, a few ahead. Who breaks off ends the run. An error comes where the consumer is by
   * then. @throws SchemaWidenedError where a value behind the sample has another type, once a batch has been given: name the type in the reader's `types`.
   */
  batches(options: ComputeOptions = {}): AsyncGenerator<RecordBatch, void, undefined> {
    return batchesOf(this.itself(), options);
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

  /**
   * Writes the rows as JSON Lines, an object each with all columns; `path` as for `writeCsv` (.jsonl). JSON knows no dates, and of no rows no columns: to read back
   * what was written with the types that it had, also where it is empty, keep `await frame.types()` and give it to `readJson` as `types`.
   */
  async writeJson(path: string, options: WriteJsonOptions = {}): Promise<WrittenFile[]> {
    return this.#write(writeTarget("json", path, options), options);
  }

  /** Writes the rows as Arrow IPC files (Feather version 2); `path` as for `writeCsv` (.arrow). */
  async writeArrow(path: string, options: WriteOptions = {}): Promise<WrittenFile[]> {
    return this.#write(writeTarget("arrow", path, options), options);
  }

  async #write(target: WriteTarget, { signal }: WriteOptions): Promise<WrittenFile[]> {
    return (await executor()).write(this.itself(), target, signal === undefined ? {} : { signal });
  }
}

async function* batchesOf(frame: DataFrame, options: ComputeOptions): AsyncGenerator<RecordBatch, void, undefined> {
  yield* (await executor()).batches(frame, options);
}
