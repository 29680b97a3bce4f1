/** What the two jobs of the H2O and DuckDB database benchmark share: their size, the sides, and a case for each question. */
import type { CaseBar, Job } from "../job.ts";
import { TITLES } from "./h2o.queries.ts";

const script = new URL("../peers/h2o.py", import.meta.url);

export function h2oJob(
  name: string,
  title: string,
  data: Job["data"],
  questions: object,
  caseBars: readonly CaseBar[],
): Job {
  return {
    name,
    title,
    rows: 10_000_000,
    smokeRows: 20_000,
    data,
    abanico: new URL("h2o.abanico.ts", import.meta.url),
    peers: [
      { name: "polars", packages: ["polars"], script },
      { name: "duckdb", packages: ["duckdb", "polars", "pyarrow"], script },
      { name: "dask", packages: ["dask", "pandas", "pyarrow", "polars"], script },
    ],
    bars: [],
    cases: Object.fromEntries(Object.keys(questions).map((question) => [question, TITLES[question]])),
    caseBars,
  };
}
