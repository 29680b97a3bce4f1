/**
 * What AWS takes for what a run uses, in US dollars, first tier, without free tiers. Everything that speaks of money reads this one table.
 *
 * From AWS's public price pages: aws.amazon.com/lambda/pricing (arm64), /step-functions/pricing (Standard: the table of regions), /s3/pricing (S3 Standard requests), /sqs/pricing (standard
 * queues). Read through mirrors of these pages and price lists, the newest of 2026-03 to 2026-05, not through AWS's price API: check them before you rely on the last digit. us-east-1 and
 * eu-west-1 have the same figures; other regions differ by up to a third.
 *
 * Not counted: storage (by the month), logs (0.50 a GB taken in), data that leaves the region.
 */
export const PRICES = {
  currency: "USD",
  asOf: "2026-05",
  regions: ["us-east-1", "eu-west-1"],
  /** An invocation. */
  lambdaRequest: 0.2 / 1e6,
  /** arm64. */
  lambdaGbSecond: 0.0000133334,
  /** Standard workflows. */
  stateTransition: 0.025 / 1e3,
  /** Express workflows. */
  expressRequest: 1 / 1e6,
  expressGbSecond: 0.00001667,
  /** PUT, COPY, POST, LIST; deletes are free. */
  s3Write: 0.005 / 1e3,
  /** GET, HEAD. */
  s3Read: 0.0004 / 1e3,
  /** Each begun 64 KiB of a message is one. */
  sqsRequest: 0.4 / 1e6,
} as const;

/** A message counts as a request for each begun so many bytes. */
export const SQS_CHUNK_BYTES = 64 * 1024;
