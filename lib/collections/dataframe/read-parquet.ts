import type { DataFrame } from "./dataframe.ts";
import type { ParquetOptions } from "./file-nodes.ts";
import { frameOfFiles } from "./frame-of-files.ts";

/**
 * A frame over Parquet files: paths or URLs, with wildcards as for `readCsv`. All files have the same columns; types may differ as int64 and
 * float64 do. Footers are read when a plan is made; then only the columns that are used, of the row groups whose bounds let a
 * filter's condition hold. One task a row group, small ones together.
 *
 * Types: booleans, integers (int64; unsigned ones of 2^63 or more are an error), floats and texts are what they are; dates and timestamps
 * too (nanoseconds are rounded down to microseconds; a timestamp without a time zone counts as UTC). Decimals become float64; times int64 (microseconds); UUIDs and bytes of fixed length text; lists, maps and
 * structs JSON text. `explain()` notes each that is not taken as it is. Codecs: none, snappy, gzip, zstd, brotli, lz4.
 *
 * @throws OptionError for an option that means nothing. Later, when it runs: FormatError for a file that is truncated, damaged or no Parquet.
 */
export function readParquet(paths: string | readonly string[], options: ParquetOptions = {}): DataFrame {
  return frameOfFiles("parquet", paths, options);
}
