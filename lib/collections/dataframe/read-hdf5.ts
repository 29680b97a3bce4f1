import type { DataFrame } from "./dataframe.ts";
import type { Hdf5Options } from "./file-nodes.ts";
import { frameOfFiles } from "./frame-of-files.ts";

/**
 * A frame over a dataset, table or group of HDF5 files, by h5wasm, which is an optional dependency and loaded when first needed. Paths or URLs with
 * wildcards as for `readCsv`.
 *
 * @throws OptionError for an option that means nothing. Later, when it runs: FormatError for a file that is no HDF5 or lacks the dataset.
 */
export function readHdf5(paths: string | readonly string[], options: Hdf5Options): DataFrame {
  return frameOfFiles("hdf5", paths, options);
}
