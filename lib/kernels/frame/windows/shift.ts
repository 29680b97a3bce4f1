import { lengthOf, type Column } from "../column.ts";
import { gather } from "../pipeline.ts";

/** The values `rows` rows before (behind, where it is negative); null where there is no such row. */
export function shifted(column: Column, rows: number): Column {
  const length = lengthOf(column);
  const from = Int32Array.from({ length }, (_, i) => (i - rows >= 0 && i - rows < length ? i - rows : -1));
  return gatheredOrNull(column, from);
}

/** The values of the rows named; null for −1. */
export function gatheredOrNull(column: Column, from: Int32Array): Column {
  const { length } = from;
  const moved = gather(
    column,
    from.map((row) => Math.max(0, row)),
  );
  if (!from.includes(-1)) return moved;
  if (moved.type === "string") {
    for (let i = 0; i < length; i++) if (from[i] < 0) moved.codes[i] = 0;
    return moved;
  }
  const valid = moved.valid ?? new Uint8Array(length).fill(1);
  for (let i = 0; i < length; i++) {
    if (from[i] >= 0) continue;
    valid[i] = 0;
    if (moved.values instanceof BigInt64Array) moved.values[i] = 0n;
    else moved.values[i] = moved.type === "float64" ? NaN : 0;
  }
  return { ...moved, valid };
}
