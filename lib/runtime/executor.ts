import type { Printed } from "../callables/console.ts";
import type { ErrorRecord } from "../errors.ts";
import type { Ref, Stage, Work } from "../plan/plan.ts";
import type { PackedCalls } from "./calls/wire.ts";
import type { RunEvent } from "./runtime.ts";
import type { SpillFile } from "./spill-file.ts";
import type { TaskResult } from "./task.ts";

/**
 * The seam between what a run means and where its tasks are computed. A run (scheduler/run.ts) is a source of work: it knows
 * stages, retries, chains and folds, and nothing of threads. An executor has lanes, each of which computes one job at a
 * time, and knows nothing of stages. An executor pulls: when a lane has room it asks its sources for a job.
 */
export interface Executor {
  readonly name: string;
  readonly threads: number;
  /** How long a job of calls should take, in milliseconds, so that sending it is worth while. Default 8. */
  readonly callsMs?: number;
  /** Calls go out in waves: all that are ready at once, and no more before they have ended. Of this one, how many were ready at its beginning. */
  readonly wave?: { readonly ready: number } | undefined;
  /** Whether large merges are better handed out as jobs than done on the calling thread. */
  readonly offloadsMerges: boolean;
  /** Asks `source` for work from now on. */
  add(source: WorkSource): void;
  /** Stops asking; jobs of the source that are out are abandoned, and their outcomes dropped. */
  remove(source: WorkSource): void;
  /** A source has work again that it had not when last asked. */
  wake(): void;
  /** Ids of the lanes there are now. */
  lanes(): readonly number[];
  /** One thing of a job is not wanted any more: it is told by its signal, and if it does not end soon, its lane is replaced. Its outcome is dropped. */
  cancel(source: WorkSource, job: OrdersJob, index: number): void;
  /** Reads a result of which an outcome has said where it lies (`at`). */
  fetch?(ref: Ref): Promise<Uint8Array>;
  /** Loads the code of kernels that are coming. */
  prepare(ops: readonly string[]): void;
  scale(threads: number): Promise<void>;
  /** Ends all lanes and starts as many new ones; what runs begins again there. Undefined where lanes are no one's to end. */
  restart?(): Promise<void>;
  close(): Promise<void>;
}

/** A place that computes: a thread, or the calling thread itself. */
export interface Lane {
  readonly id: number;
  /** Jobs it holds. */
  readonly inFlight: number;
  /** Another job may be queued behind those it holds, so that it does not wait for a message. */
  readonly open: boolean;
  /** It has started, so that a time limit may begin with a job. */
  readonly ready: boolean;
  /** Whether a job of this projected peak, in bytes, fits the memory limit beside all that runs. */
  admits(peakBytes: number): boolean;
}

export type Job = TasksJob | CallsJob | MergeJob;

/** Jobs of things that are settled one by one. */
export type OrdersJob = TasksJob | CallsJob;

/** Some tasks of one stage, computed one after the other. */
export interface TasksJob {
  readonly kind: "tasks";
  readonly run: string;
  readonly stage: Stage;
  /** Names the stage of this very run to a worker. Unique in the process. */
  readonly stageKey: number;
  readonly orders: readonly Order[];
  /** A folder: outputs are to be written there, since the memory for them is used up. */
  readonly spillTo: string | undefined;
  readonly peakBytes: number;
  /** Another job may be queued behind it. */
  readonly open: boolean;
  readonly timeoutMs: number | undefined;
}

export interface Order {
  readonly index: number;
  /** 1 for the first attempt. */
  readonly attempt: number;
  /** Proven start, for a task that is run again because it had guessed wrongly. */
  readonly from?: number;
  /** Bytes behind the task's refs, in their order, where they are at hand in shared memory. */
  readonly inputs?: readonly Uint8Array[];
}

/** Some calls of users' functions, made one after the other; later ones may need the results of earlier ones. */
export interface CallsJob {
  readonly kind: "calls";
  /** The calls' numbers in their graph, in the order of `packed`. */
  readonly indices: Int32Array;
  readonly packed: PackedCalls;
  readonly peakBytes: number;
  readonly open: boolean;
  readonly timeoutMs: number | undefined;
  /** What its calls are expected to take, in milliseconds; undefined where a function was never called before. */
  readonly ms: number | undefined;
  /** How often a call of it may run again, and how long it may take. */
  limitsOf(place: number): { readonly retries: number; readonly timeoutMs: number | undefined };
}

/** What a job's things are called in outcomes. */
export function indicesOf(job: OrdersJob): readonly number[] | Int32Array {
  return job.kind === "calls" ? job.indices : job.orders.map(({ index }) => index);
}

/** One merge of a fold, on encoded partials in shared memory. */
export interface MergeJob {
  readonly kind: "merge";
  readonly fold: Work;
  readonly left: Uint8Array;
  readonly right: Uint8Array;
  readonly peakBytes: number;
  readonly open: false;
  readonly timeoutMs: undefined;
}

export type Outcome = (TaskResult | { readonly index: number; readonly error: ErrorRecord }) & {
  /** What it printed. */
  readonly printed?: readonly Printed[];
  /** Of a call: its result lies there, in place of `body`. */
  readonly at?: Ref;
};

/** Where a source stands. */
export interface Standing {
  /** How much can go out. */
  readonly ready: number;
  /** How much it waits for that is no executor's. */
  readonly awaited: number;
}

/** How a lane was lost with its jobs. */
export interface Loss {
  readonly reason: string;
  /** The lane was stopped because the task ran over its time limit. */
  readonly timedOut: boolean;
  /** The one task that was being computed: it is charged an attempt, all others are not. */
  readonly running: number | undefined;
}

/** Bytes at hand, of the section that a ref names; or a file, with all of the output. */
export type Located = Uint8Array | SpillFile;

/** A run, as an executor sees it. */
export interface WorkSource {
  next(lane: Lane): Job | undefined;
  readonly standing?: Standing;
  /** Some tasks of a job have come to an end. */
  settled(job: OrdersJob, outcomes: readonly Outcome[], lane: number): void;
  merged(job: MergeJob, outcome: Uint8Array | ErrorRecord): void;
  /** The job is over. Tasks of it without an outcome were handed back untouched. */
  ended(job: Job): void;
  /** The job goes on, but these of it will not begin: they are handed back already. */
  returned?(job: CallsJob, indices: Iterable<number>): void;
  lost(job: Job, loss: Loss): void;
  fetch(ref: Ref): Promise<Uint8Array>;
  /** Where the output behind each ref is, for threads that read files by themselves; undefined where it has to be fetched. */
  locate?(refs: readonly Ref[]): readonly (Located | undefined)[];
  notice(event: RunEvent): void;
  /** The executor cannot go on. */
  fail(error: Error): void;
}
