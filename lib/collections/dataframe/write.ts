import { OptionError } from "../../errors.ts";
import type { ComputeOptions } from "../executor.ts";
import { knownKeys, shown, wholeNumber } from "../options.ts";

/** What all writes of frames may be told. */
export interface WriteOptions extends ComputeOptions {
  /** Whether what is there may be replaced: files of the same name, and numbered parts of an earlier write. Default false: that is a `ConflictError`. */
  readonly overwrite?: boolean;
}

export interface WriteCsvOptions extends WriteOptions {
  /** One ASCII character. Default ",". */
  readonly delimiter?: string;
  /** Whether each file begins with the columns' names. Default true. */
  readonly header?: boolean;
  /** What null is written as. Default "": an empty field, which is null when it is read, whereas the empty text is written as "". */
  readonly nullText?: string;
}

export interface WriteParquetOptions extends WriteOptions {
  /** Default "snappy", which every reader knows. "zstd" is smaller and quicker; it needs Node 22.15. */
  readonly compression?: "snappy" | "zstd" | "gzip" | "none";
  /** Rows of a row group: what a reader takes or leaves out at a time. Default 131,072. */
  readonly rowGroupRows?: number;
}

export interface WriteJsonOptions extends WriteOptions {
  /** What NaN and infinities are written as, for which JSON has no number. Default "null", as pandas; "text": "NaN", "Infinity", "-Infinity", which `readJson` takes for those in a float64 column. */
  readonly nonFinite?: "null" | "text";
}

/** One file that was written. */
export interface WrittenFile {
  /** Path of a file, URL of any other object. */
  readonly path: string;
  readonly rows: number;
  readonly bytes: number;
}

/** What is written, and where to. */
export interface WriteTarget {
  readonly format: "csv" | "parquet" | "json" | "arrow";
  /** As the user wrote it: a folder, one file, or a template with one "*" for the part's number. */
  readonly path: string;
  readonly overwrite: boolean;
  /** The encoder's own options. */
  readonly encoding: Omit<WriteCsvOptions & WriteParquetOptions & WriteJsonOptions, "overwrite" | "signal">;
}

const OWN: { readonly [F in WriteTarget["format"]]: readonly string[] } = {
  csv: ["delimiter", "header", "nullText"],
  parquet: ["compression", "rowGroupRows"],
  json: ["nonFinite"],
  arrow: [],
};
const ENDINGS = { csv: ".csv", parquet: ".parquet", json: ".jsonl", arrow: ".arrow" } as const;
const WRITERS = { csv: "writeCsv", parquet: "writeParquet", json: "writeJson", arrow: "writeArrow" } as const;

/** @throws OptionError for an option that means nothing. */
export function writeTarget(
  format: WriteTarget["format"],
  path: string,
  { overwrite = false, signal: _, ...encoding }: WriteCsvOptions & WriteParquetOptions & WriteJsonOptions,
): WriteTarget {
  const writer = WRITERS[format];
  const aPath = "the path or URL of a folder, of a file, or one with a * for the part's number";
  if (typeof path !== "string" || path === "" || path.split("*").length > 2)
    throw new OptionError(`${writer}(…) expects ${aPath}, found ${shown(path)}.`, {
      fields: { option: "path", expected: aPath, found: shown(path) },
      fix: `write ${writer}("out/"), ${writer}("out/*${ENDINGS[format]}") or ${writer}("out${ENDINGS[format]}").`,
    });
  knownKeys(encoding, OWN[format], writer);
  const { delimiter, header, nullText, compression, rowGroupRows, nonFinite } = encoding;
  const expect = (holds: boolean, option: string, expected: string, found: unknown) => {
    if (holds) return;
    throw new OptionError(`${writer} option ${option} expects ${expected}, found ${shown(found)}.`, {
      fields: { option, expected, found: shown(found) },
      fix: `pass ${expected}.`,
    });
  };
  expect(typeof overwrite === "boolean", "overwrite", "true or false", overwrite);
  expect(
    delimiter === undefined || /^[\x01-\x09\x0b\x0c\x0e-\x21\x23-\x7f]$/.test(delimiter),
    "delimiter",
    "one ASCII character that is no quote and no line end",
    delimiter,
  );
  expect(header === undefined || typeof header === "boolean", "header", "true or false", header);
  expect(nullText === undefined || typeof nullText === "string", "nullText", "a string", nullText);
  const codecs = [undefined, "snappy", "zstd", "gzip", "none"];
  expect(codecs.includes(compression), "compression", '"snappy", "zstd", "gzip" or "none"', compression);
  expect([undefined, "null", "text"].includes(nonFinite), "nonFinite", '"null" or "text"', nonFinite);
  if (rowGroupRows !== undefined) wholeNumber(rowGroupRows, `${writer} option rowGroupRows`, 1);
  return { format, path, overwrite, encoding };
}
