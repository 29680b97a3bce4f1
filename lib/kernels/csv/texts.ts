import type { ScalarType } from "../../collections/schema.ts";

/**
 * What a field's text (its quotes taken off) means: null, a boolean, an integer, a float, or just a string. The one place that says so for
 * the sampler and for the fields that the kernel's fast paths leave; the fast paths agree with it (property-tested).
 */

/** Null in number and boolean columns when the user names no nulls of his own: pandas' list. In string columns only the empty field is. */
export const DEFAULT_NULLS: readonly string[] = [
  "",
  "#N/A",
  "#N/A N/A",
  "#NA",
  "-1.#IND",
  "-1.#QNAN",
  "-NaN",
  "-nan",
  "1.#IND",
  "1.#QNAN",
  "<NA>",
  "N/A",
  "NA",
  "NULL",
  "NaN",
  "None",
  "n/a",
  "nan",
  "null",
];

/** Dates and timestamps are told from strings only where the user wants it. */
export type TextKind = "null" | ScalarType;

const INTEGER = /^[+-]?\d+$/;
const DECIMAL = /^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$/;
const INFINITE = /^([+-]?)(inf|infinity)$/i;
const MAX = 9223372036854775807n;

/** Spaces around a number do not count. */
function bare(text: string): string {
  if (text.charCodeAt(0) !== 32 && text.charCodeAt(text.length - 1) !== 32) return text;
  return text.replace(/^ +| +$/g, "");
}

export function isNullText(text: string, nulls: ReadonlySet<string>): boolean {
  return nulls.has(text) || nulls.has(bare(text));
}

/** The number that the text spells, correctly rounded; undefined where it spells none. */
export function parseNumber(text: string): number | undefined {
  const spelled = bare(text);
  if (DECIMAL.test(spelled)) return Number(spelled);
  if (/^[+-]?nan$/i.test(spelled)) return NaN;
  const infinite = INFINITE.exec(spelled);
  if (infinite) return infinite[1] === "-" ? -Infinity : Infinity;
  return undefined;
}

/** The integer that the text spells, where it fits 64 bits. */
export function parseInteger(text: string): bigint | undefined {
  const spelled = bare(text);
  if (!INTEGER.test(spelled)) return undefined;
  const value = BigInt(spelled.replace(/^\+/, ""));
  return value > MAX || value < -MAX - 1n ? undefined : value;
}

export function parseBoolean(text: string): boolean | undefined {
  if (/^(true|True|TRUE)$/.test(text)) return true;
  return /^(false|False|FALSE)$/.test(text) ? false : undefined;
}

/** The narrowest type that holds the text. */
export function kindOf(text: string, nulls: ReadonlySet<string>): TextKind {
  if (isNullText(text, nulls)) return "null";
  if (parseBoolean(text) !== undefined) return "bool";
  if (parseInteger(text) !== undefined) return "int64";
  return parseNumber(text) !== undefined ? "float64" : "string";
}
