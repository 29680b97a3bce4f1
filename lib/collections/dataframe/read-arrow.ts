import type { DataFrame } from "./dataframe.ts";
import type { ArrowOptions } from "./file-nodes.ts";
import { frameOfFiles } from "./frame-of-files.ts";

/**
 * A frame over Arrow IPC files (also called Feather version 2) and streams. Paths or URLs with wildcards as for `readCsv`. One task a file; types as for
 * `readParquet`.
 *
 * @throws OptionError for an option that means nothing. Later, when it runs: FormatError for a file that is truncated or no Arrow.
 */
export function readArrow(paths: string | readonly string[], options: ArrowOptions = {}): DataFrame {
  return frameOfFiles("arrow", paths, options);
}
