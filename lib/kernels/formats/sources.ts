import type { Schema } from "../../collections/schema.ts";
import { InternalError, type Json } from "../../errors.ts";
import type { Source, TaskInput } from "../../plan/plan.ts";
import type { BatchSource } from "../frame/scan.ts";
import type { TaskContext, TaskOutput } from "../kernel.ts";
import type { ArrowFormat } from "./read-arrow.ts";
import type { CompressedCsvFormat } from "./read-compressed-csv.ts";
import type { Hdf5Format } from "./read-hdf5.ts";
import type { JsonFormat } from "./read-json.ts";
import type { ParquetFormat } from "./read-parquet.ts";

/** Where a scan's rows come from, beside plain CSV and kept frames. Plain JSON: part of the plan. */
export type FileFormat = ParquetFormat | JsonFormat | ArrowFormat | Hdf5Format | CompressedCsvFormat;

/** Runs `use` over the batches of one shard. Each format is loaded when it is first read. */
export type ReadBatches<F> = (
  format: F,
  columns: Schema,
  input: TaskInput,
  context: TaskContext,
  use: (source: BatchSource) => Promise<TaskOutput>,
) => Promise<TaskOutput>;

export const FILE_FORMATS: readonly FileFormat["format"][] = ["parquet", "json", "arrow", "hdf5", "compressed csv"];

export async function fileBatches(...[format, ...rest]: Parameters<ReadBatches<FileFormat>>): Promise<TaskOutput> {
  switch (format.format) {
    case "parquet":
      return (await import("./read-parquet.ts")).parquetBatches(format, ...rest);
    case "json":
      return (await import("./read-json.ts")).jsonBatches(format, ...rest);
    case "arrow":
      return (await import("./read-arrow.ts")).arrowBatches(format, ...rest);
    case "hdf5":
      return (await import("./read-hdf5.ts")).hdf5Batches(format, ...rest);
    case "compressed csv":
      return (await import("./read-compressed-csv.ts")).compressedCsvBatches(format, ...rest);
  }
}

/** The item of a task that reads a file, or some of it. */
export function fileItem<T extends { readonly source: Source }>(input: TaskInput, format: string): T {
  if (input.kind !== "item") throw new InternalError(`A source of ${format} reads items, found ${input.kind}.`);
  return input.item as unknown as T; // as the format's planner wrote it
}

/** A plan's item from what the planner made: plain JSON by its type, which lacks an index signature only. */
export function asItem(item: { readonly source: Source }): Json {
  return item as unknown as Json;
}
