/** The H2O and DuckDB database benchmark: the five joins, each from CSV to a table in memory. */
import { makeJoins } from "../data/h2o.ts";
import type { Job } from "../job.ts";
import { h2oJob } from "./h2o.job.ts";
import { joinQuestions } from "./h2o.queries.ts";

const title = "the five joins of the database benchmark";
export const job: Job = h2oJob("h2o-join", title, makeJoins, joinQuestions, [
  { kind: "each", against: "dask", atMost: 2 },
]);
