import { CostError } from "../../errors.ts";
import type { Plan, Stage } from "../../plan/plan.ts";
import { taskCount } from "../../plan/rules.ts";
import type { Bill } from "../runtime.ts";
import type { StackOutputs } from "./cloud.ts";
import { lanesOf } from "./lanes.ts";
import { batching, taskSeconds } from "./manifest.ts";
import { PRICES, SQS_CHUNK_BYTES } from "./prices.ts";
import type { RunOutcome, StageDone } from "./protocol.ts";

type Counts = Omit<Bill, "dollars">;
type Memory = Pick<StackOutputs, "workMemoryMb">;

/** What an invocation takes beside its tasks, in milliseconds. */
const BATCH_MS = 150;
/** `taskSeconds` is of a whole processor, which Lambda gives at so many MB. */
const PROCESSOR_MB = 1_769;

/** Of the state machine: a stage's way from Advance to Advance; of a child of its map; of a run besides. */
const STAGE_TRANSITIONS = 9;
const CHILD_TRANSITIONS = 3;
const RUN_TRANSITIONS = 3;
/** Express workflows are billed in steps of 64 MB and 100 ms. */
const EXPRESS_GB = 64 / 1024;

/** What a plan is projected to take, before it runs. */
export function projectedBill(plan: Plan, memory: Memory): Bill {
  return billed(plan.stages.map((stage) => projectStage(stage, memory)).reduce(add, { ...NOTHING, ...OF_A_RUN }));
}

/** What a run took: from what its functions counted, or (where they did not) from the time of its tasks. */
export function billOf({ stages }: Pick<Extract<RunOutcome, { ok: true }>, "stages">, memory: Memory): Bill {
  return billed(stages.map((done) => stageTaken(done, memory)).reduce(add, { ...NOTHING, ...OF_A_RUN }));
}

/** `before`: what was spent already of what `maxCost` allows, in US dollars. @throws CostError */
export function refuseTooCostly(bill: Bill, maxCost: number | undefined, before = 0): void {
  if (maxCost === undefined || before + bill.dollars <= maxCost) return;
  const allowed = `more than maxCost allows (${money(maxCost)}): ${parts(bill).join(", ")}.`;
  throw new CostError(
    before === 0
      ? `This run is projected to cost ${money(bill.dollars)}, ${allowed}`
      : `This run has cost about ${money(before)}, and its next plan is projected to cost ${money(bill.dollars)}, together ${allowed}`,
    {
      fields: { ...bill, before, maxCost, asOf: PRICES.asOf },
      fix: "raise maxCost, or let it read less: select columns, filter, name fewer files.",
    },
  );
}

/** Lines for `explain`. */
export function describeCost(bill: Bill, { workMemoryMb }: Memory): string[] {
  return [
    `cost        about ${money(bill.dollars)}: ${parts(bill).join(", ")}`,
    `  assumed   what tasks like these took here, halved; workers of ${workMemoryMb} MB; list prices of ${PRICES.asOf} (${PRICES.regions.join(", ")}); storage and logs not counted`,
  ];
}

/** Dollars as people read them: small sums with two digits that say something. */
export function money(dollars: number): string {
  if (dollars === 0) return "$0";
  return dollars >= 0.1 ? `$${dollars.toFixed(2)}` : `$${Number(dollars.toPrecision(2))}`;
}

function parts(bill: Bill): string[] {
  const count = (value: number, what: string) => `${Math.ceil(value).toLocaleString("en-US")} ${what}`;
  return [
    count(bill.lambdaRequests, "Lambda requests"),
    count(bill.lambdaGbSeconds, "GB-seconds"),
    count(bill.stateTransitions, "state transitions"),
    ...(bill.expressRequests > 0 ? [count(bill.expressRequests, "Express executions")] : []),
    count(bill.s3Writes + bill.s3Reads, "S3 requests"),
    count(bill.sqsRequests, "SQS requests"),
  ];
}

const NOTHING: Counts = {
  lambdaRequests: 0,
  lambdaGbSeconds: 0,
  stateTransitions: 0,
  expressRequests: 0,
  expressGbSeconds: 0,
  s3Writes: 0,
  s3Reads: 0,
  sqsRequests: 0,
};

/** Advance, Finish; request, plan and outcome; a queue made and deleted; the client's looks. */
const OF_A_RUN: Partial<Counts> = {
  lambdaRequests: 2,
  lambdaGbSeconds: 2,
  stateTransitions: RUN_TRANSITIONS,
  s3Writes: 4,
  s3Reads: 20,
  sqsRequests: 2,
};

function projectStage(stage: Stage, memory: Memory): Counts {
  const tasks = taskCount(stage.tasks);
  if (tasks === 0) return NOTHING;
  const planned = batching(stage);
  const { batches, children } = planned;
  const workMs =
    (tasks * taskSeconds(stage) * 1000) / Math.min(1, memory.workMemoryMb / PROCESSOR_MB) + batches * BATCH_MS;
  const isFold = stage.output.kind === "fold";
  return counted({
    batches,
    workMbMs: workMs * memory.workMemoryMb,
    batchMs: workMs / batches,
    children,
    // Collect, one a lane, lives as long as its map, which has hundreds of workers; batches start at a thousand a second.
    collectMbMs:
      Math.max(1_000, workMs / Math.min(batches, 500), batches) * memory.workMemoryMb * lanesOf(stage, planned).count,
    messageRequests: batches,
    objects: isFold ? 0 : tasks,
    reads: tasks * 2 + readsOf(stage),
  });
}

/** Sections are read one by one, of every producer: an index and a range each. */
function readsOf({ tasks }: Stage): number {
  return tasks.kind === "sections" ? 3 * tasks.partitions * (tasks.producers + (tasks.and?.producers ?? 0)) : 0;
}

function stageTaken(done: StageDone, { workMemoryMb }: Memory): Counts {
  const { usage } = done;
  if (usage === undefined)
    return counted({
      batches: done.attempts,
      children: childrenOf(done.busyMs / Math.max(1, done.attempts)),
      workMbMs: done.busyMs * workMemoryMb,
      batchMs: done.busyMs / Math.max(1, done.attempts),
      collectMbMs: done.wallMs * workMemoryMb,
      messageRequests: done.attempts,
      objects: done.folded ? 0 : done.tasks,
      reads: 2 * done.tasks,
    });
  const { batches, workMs, workMbMs, collectMbMs, messages, objects } = usage;
  return counted({
    batches,
    children: childrenOf(workMs / Math.max(1, batches)),
    workMbMs,
    batchMs: workMs / Math.max(1, batches),
    collectMbMs,
    messageRequests: Math.max(messages, Math.ceil(done.bytesOut / SQS_CHUNK_BYTES / (objects > 0 ? Infinity : 1))),
    objects,
    reads: 2 * done.tasks,
  });
}

/** Of a stage that is over one does not know any more which it had: Express children live for five minutes, and are planned for one. */
function childrenOf(batchMs: number): "EXPRESS" | "STANDARD" {
  return batchMs <= 60_000 ? "EXPRESS" : "STANDARD";
}

interface Taken {
  readonly batches: number;
  readonly children: "EXPRESS" | "STANDARD";
  readonly workMbMs: number;
  readonly batchMs: number;
  readonly collectMbMs: number;
  readonly messageRequests: number;
  readonly objects: number;
  readonly reads: number;
}

function counted(taken: Taken): Counts {
  const { batches, children, workMbMs, batchMs, collectMbMs, messageRequests, objects, reads } = taken;
  const isExpress = children === "EXPRESS";
  const expressSeconds = Math.ceil((batchMs + BATCH_MS) / 100) / 10;
  return {
    lambdaRequests: batches + 2,
    lambdaGbSeconds: (workMbMs + collectMbMs) / 1024 / 1000,
    // Each child that is started counts in the parent, too.
    stateTransitions: STAGE_TRANSITIONS + batches + (isExpress ? 0 : batches * CHILD_TRANSITIONS),
    expressRequests: isExpress ? batches : 0,
    expressGbSeconds: isExpress ? batches * expressSeconds * EXPRESS_GB : 0,
    s3Writes: 4 + objects,
    s3Reads: 4 + batches + reads,
    // Sent, received (ten at a time), deleted (ten at a time).
    sqsRequests: messageRequests * 1.2 + Math.ceil(messageRequests / 10),
  };
}

function add(left: Counts, right: Counts): Counts {
  const sum = Object.entries(left).map(([name, value]) => [name, value + right[name as keyof Counts]]); // both have all of them
  return Object.fromEntries(sum) as unknown as Counts;
}

function billed(counts: Counts): Bill {
  const whole = Object.entries(counts).map(([name, value]) => [
    name,
    name.endsWith("GbSeconds") ? value : Math.ceil(value),
  ]);
  const all = Object.fromEntries(whole) as Counts; // the same names
  const dollars =
    all.lambdaRequests * PRICES.lambdaRequest +
    all.lambdaGbSeconds * PRICES.lambdaGbSecond +
    all.stateTransitions * PRICES.stateTransition +
    all.expressRequests * PRICES.expressRequest +
    all.expressGbSeconds * PRICES.expressGbSecond +
    all.s3Writes * PRICES.s3Write +
    all.s3Reads * PRICES.s3Read +
    all.sqsRequests * PRICES.sqsRequest;
  return { ...all, dollars };
}
