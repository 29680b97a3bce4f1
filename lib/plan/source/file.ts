import type { FileNode } from "../../collections/dataframe/file-nodes.ts";
import type { Store } from "../../store/store.ts";
import type { Read } from "./read.ts";
import type { Widened } from "./widened.ts";

export interface FileReadOptions {
  readonly store: Store;
  readonly widened?: Widened;
  readonly signal?: AbortSignal;
}

/** What files give to a plan. The planner of each format is loaded when it is first used. */
export async function fileRead(node: FileNode, options: FileReadOptions): Promise<Read> {
  switch (node.format) {
    case "parquet":
      return (await import("./parquet.ts")).parquetRead(node, options.store, options.signal);
    case "json":
      return (await import("./json.ts")).jsonRead(node, options);
    case "arrow":
      return (await import("./arrow.ts")).arrowRead(node, options.store, options.signal);
    case "hdf5":
      return (await import("./hdf5.ts")).hdf5Read(node, options.store, options.signal);
  }
}
