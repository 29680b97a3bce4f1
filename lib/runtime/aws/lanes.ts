import { OptionError } from "../../errors.ts";
import type { Stage } from "../../plan/plan.ts";
import { RangeIndex, taskCount } from "../../plan/rules.ts";
import type { Batching } from "./manifest.ts";
import type { Lanes, StageRef } from "./protocol.ts";

/**
 * A stage with very many partials is folded by several Collects at once, in *lanes*: each is an aligned run of 2^k tasks, and so a whole subtree of the fixed
 * fold tree. What the lanes gave is folded by the top of that tree, which is the tree over their numbers: the bits are those of one Collect.
 *
 *     tasks    0 ……… 1,023 │ 1,024 ……… 2,047 │ 2,048 ……… 2,500        each lane has a queue, checkpoints, a partial, and a done.json
 *     lane          0      │        1        │        2
 *
 * What needs an order across them:
 *  - *Chains.* Where a source goes on in the next lane, its first record there is proven by the last one of the lane before, which says so in `exit.json`
 *    (chain.ts). Until then that lane keeps the outputs behind it.
 *  - *Failures.* A lane tells its failure once all lanes before it are done: so it is the earliest task's, with all before it done, as in one lane.
 *  - *Enough*: a stage that stops early has one lane.
 * Lanes repair wrong guesses by calls of their own. The last that is done folds all.
 */
export interface Window {
  /** The tasks [start, end). */
  readonly start: number;
  readonly end: number;
}

/** An inline map runs forty at a time, and each Collect is a function that waits. */
const MOST_LANES = 16;
/** A Collect folds some thousand partials a second, and takes in some 100 MB a second. */
const PARTS_A_LANE = 16_384;
const BYTES_A_LANE = 16 * 2 ** 30;
/** Fewer tasks are not worth a lane. */
const LEAST_TASKS = 256;
/** What tasks give, as their estimates name it. Of ranges that is the worst case, a group for each row: so much of it is counted. */
const GIVEN = ["output", "partial"];
const SHARE_OF_RANGES = 1 / 64;

/** `asked`: for so many, whatever is projected. @throws OptionError */
export function lanesOf(stage: Stage, { size, batches }: Batching, asked?: number): Lanes {
  const { output, tasks } = stage;
  const count = taskCount(tasks);
  if (asked !== undefined) checkLanes(asked);
  if (output.kind === "fold" && output.enough !== undefined) return oneLane(count);
  const wanted = asked ?? projected(stage, count, batches);
  let each = size;
  while (each * wanted < count) each *= 2;
  return { count: Math.max(1, Math.ceil(count / each)), tasks: each };
}

/** @throws OptionError */
export function checkLanes(lanes: number): void {
  if (Number.isInteger(Math.log2(lanes)) && lanes <= MOST_LANES && lanes >= 1) return;
  throw new OptionError(`lanes must be a power of two up to ${MOST_LANES}, found ${lanes}.`, {
    fields: { option: "lanes", expected: MOST_LANES, found: lanes },
    fix: "leave lanes out: they are chosen by what is projected.",
  });
}

function projected(stage: Stage, count: number, batches: number): number {
  const { peakBytes } = stage.estimate;
  const folds = stage.output.kind === "fold";
  const guesses = stage.tasks.kind === "ranges";
  // Partials of tasks that may guess are not merged before they travel.
  const parts = folds && guesses ? count : batches;
  const given = folds ? GIVEN.reduce((sum, term) => sum + (peakBytes[term] ?? 0), 0) : 0;
  const bytes = parts * given * (guesses ? SHARE_OF_RANGES : 1);
  let lanes = 1;
  const larger = () => parts > lanes * PARTS_A_LANE || bytes > lanes * BYTES_A_LANE;
  while (lanes < MOST_LANES && larger() && count >= 2 * lanes * LEAST_TASKS) lanes *= 2;
  return lanes;
}

export function oneLane(count: number): Lanes {
  return { count: 1, tasks: Math.max(1, count) };
}

/** The tasks of a lane; all of them where there is but one. */
export function windowOf(count: number, lanes: Lanes | undefined, lane: number | undefined): Window {
  if (lanes === undefined || lane === undefined) return { start: 0, end: count };
  return { start: lane * lanes.tasks, end: Math.min(count, (lane + 1) * lanes.tasks) };
}

/**
 * Of the queue of a lane, by that of its attempt, which the first one has: the lane's two digits come before the attempt's number, behind a zero. So no other run has a queue of this name, and no
 * attempt (attempts.ts).
 */
export function laneQueue(queue: string, lane: number): string {
  if (lane === 0) return queue;
  const [, run = queue, attempt = ""] = /^(.+)--(\d+)$/.exec(queue) ?? [];
  return `${run}--0${String(lane).padStart(2, "0")}${attempt}`;
}

/** Where messages of a task go to. */
export function queueOf({ queue, lanes }: Pick<StageRef, "queue" | "lanes">, task: number): string {
  return lanes === undefined ? queue : laneQueue(queue, Math.floor(task / lanes.tasks));
}

/** Whether the first task of a window goes on with a source that the lane before has begun. */
export function goesOn({ tasks }: Stage, { start }: Window): boolean {
  if (tasks.kind !== "ranges" || start === 0) return false;
  const index = RangeIndex.of(tasks);
  return index.firstTask(index.sourceOf(start)) < start;
}
