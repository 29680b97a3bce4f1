import type { Json } from "./errors.ts";
import { decodeValue, encodeValue } from "./values.ts";

/**
 * A value of a user inside of JSON (a plan, a pipeline): as JSON where that keeps it exactly, as the base64 of its bytes (values.ts)
 * otherwise. So what people read and write stays readable, and a Date, a NaN or a Map comes through whole.
 */
export type ValueJson = { readonly json: Json } | { readonly value: string };

/** @throws what structured clone throws, a DataCloneError, where the value holds something that cannot be cloned. */
export function valueToJson(value: unknown): ValueJson {
  if (isExact(value, [])) return { json: value };
  return { value: Buffer.from(encodeValue(value)).toString("base64") };
}

/** The value again: a new one each time. */
export function valueFromJson(json: ValueJson): unknown {
  return "json" in json ? structuredClone(json.json) : decodeValue(Buffer.from(json.value, "base64"));
}

const MAX_DEPTH = 100;

/** Whether `JSON.parse(JSON.stringify(value))` is the value: no undefined, NaN, −0, holes, classes, symbols, shared or cyclic parts. */
function isExact(value: unknown, around: readonly object[]): value is Json {
  switch (typeof value) {
    case "string":
      return value.isWellFormed();
    case "boolean":
      return true;
    case "number":
      return Number.isFinite(value) && !Object.is(value, -0);
    case "object":
      return value === null || isExactObject(value, around);
    default:
      return false;
  }
}

function isExactObject(value: object, around: readonly object[]): boolean {
  if (around.length > MAX_DEPTH || around.includes(value)) return false;
  const within = [...around, value];
  if (Array.isArray(value))
    return Object.keys(value).length === value.length && value.every((item) => isExact(item, within));
  if (Object.getPrototypeOf(value) !== Object.prototype || Object.getOwnPropertySymbols(value).length > 0) return false;
  return Object.entries(value).every(([key, item]) => key !== "__proto__" && isExact(item, within));
}
