/**
 * What AWS takes for what a run uses, in US dollars, first tier, without free tiers. Everything that speaks of money reads this one table.
 *
 * From stored copies of public pages, and not through AWS's price API: each figure says which, and when the copy is of, where that is known. Check them before you
 * rely on the last digit. us-east-1 and eu-west-1 have the same figures; other regions differ by up to a third.
 *
 * Not counted: storage (by the month), logs (0.50 a GB taken in), data that leaves the region.
 */
export const PRICES = {
  currency: "USD",
  asOf: "2026-05",
  regions: ["us-east-1", "eu-west-1"],
  /** An invocation. aws.amazon.com/lambda/pricing: mirrors of 2026; third parties say the same. Looked up again on 2026-11-22. */
  lambdaRequest: 0.2 / 1e6,
  /** arm64, the first 7.5 billion a month. As above: cloudchipr.com/blog/aws-lambda-pricing (2024). Looked up again on 2026-11-22. */
  lambdaGbSecond: 0.0000133334,
  /** Standard workflows. aws.amazon.com/step-functions/pricing, its table of regions (N. Virginia, Ireland; copy without a date). Looked up again on 2026-11-22. */
  stateTransition: 0.025 / 1e3,
  /** Express workflows, the first tier. wring.co/blog/aws-step-functions-pricing-guide (2026-03-14), no copy of AWS's own page with the figures. Looked up again on 2026-11-22. */
  expressRequest: 1 / 1e6,
  expressGbSecond: 0.00001667,
  /** PUT, COPY, POST, LIST; deletes are free. aws.amazon.com/s3/pricing by mirrors of 2026-03 to 2026-05; found again on 2026-11-22 only as an example of third parties. */
  s3Write: 0.005 / 1e3,
  /** GET, HEAD. As above; not found again on 2026-11-22. */
  s3Read: 0.0004 / 1e3,
  /** Standard queues; each begun 64 KiB of a message is one. aws.amazon.com/sqs/pricing by mirrors of 2026-03 to 2026-05; not found again on 2026-11-22. */
  sqsRequest: 0.4 / 1e6,
} as const;

/** A message counts as a request for each begun so many bytes. */
export const SQS_CHUNK_BYTES = 64 * 1024;
