import { TypeMismatchError } from "../../errors.ts";

/**
 * Orders two values: negative where `a` comes first. Numbers and bigints by size (NaN before all), strings by code unit, dates by
 * time, false before true, arrays item by item and the shorter first. Null and undefined, objects, and values of different types have no order.
 *
 * @throws TypeMismatchError that names both.
 */
export function compareValues(a: unknown, b: unknown): number {
  if (typeof a === "number" && typeof b === "number") return a < b ? -1 : a > b ? 1 : compareNaN(a, b);
  if (typeof a === "string" && typeof b === "string") return a < b ? -1 : a > b ? 1 : 0;
  if (isNumber(a) && isNumber(b)) return a < b ? -1 : a > b ? 1 : compareNaN(a, b);
  if (typeof a === "boolean" && typeof b === "boolean") return Number(a) - Number(b);
  if (a instanceof Date && b instanceof Date) return compareValues(a.getTime(), b.getTime());
  if (Array.isArray(a) && Array.isArray(b)) {
    for (let i = 0; i < a.length && i < b.length; i++) {
      const order = compareValues(a[i], b[i]);
      if (order !== 0) return order;
    }
    return a.length - b.length;
  }
  throw new TypeMismatchError(`${nameOf(a)} and ${nameOf(b)} have no order.`, {
    fields: { left: nameOf(a), right: nameOf(b) },
    fix: "pass a function (or the name of a property) that gives numbers, strings or dates to compare by.",
  });
}

function isNumber(value: unknown): value is number | bigint {
  return typeof value === "number" || typeof value === "bigint";
}

function compareNaN(a: number | bigint, b: number | bigint): number {
  return Number(Number.isNaN(b)) - Number(Number.isNaN(a));
}

function nameOf(value: unknown): string {
  if (value === null || value === undefined) return String(value);
  if (typeof value === "object")
    return Array.isArray(value) ? "an array" : `an object (${value.constructor?.name ?? "no class"})`;
  return `${typeof value} ${String(value).slice(0, 40)}`;
}
