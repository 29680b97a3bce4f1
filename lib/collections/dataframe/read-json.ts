import type { DataFrame } from "./dataframe.ts";
import type { JsonOptions } from "./file-nodes.ts";
import { frameOfFiles } from "./frame-of-files.ts";

/**
 * A frame over JSON files: one object a line (JSON Lines, read in pieces by byte range), or with `lines: false` one array of objects a
 * file. Paths or URLs with wildcards as for `readCsv`; `.gz` and `.zst` files are decompressed, one task a file.
 *
 * Columns are the keys that a sample of the first file shows, in order of first sight. Types come from the sample too: int64, float64, string, bool; a
 * number with a point or an exponent is a float. A key that is missing is null. Arrays and objects become JSON text; a
 * plan's notes say so. A key that the sample does not show is passed over: name it in `types` to have it. In float64 columns the
 * texts "NaN", "Infinity" and "-Infinity" are those numbers. Files without any object show no columns: then `types` has to name them.
 *
 * @throws OptionError for an option that means nothing. Later, when it runs: TextError for a line that is no JSON object, ValueError for a value that
 * does not fit, each with file, byte offset and line.
 */
export function readJson(paths: string | readonly string[], options: JsonOptions = {}): DataFrame {
  return frameOfFiles("json", paths, options);
}
