import { OptionError } from "../../errors.ts";
import { executor } from "../executor.ts";
import { knownKeys } from "../options.ts";
import { ChunkedArray } from "./chunked-array.ts";
import type { ChunksOption } from "./chunks.ts";

export interface ReadArrayOptions {
  /** How the array is cut. Default: as the file is, several of its chunks together where they are small; else whole rows, about 16 MiB a chunk. */
  readonly chunks?: ChunksOption;
  readonly signal?: AbortSignal;
}

/** What to open, as the user wrote it. */
export type ArraySource = { readonly path: string; readonly chunks?: ChunksOption } & (
  | { readonly format: "npy" }
  | { readonly format: "zarr"; readonly array?: string }
  | { readonly format: "hdf5"; readonly dataset: string }
);

/**
 * An array in a `.npy` file (numpy.save), by path or URL. Its header is read now, so that shape and dtype are known; elements are read by
 * whoever needs them.
 *
 * @throws FormatError for another format or a file that was cut off, NotFoundError
 */
export async function readNpy(path: string, options: ReadArrayOptions = {}): Promise<ChunkedArray> {
  return open({ format: "npy", path }, options, ["chunks", "signal"], "readNpy(…)");
}

/** An array of a Zarr store of version 2 or 3 (by zarrita: all its codecs, sharding); `path`: of the array within a group. Its metadata are read now. */
export async function readZarr(
  url: string,
  options: ReadArrayOptions & { readonly path?: string } = {},
): Promise<ChunkedArray> {
  const { path } = options;
  return open(
    { format: "zarr", path: url, ...(path === undefined ? {} : { array: path }) },
    options,
    ["chunks", "signal", "path"],
    "readZarr(…)",
  );
}

/** A dataset of numbers in an HDF5 file (by h5wasm, an optional dependency), of any number of axes. A table of columns is read by `readHdf5`. */
export async function readHdf5Array(
  path: string,
  options: ReadArrayOptions & { readonly dataset: string },
): Promise<ChunkedArray> {
  return open(
    { format: "hdf5", path, dataset: options.dataset },
    options,
    ["chunks", "signal", "dataset"],
    "readHdf5Array(…)",
  );
}

async function open(
  source: ArraySource,
  options: ReadArrayOptions,
  known: readonly string[],
  what: string,
): Promise<ChunkedArray> {
  knownKeys(options, known, what);
  if (typeof source.path !== "string" || source.path === "")
    throw new OptionError(`${what} expects a path or URL; found ${JSON.stringify(source.path) ?? "nothing"}.`, {
      fix: `as "data/x.npy" or "s3://bucket/x.zarr".`,
    });
  const { chunks, signal } = options;
  const node = await (
    await executor()
  ).openArray({ ...source, ...(chunks === undefined ? {} : { chunks }) }, signal === undefined ? {} : { signal });
  return new ChunkedArray(node);
}
