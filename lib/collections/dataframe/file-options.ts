import { OptionError } from "../../errors.ts";
import { knownKeys, parseBytes, wholeNumber, wrong as wrongIn } from "../options.ts";
import { objectAt, oneOfAt, refuse, refusedOption, textsAt } from "../plain.ts";
import { SCALAR_TYPES } from "../schema.ts";
import type { FileNode } from "./file-nodes.ts";
import { notOneOf } from "./one-of.ts";

const FORMATS: readonly FileNode["format"][] = ["parquet", "json", "arrow", "hdf5"];

const OPTIONS: { readonly [F in FileNode["format"]]: readonly string[] } = {
  parquet: ["columns"],
  json: ["lines", "types", "blockSize", "sampleRows", "widen"],
  arrow: ["columns"],
  hdf5: ["dataset", "columns", "blockRows"],
};
export const READERS = { parquet: "readParquet", json: "readJson", arrow: "readArrow", hdf5: "readHdf5" } as const;

/** Refuses options that mean nothing, in name or value. @throws OptionError */
export function checkFileOptions(format: FileNode["format"], options: object): void {
  const reader = READERS[format];
  knownKeys(options, OPTIONS[format], reader);
  const wrong = (option: string, expected: string, found: unknown) =>
    wrongIn(`${reader} option ${option}`, expected, found);
  const { columns, lines, types, blockSize, sampleRows, widen, dataset, blockRows } = options as Record<
    string,
    unknown
  >; // any of them
  if (columns !== undefined) checkColumns(columns, wrong);
  if (lines !== undefined && typeof lines !== "boolean") throw wrong("lines", "true or false", lines);
  if (types !== undefined) {
    if (typeof types !== "object" || types === null || Array.isArray(types))
      throw wrong("types", 'an object such as { price: "float64" }', types);
    for (const [column, type] of Object.entries(types))
      if (!SCALAR_TYPES.includes(type as never))
        throw notOneOf(`${reader} option types["${column}"]`, SCALAR_TYPES, type);
  }
  if (blockSize !== undefined) parseBytes(blockSize as number, `${reader} option blockSize`);
  if (sampleRows !== undefined) wholeNumber(sampleRows as number, `${reader} option sampleRows`, 1);
  if (blockRows !== undefined) wholeNumber(blockRows as number, `${reader} option blockRows`, 1);
  if (widen !== undefined && widen !== "float64" && widen !== "string")
    throw notOneOf(`${reader} option widen`, ["float64", "string"], widen);
  if (format === "hdf5" && (typeof dataset !== "string" || dataset === ""))
    throw wrong("dataset", 'the path of a dataset or group in the file, as "/table"', dataset);
}

function checkColumns(
  columns: unknown,
  wrong: (option: string, expected: string, found: unknown) => OptionError,
): void {
  if (!Array.isArray(columns) || columns.length === 0 || columns.some((name) => typeof name !== "string"))
    throw wrong("columns", "a list of column names", columns);
  if (new Set(columns).size < columns.length) throw wrong("columns", "each name once", columns);
}

/** A file node in a pipeline's JSON. @throws PlanError */
export function fileAt(value: unknown, path: string): FileNode {
  const node = objectAt(value, path, ["kind", "format", "paths", "options"]);
  const format = oneOfAt(node["format"], `${path}.format`, FORMATS);
  const paths = textsAt(node["paths"], `${path}.paths`);
  if (paths.length === 0) refuse(`${path}.paths`, "at least one path, URL or glob", paths);
  const options = objectAt(node["options"] ?? {}, `${path}.options`);
  try {
    checkFileOptions(format, options);
  } catch (error) {
    if (!(error instanceof OptionError)) throw error;
    throw refusedOption(error, `${path}.options`);
  }
  return { kind: "file", format, paths, options } as unknown as FileNode; // just checked
}
