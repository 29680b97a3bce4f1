/** CSV: group by product, sum of quantity × price. Two of four columns are wanted, one of them floats of 16 to 17 digits. */
import { makeSales } from "../data/sales.ts";
import type { Job } from "../job.ts";

const script = new URL("../peers/csv_groupby.py", import.meta.url);

export const job: Job = {
  name: "csv-groupby",
  title: "group by product, sum of quantity × price",
  rows: 24_000_000,
  smokeRows: 20_000,
  data: makeSales,
  abanico: new URL("csv-groupby.abanico.ts", import.meta.url),
  peers: [
    { name: "polars", packages: ["polars"], script },
    { name: "duckdb", packages: ["duckdb"], script },
    { name: "dask", packages: ["dask", "pandas", "pyarrow"], script },
  ],
  bars: [
    { kind: "time", against: "polars", atMost: 0.5 },
    { kind: "time", against: "dask", atMost: 0.1 },
    { kind: "peakRss", atMost: 600e6 },
  ],
};
