/** A TPC-H query, from CSV to an Arrow table: tpch.abanico.ts FOLDER THREADS QUERY. */
import { DataType } from "apache-arrow";
import type { Table } from "../../lib/index.ts";
import type { Answer } from "../job.ts";
import { loadAbanico, report } from "../measure.ts";
import { TPCH_QUERIES, readTpch, tpch } from "./tpch.queries.ts";

const abanico = await loadAbanico();
const [folder, threads, asked] = process.argv.slice(2);
const query = TPCH_QUERIES.find((name) => name === asked);
if (query === undefined) throw new Error(`there is no query ${asked}`);

const open = () => abanico.Client.local({ workers: Number(threads), threadsPerWorker: 1 });
await report(open, async () => answerOf(await tpch[query](abanico, readTpch(abanico, folder)).compute()));

/** Rows, and of each column of numbers its sum, each value times its row's number: the rows have an order. */
function answerOf(table: Table): Answer {
  const numbers = table.schema.fields.filter(({ type }) => DataType.isFloat(type) || DataType.isInt(type));
  const sums = numbers.map(({ name }) => {
    const column = table.getChild(name);
    return [
      name,
      Array.from({ length: table.numRows }, (_, i) => (i + 1) * Number(column?.get(i))).reduce((a, b) => a + b, 0),
    ];
  });
  return { rows: table.numRows, ...(Object.fromEntries(sums) as Answer) }; // pairs of a name and a number
}
