import type { Store } from "../../store/store.ts";

/**
 * What a client uses of AWS. It sees nothing else of it, so that it can be tested without; `cloud-services.ts` has the real ones. All of these throw tagged
 * errors only (aws-errors.ts).
 */
export interface Cloud {
  readonly region: string;
  readonly stack: StackOutputs;
  readonly bucket: string;
  /** Of all schemes that a plan may be made from; with retries. */
  readonly store: Store;
  /** Starts an execution of the state machine; its name is the run's, or of the attempts behind the first the attempt's (attempts.ts), so that a second start is none. */
  startRun(run: string, attempt?: number): Promise<void>;
  /** By its name, as below. */
  executionOf(run: string): Promise<Execution>;
  /** The latest executions, the newest first. */
  executions(limit: number): Promise<readonly (Execution & { readonly run: string })[]>;
  /** Nothing happens where it is over, or never was. */
  stopRun(run: string, reason: string): Promise<void>;
  /** The run's queue; nothing happens where there is none. */
  removeQueue(run: string): Promise<void>;
  /** Calls the stack's function `call`, and waits for its answer. */
  invoke(payload: string, signal?: AbortSignal): Promise<Invoked>;
  /** Lines of the functions' logs that have this text, the oldest first. */
  logs(wanted: LogQuery): AsyncIterable<LogLine>;
  readonly clock: ClientClock;
}

export interface ClientClock {
  /** Milliseconds since 1970. */
  now(): number;
  /** Ends early, without an error, where the signal is aborted. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
}

/** What a stack says of itself (CloudFormation outputs of these names). */
export interface StackOutputs {
  readonly stack: string;
  readonly bucket: string;
  readonly stateMachineArn: string;
  readonly startFunction: string;
  readonly callFunction: string;
  readonly queuePrefix: string;
  readonly resultsQueueUrl?: string;
  /** Hash of the functions' code; absent: of a stack that does not say. */
  readonly bundleHash?: string;
  readonly version?: string;
  /** Of the function that works, in MB. */
  readonly workMemoryMb: number;
  /** Of the functions, where `logs` looks. */
  readonly logGroups: readonly string[];
}

/** An execution of the state machine. `missing`: there is none of that name (or it is older than the 90 days that Step Functions keeps). */
export interface Execution {
  readonly status: "running" | "succeeded" | "failed" | "timed-out" | "aborted" | "missing";
  /** Milliseconds since 1970. */
  readonly startedAt?: number;
  readonly stoppedAt?: number;
  readonly error?: string;
  readonly cause?: string;
}

/** What became of a call of a function. */
export type Invoked =
  | { readonly kind: "answered"; readonly payload: string }
  /** It did not come to its end: time limit, out of memory, an exit. `log`: the end of its log. */
  | { readonly kind: "died"; readonly reason: string; readonly log?: string }
  /** Too many at once. */
  | { readonly kind: "throttled" }
  /** It could not be called, or its answer was lost: it may have run. */
  | { readonly kind: "lost"; readonly reason: string };

export interface LogQuery {
  /** A text that a line has to have, as a run's id. Absent: all. */
  readonly text?: string;
  /** Milliseconds since 1970. */
  readonly since: number;
  readonly limit: number;
}

export interface LogLine {
  /** Milliseconds since 1970. */
  readonly at: number;
  readonly group: string;
  readonly stream: string;
  readonly text: string;
}
