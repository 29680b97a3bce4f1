/** The H2O and DuckDB database benchmark: the ten group-by questions, each from CSV to a table in memory. */
import { makeGroups } from "../data/h2o.ts";
import type { Job } from "../job.ts";
import { TITLES, groupQuestions } from "./h2o.queries.ts";

const script = new URL("../peers/h2o.py", import.meta.url);

export const job: Job = {
  name: "h2o-groupby",
  title: "the ten group-by questions of the database benchmark",
  rows: 10_000_000,
  smokeRows: 20_000,
  data: makeGroups,
  abanico: new URL("h2o.abanico.ts", import.meta.url),
  peers: [
    { name: "polars", packages: ["polars"], script },
    { name: "duckdb", packages: ["duckdb", "polars", "pyarrow"], script },
    { name: "dask", packages: ["dask", "pandas", "pyarrow", "polars"], script },
  ],
  bars: [],
  cases: Object.fromEntries(Object.keys(groupQuestions).map((name) => [name, TITLES[name]])),
  caseBars: [
    { kind: "median", against: "duckdb", atMost: 0.8 },
    { kind: "median", against: "dask", atMost: 0.3 },
    { kind: "each", against: "dask", atMost: 2 },
  ],
};
