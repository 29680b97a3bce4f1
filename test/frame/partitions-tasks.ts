import { makeTable, type Table } from "apache-arrow";

/** Functions of partitions, in a module of their own. */

const SCALE = 10;

export function scaled(rows: Table, by: number): Table {
  const values = Float64Array.from(rows.getChild("i") ?? [], Number);
  return makeTable({ scaled: values.map((value) => value * by * SCALE) });
}
