import type { Printed } from "../callables/console.ts";
import type { ErrorRecord } from "../errors.ts";
import type { Plan, Ref } from "../plan/plan.ts";
import type { Calls } from "./calls/calls.ts";
import type { Intake } from "./intake.ts";

/** Runs plans. All of them pass one conformance suite: local (threads), inline (none), aws (the functions of a stack). */
export interface Runtime {
  readonly name: string;
  /** Threads of execution there are. */
  readonly threads: number;
  /** What a task may take while all lanes are busy, in bytes: planners cut partitions to it. */
  readonly taskBytes: number;
  /** Whether a run that failed can go on from where it stopped: what it has written belongs to that, and stays. Absent: no. */
  readonly resumes?: true;
  run(plan: Plan, options?: RunOptions): Promise<RunResult>;
  /** Single calls of users' functions. */
  readonly calls: Calls;
  /** A hint that tasks of these kinds are coming: threads load their code while the plan is still made. */
  prepare(ops: readonly string[]): void;
  /** Lines of `explain` about what a plan is projected to cost, where that is money. */
  explainCost?(plan: Plan): readonly string[];
  /** Bytes of an output that a run kept. */
  fetch(ref: Ref): Promise<Uint8Array>;
  /** Keeps bytes that the caller made, as a run keeps outputs: until they are released, in memory or on disk. */
  keep(bytes: Uint8Array): Promise<Ref>;
  /** Forgets what a run kept. */
  release(run: string): Promise<void>;
  /** Changes the number of threads, where the runtime has any. */
  scale(threads: number): Promise<void>;
  /** Ends the threads and starts as many new ones; what runs begins again there. Undefined where the runtime has none. */
  restart?(): Promise<void>;
  /** Stops: running plans are cancelled, threads ended, spilled files deleted. Idempotent. */
  close(): Promise<void>;
}

export interface RunOptions {
  readonly signal?: AbortSignal;
  readonly onEvent?: (event: RunEvent) => void;
  /** The run fails with `StalledError` when no task ends for this long, in milliseconds. Default 10 minutes; of a stack an hour. */
  readonly stallMs?: number;
  /** The run fails with `StalledError` after this long, in milliseconds. Default: none. */
  readonly deadlineMs?: number;
  /** Takes what the last stage keeps while the run goes on, at the consumer's pace. */
  readonly intake?: Intake;
}

/** The last stage's outcome: the merged partial where it folds (still to be finished), refs to the outputs where it keeps. */
export interface RunResult {
  readonly run: string;
  readonly partial?: unknown;
  readonly refs?: readonly Ref[];
  readonly report: RunReport;
}

export interface RunReport {
  readonly run: string;
  /** Wall time in milliseconds. */
  readonly wallMs: number;
  readonly stages: readonly StageReport[];
  /** What it cost, where that is money. */
  readonly bill?: Bill;
}

/** What a run takes of services that are paid for: counts, and US dollars. */
export interface Bill {
  readonly lambdaRequests: number;
  /** Memory times time, in gigabytes × seconds. */
  readonly lambdaGbSeconds: number;
  readonly stateTransitions: number;
  /** Express workflows: executions, and gigabytes × seconds of them. */
  readonly expressRequests: number;
  readonly expressGbSeconds: number;
  readonly s3Writes: number;
  readonly s3Reads: number;
  readonly sqsRequests: number;
  readonly dollars: number;
}

export interface StageReport {
  readonly stage: string;
  readonly tasks: number;
  readonly attempts: number;
  /** Tasks run again because they had guessed their first record wrongly. */
  readonly repaired: number;
  readonly recordsIn: number;
  readonly recordsOut: number;
  /** Bytes of the outputs that were accepted. */
  readonly bytesOut: number;
  /** Sum over tasks of the time in the kernel, in milliseconds. */
  readonly busyMs: number;
  readonly wallMs: number;
  readonly spilledBytes: number;
}

/** What happens in a run, in order: progress, dashboards and reports subscribe to it. */
export type RunEvent =
  | { readonly type: "run-started"; readonly run: string; readonly plan: Plan }
  | { readonly type: "stage-started"; readonly run: string; readonly stage: string; readonly tasks: number }
  | {
      readonly type: "task-started";
      readonly run: string;
      readonly stage: string;
      readonly task: number;
      readonly attempt: number;
      readonly worker: number;
    }
  | {
      readonly type: "task-finished";
      readonly run: string;
      readonly stage: string;
      readonly task: number;
      readonly worker: number;
      readonly ms: number;
      readonly recordsIn: number;
      readonly bytesOut: number;
    }
  | {
      readonly type: "task-failed";
      readonly run: string;
      readonly stage: string;
      readonly task: number;
      readonly attempt: number;
      readonly error: ErrorRecord;
      readonly willRetry: boolean;
    }
  | {
      readonly type: "task-repaired";
      readonly run: string;
      readonly stage: string;
      readonly task: number;
      readonly from: number;
    }
  | {
      readonly type: "merged";
      readonly run: string;
      readonly stage: string;
      readonly level: number;
      readonly position: number;
    }
  /** How far a stage is, where its tasks are not told of one by one. */
  | {
      readonly type: "stage-progress";
      readonly run: string;
      readonly stage: string;
      readonly tasks: number;
      /** Tasks that have ended. */
      readonly done: number;
      readonly recordsIn: number;
      readonly bytesOut: number;
      readonly busyMs: number;
    }
  /** A user's function has said how far it is: from 0 to 1. */
  | {
      readonly type: "task-progress";
      readonly run: string;
      readonly stage: string;
      readonly task: number;
      readonly worker: number;
      readonly fraction: number;
    }
  /** A user's function has printed. */
  | ({
      readonly type: "printed";
      readonly run: string;
      readonly stage: string;
      readonly task: number;
      readonly worker: number;
    } & Printed)
  | { readonly type: "spilled"; readonly run: string; readonly bytes: number }
  | { readonly type: "stage-finished"; readonly run: string; readonly report: StageReport }
  | { readonly type: "run-finished"; readonly run: string; readonly report: RunReport }
  | { readonly type: "run-failed"; readonly run: string; readonly error: ErrorRecord }
  | { readonly type: "worker-started"; readonly worker: number }
  | {
      readonly type: "worker-died";
      readonly worker: number;
      readonly reason: string;
      readonly tasks: readonly number[];
    };
