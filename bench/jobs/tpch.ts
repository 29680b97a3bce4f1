/** Seven queries of TPC-H, each from CSV. Scale 1 has 1,500,000 orders; `--rows` gives the orders, so that `--rows 150_000` is scale 0.1. */
import { join } from "node:path";
import { bytesOf, madeOnce } from "../data/made.ts";
import { TPCH_TABLES, writeTpch } from "../data/tpch.ts";
import type { DataSet, Job } from "../job.ts";
import { TPCH_QUERIES } from "./tpch.queries.ts";

const ORDERS = 1_500_000;
const TITLES = {
  q1: "pricing summary",
  q3: "shipping priority",
  q5: "local supplier volume",
  q6: "revenue change",
  q12: "shipping modes",
  q14: "promotion effect",
  q18: "large customers",
};

async function makeTpch(folder: string, rows: number): Promise<DataSet> {
  const target = join(folder, `tpch-1-${rows}`);
  await madeOnce(target, (unfinished) => writeTpch(unfinished, rows / ORDERS));
  const files = TPCH_TABLES.map((table) => join(target, `${table}.csv`));
  return { glob: target, files, rows, bytes: await bytesOf(files) };
}

export const job: Job = {
  name: "tpch",
  title: "queries of TPC-H",
  rows: 150_000,
  smokeRows: 3_000,
  noun: "orders",
  data: makeTpch,
  abanico: new URL("tpch.abanico.ts", import.meta.url),
  peers: [{ name: "duckdb", packages: ["duckdb"], script: new URL("../peers/tpch.py", import.meta.url) }],
  bars: [],
  cases: Object.fromEntries(TPCH_QUERIES.map((name) => [name, TITLES[name]])),
};
