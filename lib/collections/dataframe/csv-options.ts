import { OptionError } from "../../errors.ts";
import { knownKeys, parseBytes, wholeNumber, wrong as wrongIn } from "../options.ts";
import { SCALAR_TYPES } from "../schema.ts";
import type { CsvOptions } from "./nodes.ts";
import { notOneOf } from "./one-of.ts";

const OPTIONS: readonly (keyof CsvOptions)[] = [
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
  "inferDates",
];

/** Refuses options that mean nothing, in name or value. @throws OptionError */
export function checkCsvOptions(options: CsvOptions): void {
  knownKeys(options, OPTIONS, "readCsv");
  checkCharacters(options);
  const {
    header,
    names,
    nulls,
    blockSize,
    sampleRows,
    ragged,
    widen,
    encodingErrors,
    inferDates,
    types = {},
  } = options;
  oneOf(ragged, ["error", "pad"], "ragged");
  oneOf(widen, ["float64", "string"], "widen");
  oneOf(encodingErrors, ["error", "replace"], "encodingErrors");
  if (typeof types !== "object" || types === null || Array.isArray(types))
    throw wrong("types", 'an object such as { price: "float64" }', types);
  for (const [column, type] of Object.entries(types)) oneOf(type, SCALAR_TYPES, `types["${column}"]`);
  if (header !== undefined && typeof header !== "boolean") throw wrong("header", "true or false", header);
  if (inferDates !== undefined && typeof inferDates !== "boolean")
    throw wrong("inferDates", "true or false", inferDates);
  texts(names, "names");
  texts(nulls, "nulls");
  if (blockSize !== undefined) parseBytes(blockSize, "readCsv option blockSize");
  if (sampleRows !== undefined) wholeNumber(sampleRows, "readCsv option sampleRows", 1);
}

function checkCharacters({ delimiter = ",", quote = '"', escape = "" }: CsvOptions): void {
  for (const [option, value, mayBeEmpty] of [
    ["delimiter", delimiter, false],
    ["quote", quote, true],
    ["escape", escape, true],
  ] as const) {
    if (typeof value === "string" && (value === "" ? mayBeEmpty : /^[\x01-\x09\x0b\x0c\x0e-\x7f]$/.test(value)))
      continue;
    throw wrong(option, `one ASCII character that is no line end${mayBeEmpty ? ', or ""' : ""}`, value);
  }
  if (delimiter === quote || delimiter === escape || (quote !== "" && quote === escape))
    throw new OptionError("readCsv options delimiter, quote and escape must differ.", {
      fix: "leave escape out where quotes are escaped by doubling them.",
    });
}

function texts(value: unknown, option: string): void {
  if (value === undefined || (Array.isArray(value) && value.every((text) => typeof text === "string"))) return;
  throw wrong(option, "a list of strings", value);
}

function oneOf(value: string | undefined, allowed: readonly string[], option: string): void {
  if (value === undefined || allowed.includes(value)) return;
  throw notOneOf(`readCsv option ${option}`, allowed, value);
}

function wrong(option: string, expected: string, found: unknown): OptionError {
  return wrongIn(`readCsv option ${option}`, expected, found);
}
