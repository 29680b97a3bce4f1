import type { ScalarType } from "../../collections/schema.ts";
import { TextDictionary, isWideInteger, type Column, type Float64Column } from "./column.ts";

/** A column from single values: for the rare paths. */
export function fromValues(type: ScalarType, list: readonly (null | boolean | number | bigint | string)[]): Column {
  const isNull = list.some((v) => v === null);
  const valid = isNull ? Uint8Array.from(list, (v) => (v === null ? 0 : 1)) : undefined;
  if (type === "string") {
    const dictionary = new TextDictionary();
    return { type, codes: Int32Array.from(list, (v) => (v === null ? 0 : dictionary.code(String(v)))), dictionary };
  }
  if (type === "bool") return { type, values: Uint8Array.from(list, (v) => (v ? 1 : 0)), valid };
  if (type === "float64")
    return {
      type,
      values: Float64Array.from(list, (v) => (v === null ? NaN : Number(v))),
      valid,
    } satisfies Float64Column;
  const isWide = list.some((v) => typeof v === "bigint" && isWideInteger(v));
  // What is left are integers, or days and µs, which are held alike; null and text cannot be here.
  if (isWide) return { type, values: BigInt64Array.from(list, (v) => BigInt((v ?? 0) as bigint | number)), valid };
  return { type, values: Float64Array.from(list, (v) => Number(v ?? 0)), valid };
}
