/** A question of the database benchmark, from CSV to an Arrow table: h2o.abanico.ts FOLDER THREADS QUESTION. The joins too. */
import type { Table } from "../../lib/index.ts";
import { loadAbanico, report } from "../measure.ts";
import { checksOf } from "./h2o-checks.ts";
import { groupQuestions, joinQuestions } from "./h2o.queries.ts";

const abanico = await loadAbanico();
const [folder, threads, question] = process.argv.slice(2);
const ask = { ...groupQuestions, ...joinQuestions }[question];

const open = () => abanico.Client.local({ workers: Number(threads), threadsPerWorker: 1 });
let table: Table | undefined;
const work = async () => {
  table = await ask(abanico, folder).compute();
  return {};
};
await report(open, work, () => Promise.resolve({ answer: table === undefined ? {} : checksOf(table) }));
