import { InternalError } from "../../../errors.ts";
import type { Batch, Column } from "../column.ts";

/** An expression that is ready to run. Its result is good until the next call. */
export type Evaluator = (batch: Batch) => Column;

/** A buffer that is made again only when it is too small. */
export function floats(): (n: number) => Float64Array {
  let buffer = new Float64Array(0);
  return (n) => (buffer.length < n ? (buffer = new Float64Array(Math.ceil(n * 1.25))) : buffer).subarray(0, n);
}

export function bytes(): (n: number) => Uint8Array {
  let buffer = new Uint8Array(0);
  return (n) => (buffer.length < n ? (buffer = new Uint8Array(Math.ceil(n * 1.25))) : buffer).subarray(0, n);
}

/** int64, float64 or bool as f64; wide integers lose what is beyond 2^53. */
export function asFloats(column: Column, buffer: (n: number) => Float64Array = floats()): Float64Array {
  if (column.type === "string") throw new InternalError("A string column where numbers are expected.");
  if (column.values instanceof Float64Array) return column.values;
  const out = buffer(column.values.length);
  for (let i = 0; i < out.length; i++) out[i] = Number(column.values[i]);
  return out;
}

/** Valid where both are; undefined where both always are. */
export function bothValid(
  a: Uint8Array | undefined,
  b: Uint8Array | undefined,
  buffer: (n: number) => Uint8Array,
): Uint8Array | undefined {
  if (a === undefined || b === undefined) return a ?? b;
  const out = buffer(a.length);
  for (let i = 0; i < out.length; i++) out[i] = a[i] & b[i];
  return out;
}
