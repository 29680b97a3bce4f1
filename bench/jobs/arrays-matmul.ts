/** A product of square matrices: 2 n³ operations. */
import type { Job } from "../job.ts";
import { arrayJob } from "./arrays.job.ts";

export const job: Job = arrayJob("matmul", "product of uniform matrices, n × n", 4_000, 4_000, [
  { kind: "peakRss", atMost: 2e9 },
]);
