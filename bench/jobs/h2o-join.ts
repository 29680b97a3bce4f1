/** The H2O and DuckDB database benchmark: the five joins, each from CSV to a table in memory. */
import { makeJoins } from "../data/h2o.ts";
import type { Job } from "../job.ts";
import { TITLES, joinQuestions } from "./h2o.queries.ts";

const script = new URL("../peers/h2o.py", import.meta.url);

export const job: Job = {
  name: "h2o-join",
  title: "the five joins of the database benchmark",
  rows: 10_000_000,
  smokeRows: 20_000,
  data: makeJoins,
  abanico: new URL("h2o.abanico.ts", import.meta.url),
  peers: [
    { name: "polars", packages: ["polars"], script },
    { name: "duckdb", packages: ["duckdb", "polars", "pyarrow"], script },
    { name: "dask", packages: ["dask", "pandas", "pyarrow", "polars"], script },
  ],
  bars: [],
  cases: Object.fromEntries(Object.keys(joinQuestions).map((name) => [name, TITLES[name]])),
  caseBars: [{ kind: "each", against: "dask", atMost: 2 }],
};
