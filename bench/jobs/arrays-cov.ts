/** The covariance of random columns, with making the numbers. */
import type { Job } from "../job.ts";
import { arrayJob } from "./arrays.job.ts";

export const job: Job = arrayJob("cov", "covariance of normal 10,000 × 1,000", 10_000, 1_000, [
  { kind: "time", against: "dask", atMost: 0.9 },
  { kind: "peakRss", atMost: 1e9 },
]);
