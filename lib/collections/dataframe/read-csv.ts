import { OptionError } from "../../errors.ts";
import { knownKeys, parseBytes, wholeNumber } from "../options.ts";
import { SCALAR_TYPES } from "../schema.ts";
import { DataFrame } from "./dataframe.ts";
import type { CsvOptions } from "./nodes.ts";

const OPTIONS = [
  "types",
  "delimiter",
  "quote",
  "escape",
  "header",
  "names",
  "nulls",
  "blockSize",
  "sampleRows",
  "ragged",
  "widen",
  "encodingErrors",
];

/**
 * A frame over CSV files: paths or URLs (`file://`, `s3://`, `memory://`), with the wildcards `*`, `**`, `?`, `[abc]`, `{a,b}`.
 * All files have the same header. Nothing is read yet.
 *
 * @throws OptionError for an option that means nothing.
 */
export function readCsv(paths: string | readonly string[], options: CsvOptions = {}): DataFrame {
  const list = typeof paths === "string" ? [paths] : paths;
  if (!Array.isArray(list) || list.length === 0 || list.some((path) => typeof path !== "string" || path === ""))
    throw new OptionError(
      `readCsv(…) expects a path, a URL, a glob or a list of them, found ${JSON.stringify(paths)}.`,
    );
  checkOptions(options);
  return new DataFrame({ kind: "csv", paths: list, options });
}

function checkOptions(options: CsvOptions): void {
  knownKeys(options, OPTIONS, "readCsv");
  const {
    delimiter = ",",
    quote = '"',
    escape = "",
    blockSize,
    sampleRows,
    ragged,
    widen,
    encodingErrors,
    types = {},
  } = options;
  for (const [option, value, mayBeEmpty] of [
    ["delimiter", delimiter, false],
    ["quote", quote, true],
    ["escape", escape, true],
  ] as const) {
    if (typeof value === "string" && (value === "" ? mayBeEmpty : /^[\x01-\x09\x0b\x0c\x0e-\x7f]$/.test(value)))
      continue; // eslint-disable-line no-control-regex -- control characters are meant
    throw new OptionError(
      `readCsv option ${option} expects one ASCII character that is no line end${mayBeEmpty ? ', or ""' : ""}, found ${JSON.stringify(value)}.`,
      { fields: { option } },
    );
  }
  if (delimiter === quote || delimiter === escape || (quote !== "" && quote === escape))
    throw new OptionError("readCsv options delimiter, quote and escape must differ.", {
      fix: "leave escape out where quotes are escaped by doubling them.",
    });
  oneOf(ragged, ["error", "pad"], "ragged");
  oneOf(widen, ["float64", "string"], "widen");
  oneOf(encodingErrors, ["error", "replace"], "encodingErrors");
  for (const [column, type] of Object.entries(types)) oneOf(type, SCALAR_TYPES, `types["${column}"]`);
  if (blockSize !== undefined) parseBytes(blockSize, "readCsv option blockSize");
  if (sampleRows !== undefined) wholeNumber(sampleRows, "readCsv option sampleRows", 1);
}

function oneOf(value: string | undefined, allowed: readonly string[], option: string): void {
  if (value === undefined || allowed.includes(value)) return;
  throw new OptionError(
    `readCsv option ${option} expects ${allowed.map((a) => `"${a}"`).join(" or ")}, found ${JSON.stringify(value)}.`,
    { fields: { option } },
  );
}
