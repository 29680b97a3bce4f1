import type { ScalarType } from "../schema.ts";

/** Files of formats other than CSV. `paths`: paths, URLs and globs, as the user wrote them. */
export type FileNode = ParquetNode | JsonNode | ArrowNode | Hdf5Node;

export interface ParquetNode {
  readonly kind: "file";
  readonly format: "parquet";
  readonly paths: readonly string[];
  readonly options: ParquetOptions;
}

export interface JsonNode {
  readonly kind: "file";
  readonly format: "json";
  readonly paths: readonly string[];
  readonly options: JsonOptions;
}

export interface ArrowNode {
  readonly kind: "file";
  readonly format: "arrow";
  readonly paths: readonly string[];
  readonly options: ArrowOptions;
}

export interface Hdf5Node {
  readonly kind: "file";
  readonly format: "hdf5";
  readonly paths: readonly string[];
  readonly options: Hdf5Options;
}

/** How to read Parquet. */
export interface ParquetOptions {
  /** The columns there are, in this order. Default: all, in the first file's order. What a pipeline does not use is not read anyway. */
  readonly columns?: readonly string[];
}

/** How to read JSON. */
export interface JsonOptions {
  /** One object a line (JSON Lines), read in pieces; otherwise each file is one array of objects, read whole. Default true. */
  readonly lines?: boolean;
  /** Types of columns by name; such a type is final. Others are found from a sample and may widen later on. A column that is named here exists, whatever the sample shows. */
  readonly types?: Readonly<Record<string, ScalarType>>;
  /** Bytes of lines that a task reads, as a number or "64MB". Default "16MiB". It fixes the fold tree, and so the last bits of sums. */
  readonly blockSize?: number | string;
  /** Objects that are looked at to find columns and types. Default 1,000 (as far as the first MiB goes). */
  readonly sampleRows?: number;
  /** How far a column may widen when a later value does not fit the type that the sample gave. Default "float64": integers may become floats, anything else is an error. */
  readonly widen?: "float64" | "string";
}

/** How to read Arrow files. */
export interface ArrowOptions {
  /** The columns there are, in this order. Default: all. */
  readonly columns?: readonly string[];
}

/** How to read HDF5. */
export interface Hdf5Options {
  /**
   * The path of what is read inside of each file: a dataset of one dimension (a column), of two (its columns are named "0", "1", …) or of
   * records (a table), or a group whose datasets of one length are the columns.
   */
  readonly dataset: string;
  /** The columns there are, in this order. Default: all. */
  readonly columns?: readonly string[];
  /** Rows that a task reads. Default 1,000,000. */
  readonly blockRows?: number;
}
