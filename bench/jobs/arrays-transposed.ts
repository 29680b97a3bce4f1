/** A matrix and its transpose, added and averaged; the matrix must not be held. */
import type { Job } from "../job.ts";
import { arrayJob } from "./arrays.job.ts";

export const job: Job = arrayJob("transposed", "(x + x.T).mean(axis 0) of uniform 10,000²", 10_000, 10_000, [
  { kind: "time", against: "dask", atMost: 0.5 },
  { kind: "peakRss", atMost: 1e9 },
]);
