import { OptionError } from "../../errors.ts";
import type { ScalarType } from "../schema.ts";
import { parseDate, parseTimestamp } from "../time/iso.ts";
import type { LiteralJson, LiteralNode } from "./nodes.ts";

/** What stands for itself in an expression. A `Date` is a timestamp (ms; an invalid one is refused). */
export type Constant = boolean | number | bigint | string | Date | null;

/** The type that a value has as a literal. `OptionError` for what can be none. */
export function literalType(value: unknown): ScalarType | "null" {
  if (value === null) return "null";
  if (typeof value === "boolean") return "bool";
  if (typeof value === "bigint") return "int64";
  if (typeof value === "string") return "string";
  if (typeof value === "number") return Number.isSafeInteger(value) && !Object.is(value, -0) ? "int64" : "float64";
  if (value instanceof Date) return "timestamp";
  throw new OptionError(`A literal is a boolean, number, bigint, string, Date or null, found ${typeof value}.`, {
    fix: 'name columns by col("…").',
  });
}

export function literalJson(value: Constant): LiteralJson {
  if (value instanceof Date) return instantJson(value);
  if (typeof value === "bigint") {
    if (BigInt.asIntN(64, value) !== value) throw new OptionError(`${value} does not fit int64.`);
    return { int: value.toString() };
  }
  if (typeof value === "number" && (!Number.isFinite(value) || Object.is(value, -0)))
    // The cast lists what such numbers print as.
    return { float: (Object.is(value, -0) ? "-0" : String(value)) as "NaN" | "Infinity" | "-Infinity" | "-0" };
  return value;
}

function instantJson(value: Date): LiteralJson {
  const milliseconds = value.getTime();
  if (Number.isNaN(milliseconds)) throw new OptionError("An invalid Date cannot be a literal.");
  return wholeJson(BigInt(milliseconds) * 1000n);
}

/** A whole number as a literal has it. */
export function wholeJson(value: number | bigint): LiteralJson {
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : { int: value.toString() };
}

/** The literal's value again; of a date the days, of a timestamp the µs since 1970. */
export function literalValue(json: LiteralJson): null | boolean | number | bigint | string {
  if (typeof json !== "object" || json === null) return json;
  return "int" in json ? BigInt(json.int) : Number(json.float);
}

/** The day or instant that a text spells, as a literal; undefined where it spells none. */
export function timeLiteral(text: string, type: "date" | "timestamp"): LiteralNode | undefined {
  const value = type === "date" ? parseDate(text) : parseTimestamp(text);
  return value === undefined ? undefined : { op: "lit", type, value: wholeJson(value) };
}
