import { lengthOf, type Column } from "../column.ts";
import { gather } from "../pipeline.ts";

/** The values `rows` rows before (behind, where it is negative); null where there is no such row. */
export function shifted(column: Column, rows: number): Column {
  const length = lengthOf(column);
  const from = Int32Array.from({ length }, (_, i) => Math.min(length - 1, Math.max(0, i - rows)));
  const moved = gather(column, from);
  const isOutside = (i: number) => i - rows < 0 || i - rows >= length;
  if (moved.type === "string") {
    for (let i = 0; i < length; i++) if (isOutside(i)) moved.codes[i] = 0;
    return moved;
  }
  const valid = moved.valid ?? new Uint8Array(length).fill(1);
  for (let i = 0; i < length; i++) {
    if (!isOutside(i)) continue;
    valid[i] = 0;
    if (moved.values instanceof BigInt64Array) moved.values[i] = 0n;
    else moved.values[i] = moved.type === "float64" ? NaN : 0;
  }
  return { ...moved, valid };
}
