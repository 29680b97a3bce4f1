import type { Vector } from "apache-arrow";
import { spellDate, spellTimestamp } from "../time/iso.ts";

/**
 * A column's values, row by row, as people read them: dates and timestamps (of which Arrow gives ms, and µs not exactly) as ISO 8601 has them, all others
 * as Arrow gives them.
 */
export function cellsOf(column: Vector | null): (row: number) => unknown {
  if (column === null) return () => null;
  const type = String(column.type);
  if (type === "Date32<DAY>") return spelled(column, (days) => spellDate(Number(days)));
  if (type.startsWith("Timestamp<MICROSECOND")) return spelled(column, spellTimestamp);
  return (row) => column.get(row) as unknown; // Arrow's own type says any
}

function spelled(column: Vector, spell: (value: number | bigint) => string): (row: number) => unknown {
  // The buffers themselves, of which Arrow's own getters make ms.
  const values = column.data.flatMap((data) => [
    ...(data.values as Int32Array | BigInt64Array).subarray(0, data.length),
  ]);
  return (row) => (column.isValid(row) ? spell(values[row]) : null);
}
