import type { ScalarType } from "../../../collections/schema.ts";
import { parseDate, parseTimestamp } from "../../../collections/time/iso.ts";
import type { Scalar } from "../column.ts";

const INT64 = 2n ** 63n;
const MS_A_DAY = 86_400_000;

/** A value of JavaScript as a column of the type holds it; undefined where the type cannot. */
export function scalarOf(value: unknown, type: ScalarType): Scalar | undefined {
  if (value === null || value === undefined) return null;
  switch (type) {
    case "bool":
      return typeof value === "boolean" ? value : undefined;
    case "string":
      return typeof value === "string" ? value : undefined;
    case "float64":
      return typeof value === "number" || typeof value === "bigint" ? Number(value) : undefined;
    case "int64":
      if (typeof value === "bigint") return value >= -INT64 && value < INT64 ? value : undefined;
      return typeof value === "number" && Number.isSafeInteger(value) ? value : undefined;
    case "date":
      return typeof value === "string" ? parseDate(value) : wholeOrNothing(msOf(value), (ms) => ms / MS_A_DAY);
    case "timestamp":
      return typeof value === "string"
        ? parseTimestamp(value)
        : wholeOrNothing(msOf(value), (ms) => Math.round(ms * 1000));
  }
}

/** ms since 1970, as Arrow and `Date` have them. */
function msOf(value: unknown): number {
  if (value instanceof Date) return value.getTime();
  return typeof value === "number" ? value : NaN;
}

function wholeOrNothing(ms: number, make: (ms: number) => number): number | undefined {
  const value = make(ms);
  return Number.isSafeInteger(value) ? value : undefined;
}

/** The type that holds a value; undefined for null, and "nothing" for what no column holds. */
export function kindOf(value: unknown): ScalarType | "nothing" | undefined {
  if (value === null || value === undefined) return undefined;
  switch (typeof value) {
    case "boolean":
      return "bool";
    case "bigint":
      return "int64";
    case "number":
      return Number.isSafeInteger(value) && !Object.is(value, -0) ? "int64" : "float64";
    case "string":
      return "string";
    default:
      return value instanceof Date ? "timestamp" : "nothing";
  }
}
