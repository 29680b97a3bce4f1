import type { RecordBatch } from "apache-arrow";
import type { AnyArray, ChunkedArray } from "./array/chunked-array.ts";
import type { ArrayWrite, WrittenArray } from "./array/array-write.ts";
import type { ArraySource } from "./array/files.ts";
import type { ArrayNode } from "./array/nodes.ts";
import type { AskedArray } from "./handover.ts";
import type { ImageResult } from "./images/image-result.ts";
import type { Collection } from "./collection.ts";
import type { DataFrame } from "./dataframe/dataframe.ts";
import type { WriteTarget, WrittenFile } from "./dataframe/write.ts";
import type { Schema } from "./schema.ts";

/** What a collection needs of a client. Collections know no runtime: they ask whoever fills the slot. */
export interface Executor {
  compute<T>(collection: Collection<T>, options?: ComputeOptions): PromiseLike<T>;
  persist<C extends Collection<unknown>>(collection: C, options?: ComputeOptions): Promise<C>;
  explain(collection: Collection<unknown>): Promise<string>;
  /** A frame's columns; no run. */
  schema(frame: DataFrame, options?: ComputeOptions): PromiseLike<Schema>;
  /** How many rows a frame has. */
  length(frame: DataFrame, options?: ComputeOptions): PromiseLike<number>;
  /** Runs a frame as its rows are taken. */
  batches(frame: DataFrame, options?: ComputeOptions): AsyncGenerator<RecordBatch, void, undefined>;
  /** What a file says of its array; no run. */
  openArray(source: ArraySource, options?: ComputeOptions): Promise<ArrayNode>;
  /** Runs an array and writes it. */
  writeArray(array: AnyArray, write: ArrayWrite, options?: ComputeOptions): PromiseLike<WrittenArray>;
  /** Runs a frame, or images, and keeps what they give as chunks of an array. */
  toArray(
    from: DataFrame | ImageResult<unknown>,
    asked: AskedArray,
    options?: ComputeOptions,
  ): PromiseLike<ChunkedArray>;
  /** Runs an array, and keeps it as rows of a frame with columns of these names. */
  toDataFrame(array: AnyArray, names: readonly string[], options?: ComputeOptions): PromiseLike<DataFrame>;
  /** Runs a frame and writes its rows. */
  write(frame: DataFrame, target: WriteTarget, options?: ComputeOptions): PromiseLike<WrittenFile[]>;
}

export interface ComputeOptions {
  /** Cancels the run: it fails with `CancelledError`. */
  readonly signal?: AbortSignal;
  /** In the cloud: refuses with `CostError` where its plans are projected to cost more together, in US dollars. Default: the client's own limit. */
  readonly maxCost?: number;
}

let current: Executor | undefined;
let fallback: (() => Promise<Executor>) | undefined;

/** The executor that bare `compute()` uses from now on; undefined: the fallback again. */
export function setExecutor(executor: Executor | undefined): void {
  current = executor;
}

/** Whether bare `compute()` uses this one. */
export function isExecutor(executor: Executor): boolean {
  return current === executor;
}

/** How to make an executor when none is set: the package's root starts a local client. */
export function setFallbackExecutor(make: () => Promise<Executor>): void {
  fallback = make;
}

export async function executor(): Promise<Executor> {
  if (current !== undefined) return current;
  if (fallback === undefined) throw new Error("No client: import from the package's root, or call Client.local().");
  return fallback();
}
