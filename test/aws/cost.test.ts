import { describe, expect, test } from "vitest";
import { CostError } from "../../lib/errors.ts";
import type { Plan } from "../../lib/plan/plan.ts";
import { billOf, describeCost, money, projectedBill, refuseTooCostly } from "../../lib/runtime/aws/cost.ts";
import { PRICES } from "../../lib/runtime/aws/prices.ts";
import type { RunOutcome, StageDone } from "../../lib/runtime/aws/protocol.ts";
import type { Bill } from "../../lib/runtime/runtime.ts";
import { callOf, foldWith, KEEP, planOf } from "../runtime/plans.ts";

const MEMORY = { workMemoryMb: 1_769 };

/** By hand, from AWS's price pages as they are cited in prices.ts: what the table must come to. */
const dollarsOf = (bill: Bill): number =>
  (bill.lambdaRequests * 0.2 +
    bill.lambdaGbSeconds * 13.3334 +
    bill.stateTransitions * 25 +
    bill.expressRequests * 1 +
    bill.expressGbSeconds * 16.67 +
    bill.s3Writes * 5 +
    bill.s3Reads * 0.4 +
    bill.sqsRequests * 0.4) /
  1e6;

const scan = (terabytes: number): Plan => {
  const size = terabytes * 1e12;
  const sources = [{ url: "s3://b/k", size, etag: "1" }];
  return planOf({
    work: { op: "frame.scan", params: {} },
    tasks: { kind: "ranges", sources, blockSize: 64e6 },
    output: foldWith("sum"),
    estimate: { bytesIn: size, peakBytes: { all: 50e6 } },
  });
};

const done = (changes: Partial<StageDone> = {}): StageDone & { readonly stage: string } => ({
  stage: "only",
  tasks: 100,
  attempts: 100,
  recordsIn: 1,
  recordsOut: 1,
  bytesOut: 1_000,
  busyMs: 60_000,
  wallMs: 5_000,
  repaired: {},
  folded: true,
  ...changes,
});
const outcome = (...stages: (StageDone & { readonly stage: string })[]): RunOutcome & { readonly ok: true } => ({
  ok: true,
  run: "run-1",
  part: 0,
  stages,
  wallMs: 5_000,
});

describe("before a run", () => {
  test("the sum is that of AWS's prices", () => {
    for (const plan of [scan(1), scan(0.01), planOf({ work: callOf("one"), tasks: 1_000_000, output: KEEP })]) {
      const bill = projectedBill(plan, MEMORY);
      expect(bill.dollars).toBeCloseTo(dollarsOf(bill), 9);
    }
  });

  test("a terabyte costs about what its seconds of Lambda cost, and ten nearly ten times that", () => {
    const one = projectedBill(scan(1), MEMORY);
    // At 60 MB/s a processor of 1.73 GB: 16,667 s × 1.73 GB × 0.0000133 = 0.38; overheads and S3 come on top.
    expect(one.dollars).toBeGreaterThan(0.38);
    expect(one.dollars).toBeLessThan(2);
    // Its batches are larger, so that fewer children are started.
    const times = projectedBill(scan(10), MEMORY).dollars / one.dollars;
    expect(times).toBeGreaterThan(8);
    expect(times).toBeLessThan(10);
    expect(one.lambdaGbSeconds).toBeGreaterThan((1e12 / 60e6) * (1_769 / 1_024));
  });

  test("a smaller worker takes as many gigabyte-seconds: it is slower by as much", () => {
    const large = projectedBill(scan(1), MEMORY);
    const small = projectedBill(scan(1), { workMemoryMb: 885 });
    expect(small.lambdaGbSeconds / large.lambdaGbSeconds).toBeCloseTo(1, 1);
  });

  test("an exchange counts the reads of each section, and a stage without tasks nothing", () => {
    const exchange = planOf(
      { id: "one", work: callOf("scatter"), tasks: 200, output: { kind: "exchange", partitions: 200 } },
      { id: "two", work: callOf("one"), tasks: { kind: "sections", stage: "one", producers: 200, partitions: 200 } },
    );
    expect(projectedBill(exchange, MEMORY).s3Reads).toBeGreaterThanOrEqual(3 * 200 * 200);
    const empty = projectedBill(planOf({ work: callOf("one"), tasks: 0 }), MEMORY);
    expect(empty.dollars).toBeLessThan(0.001);
  });

  test("what is above the limit is refused with the counts behind it; what is not, is not", () => {
    const bill = projectedBill(scan(1), MEMORY);
    expect(() => refuseTooCostly(bill, bill.dollars)).not.toThrow();
    expect(() => refuseTooCostly(bill, undefined)).not.toThrow();
    const refused = () => refuseTooCostly(bill, bill.dollars / 2);
    expect(refused).toThrow(CostError);
    expect(refused).toThrow(
      /projected to cost \$\d+\.\d\d, more than maxCost allows \(\$0\.\d+\): [\d,]+ Lambda requests/,
    );
  });

  test("explain says the sum, the counts, and what was assumed", () => {
    const [cost, assumed] = describeCost(projectedBill(scan(1), MEMORY), MEMORY);
    expect(cost).toMatch(/^cost {8}about \$\d+\.\d\d: .*state transitions.*S3 requests, .*SQS requests$/);
    expect(assumed).toContain(`1769 MB`);
    expect(assumed).toContain(PRICES.asOf);
  });
});

describe("after a run", () => {
  test("the bill is of what the functions counted", () => {
    const usage = { batches: 7, workMs: 70_000, workMbMs: 70_000 * 2_048, messages: 9, objects: 3, collectMs: 5_000, collectMbMs: 5_000 * 1_024 }; // prettier-ignore
    const bill = billOf(outcome(done({ usage })), MEMORY);
    // 70 s × 2 GB + 5 s × 1 GB, and 2 GB·s for the run itself.
    expect(bill.lambdaGbSeconds).toBeCloseTo(147, 6);
    // Seven of Work; Advance before and behind the stage, and for the run; Collect.
    expect(bill.lambdaRequests).toBe(7 + 2 + 2);
    expect(bill.expressRequests).toBe(7);
    expect(bill.dollars).toBeCloseTo(dollarsOf(bill), 9);
  });

  test("where they counted nothing it is of the tasks' own time", () => {
    const bill = billOf(outcome(done()), MEMORY);
    expect(bill.lambdaGbSeconds).toBeCloseTo(((60 + 5) * 1_769) / 1_024 + 2, 6);
    expect(billOf(outcome(done(), done()), MEMORY).lambdaRequests).toBe(2 * bill.lambdaRequests - 2);
  });

  test("batches that lasted longer than a minute are counted as Standard children", () => {
    const usage = { batches: 10, workMs: 1e6, workMbMs: 1e9, messages: 10, objects: 0, collectMs: 1, collectMbMs: 1 };
    const bill = billOf(outcome(done({ usage })), MEMORY);
    expect(bill.expressRequests).toBe(0);
    expect(bill.stateTransitions).toBeGreaterThan(30);
  });
});

test("money is shown so that small sums say something", () => {
  expect([0, 0.000012345, 0.0456, 1.234, 1_234.5].map(money)).toEqual(["$0", "$0.000012", "$0.046", "$1.23", "$1234.50"]); // prettier-ignore
});
