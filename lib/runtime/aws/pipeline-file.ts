import type { WriteArrayOptions, WriteZarrOptions } from "../../collections/array/array-write.ts";
import type {
  WriteCsvOptions,
  WriteJsonOptions,
  WriteOptions,
  WriteParquetOptions,
} from "../../collections/dataframe/write.ts";
import type { Pipeline } from "../../collections/pipeline.ts";

/**
 * A pipeline of a stack: what lies in its bucket as `pipelines/NAME.json`. Texts may hold {{url}}, {{bucket}}, {{key}}, {{name}} and {{stem}} of the file that
 * was dropped, and {{run}}. `stack-pipeline.schema.json` is made from this type; the checks are in pipelines.ts and pipeline-request.ts.
 */
export interface PipelineFile {
  /** Which dropped files start it, by their keys, as "incoming/sales_*.csv". Absent: it is started by its name alone. */
  readonly match?: string | readonly string[];
  /** What is computed. */
  readonly collection: Pipeline;
  /** Where the rows of a frame, or the elements of an array, are written to; then the result is what was written. Default: the result lies below `results/`. */
  readonly write?: WriteCsv | WriteParquet | WriteJson | WriteArrow | WriteNpy | WriteZarr;
  /** Whether a message on the results queue tells of its end. Default: true where a dropped file started it, else false. */
  readonly notify?: boolean;
  /** Refuses where the projected cost is above this, in US dollars. */
  readonly maxCost?: number;
  /** The run fails when nothing comes in for this long, in milliseconds. Default an hour. */
  readonly stallMs?: number;
  /** The run fails after this long, in milliseconds. Default: a day. */
  readonly deadlineMs?: number;
}

interface Target<Format extends string> extends Pick<WriteOptions, "overwrite"> {
  readonly format: Format;
  /** A folder, one file, or a template with one "*" for the part's number. */
  readonly path: string;
}
type Own<Options> = Pick<Options, Exclude<keyof Options, keyof WriteOptions>>;
export interface WriteCsv extends Target<"csv">, Own<WriteCsvOptions> {}
export interface WriteParquet extends Target<"parquet">, Own<WriteParquetOptions> {}
export interface WriteJson extends Target<"json">, Own<WriteJsonOptions> {}
export type WriteArrow = Target<"arrow">;

interface ArrayTarget<Format extends string> extends Pick<WriteArrayOptions, "overwrite"> {
  readonly format: Format;
  /** A file of NumPy's, or the folder of a Zarr array. */
  readonly path: string;
}
export type WriteNpy = ArrayTarget<"npy">;
export interface WriteZarr extends ArrayTarget<"zarr">, Pick<WriteZarrOptions, "version" | "compression"> {}
