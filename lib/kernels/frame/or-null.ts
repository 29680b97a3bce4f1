import { PackedDictionary, lengthOf, type Column } from "./column.ts";
import { gather } from "./pipeline.ts";

/** The rows chosen; null for −1. */
export function gatherOrNull(column: Column, rows: Int32Array): Column {
  if (!rows.includes(-1)) return gather(column, rows);
  const length = lengthOf(column);
  if (length === 0) return nullColumn(column.type, rows.length);
  const found = gather(
    column,
    rows.map((row) => Math.max(0, row)),
  );
  if (found.type === "string") {
    for (let i = 0; i < rows.length; i++) if (rows[i] < 0) found.codes[i] = 0;
    return found;
  }
  const valid = found.valid ?? new Uint8Array(rows.length).fill(1);
  for (let i = 0; i < rows.length; i++) {
    if (rows[i] >= 0) continue;
    valid[i] = 0;
    if (found.values instanceof BigInt64Array) found.values[i] = 0n;
    else found.values[i] = found.type === "float64" ? NaN : 0;
  }
  return { ...found, valid };
}

/** A column of nulls. */
export function nullColumn(type: Column["type"], rows: number): Column {
  const valid = new Uint8Array(rows);
  if (type === "bool") return { type, values: new Uint8Array(rows), valid };
  if (type === "float64") return { type, values: new Float64Array(rows).fill(NaN), valid };
  if (type !== "string") return { type, values: new Float64Array(rows), valid };
  const dictionary = new PackedDictionary(new Int32Array(2), new Uint8Array(0));
  return { type, codes: new Int32Array(rows), dictionary };
}
