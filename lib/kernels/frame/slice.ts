import { lengthOf, type Batch, type Column } from "./column.ts";

/** Rows of a batch that are made to go through a pipeline at a time: vectors between its steps stay in a processor's cache. */
const BATCH_ROWS = 32 * 1024;

/** The rows [from, to) as views. */
export function sliceColumn(column: Column, from: number, to: number): Column {
  if (from === 0 && to === lengthOf(column)) return column;
  if (column.type === "string") return { ...column, codes: column.codes.subarray(from, to) };
  const valid = column.valid?.subarray(from, to);
  if (column.type === "bool") return { type: "bool", values: column.values.subarray(from, to), valid };
  if (column.type === "float64") return { type: "float64", values: column.values.subarray(from, to), valid };
  return { type: column.type, values: column.values.subarray(from, to), valid };
}

/** A large batch as several small ones that are views on it, in order. */
export function* inSlices(batch: Batch, rows = BATCH_ROWS): Generator<Batch> {
  if (batch.rows <= rows) {
    yield batch;
    return;
  }
  for (let from = 0; from < batch.rows; from += rows) {
    const to = Math.min(batch.rows, from + rows);
    const columns = [...batch.columns].map(([name, column]): [string, Column] => [name, sliceColumn(column, from, to)]);
    yield { rows: to - from, columns: new Map(columns) };
  }
}
