/** Mean and standard deviation in one go; the numbers must not be held. */
import type { Job } from "../job.ts";
import { arrayJob } from "./arrays.job.ts";

export const job: Job = arrayJob("moments", "mean and standard deviation of normal 100,000 × 1,000", 100_000, 1_000, [
  { kind: "time", against: "dask", atMost: 0.25 },
  { kind: "peakRss", atMost: 1e9 },
]);
