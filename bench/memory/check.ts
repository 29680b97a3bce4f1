/** What was written, read back by Arrow's own library and compared with what the CSV files come to. */
import { readFile } from "node:fs/promises";
import { tableFromIPC, type Table } from "apache-arrow";
import type { Answer } from "../job.ts";
import { RowSum, hashOf, pairHash } from "./expected.ts";

type Reader = (row: number) => string;

/** Each row's columns as they stood in the CSV file. */
function textOf(table: Table, names: readonly string[]): Reader {
  const columns = names.map((name) => {
    const column = table.getChild(name);
    if (column === null) throw new Error(`the files have no column "${name}"`);
    return column;
  });
  // Numbers are spelled as the generator spelled them.
  return (row) => columns.map((column) => String(column.get(row))).join();
}

/** The rows of all files, and the checksum of their order-free hash. */
async function eachFile(files: readonly string[], use: (table: Table) => void): Promise<void> {
  for (const file of files) use(tableFromIPC(await readFile(file)));
}

const G1 = ["id1", "id2", "id3", "id4", "id5", "id6", "v1", "v2", "v3"];
const X = ["id1", "id2", "id3", "id4", "id5", "id6", "v1"];
const BIG = ["big_id1", "big_id2", "id3", "big_id4", "big_id5", "big_id6", "v2"];

/** The rows, and whether each is not before the one before it. */
export async function checkSort(files: readonly string[]): Promise<Answer> {
  const sum = new RowSum();
  let last = -Infinity;
  await eachFile(files, (table) => {
    const text = textOf(table, G1);
    const keys = table.getChild("v3");
    for (let row = 0; row < table.numRows; row++) {
      const key = Number(keys?.get(row));
      if (key < last) throw new Error(`row ${sum.rows} comes before the row in front of it: ${key} behind ${last}`);
      last = key;
      sum.add(hashOf(text(row)));
    }
  });
  return { rows: sum.rows, sum: sum.sum };
}

export async function checkJoin(files: readonly string[]): Promise<Answer> {
  const sum = new RowSum();
  await eachFile(files, (table) => {
    const [left, right] = [textOf(table, X), textOf(table, BIG)];
    for (let row = 0; row < table.numRows; row++) sum.add(pairHash(hashOf(left(row)), hashOf(right(row))));
  });
  return { rows: sum.rows, sum: sum.sum };
}

export async function checkGroups(files: readonly string[]): Promise<Answer> {
  let [rows, sum] = [0, 0];
  await eachFile(files, (table) => {
    const values = table.getChild("v1");
    for (let row = 0; row < table.numRows; row++) sum += Number(values?.get(row));
    rows += table.numRows;
  });
  return { rows, sum };
}
