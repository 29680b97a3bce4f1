/**
 * The types of columns. See kernels/frame/column.ts for how their values are held.
 *
 * `date`: a day of the proleptic Gregorian calendar, as days since 1970-01-01. `timestamp`: an instant, as µs since 1970-01-01T00:00:00 UTC;
 * leap seconds do not count.
 */
export type ScalarType = "bool" | "int64" | "float64" | "string" | "date" | "timestamp";
export const SCALAR_TYPES: readonly ScalarType[] = ["bool", "int64", "float64", "string", "date", "timestamp"];

export interface Field {
  readonly name: string;
  readonly type: ScalarType;
}
/** Columns in order; names are distinct. */
export type Schema = readonly Field[];

/**
 * The narrowest type that holds the values of both, where shards, files or operands differ: "null" goes with everything, int64 widens to
 * float64, date to timestamp (midnight), and every type to string. undefined where only a string would do and `mayBeString` is not set.
 */
export function widerOf<T extends ScalarType | "null">(a: T, b: T, mayBeString = false): T | ScalarType | undefined {
  if (a === b || b === "null") return a;
  if (a === "null") return b;
  for (const [narrow, wide] of WIDENINGS) if ((a === narrow && b === wide) || (a === wide && b === narrow)) return wide;
  return mayBeString ? "string" : undefined;
}

const WIDENINGS = [
  ["int64", "float64"],
  ["date", "timestamp"],
] as const;
