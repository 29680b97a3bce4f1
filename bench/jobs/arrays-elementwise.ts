/** Element-wise arithmetic and a sum, over three arrays. */
import type { Job } from "../job.ts";
import { arrayJob } from "./arrays.job.ts";

export const job: Job = arrayJob("elementwise", "(a * b + c).sum() of uniform 100,000 × 1,000", 100_000, 1_000, [
  { kind: "time", against: "dask", atMost: 0.7 },
  { kind: "peakRss", atMost: 1e9 },
]);
