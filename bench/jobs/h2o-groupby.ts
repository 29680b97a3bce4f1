/** The H2O and DuckDB database benchmark: the ten group-by questions, each from CSV to a table in memory. */
import { makeGroups } from "../data/h2o.ts";
import type { Job } from "../job.ts";
import { h2oJob } from "./h2o.job.ts";
import { groupQuestions } from "./h2o.queries.ts";

const title = "the ten group-by questions of the database benchmark";
export const job: Job = h2oJob("h2o-groupby", title, makeGroups, groupQuestions, [
  { kind: "median", against: "duckdb", atMost: 0.8 },
  { kind: "median", against: "dask", atMost: 0.3 },
  { kind: "each", against: "dask", atMost: 2 },
]);
