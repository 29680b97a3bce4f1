import type { Store } from "../../store/store.ts";

/**
 * What the functions use of AWS. They see nothing else of it, so that they run in a test, with a clock that is simulated, as they do in Lambda.
 * `aws-services.ts` has the real ones.
 */
export interface Services {
  /** Retries passing faults by itself; what it throws after that is for the caller's caller. Takes `s3://bucket/key`, see `objectUrl` in keys.ts. */
  readonly store: Store;
  readonly bucket: string;
  /** URL of the queue that is told how runs ended, where they ask for it. */
  readonly resultsQueue: string;
  /** What a task may take on a worker, in bytes: see `workerTaskBytes`. */
  readonly taskBytes: number;
  /** What a worker has, in MB: for the projected bill. Default 2,048. */
  readonly workMemoryMb?: number;
  /** The hash of these functions' bundles. Absent: not looked at. */
  readonly bundle?: string;
  /** Names the place where this function runs, as its logs do. */
  readonly worker?: string;
  /** What this function has, in MB. */
  readonly memoryMb?: number;
  readonly queues: Queues;
  /** Calls Work without waiting for it: backup copies of stragglers. */
  startWork(worker: "work" | "work-image", input: object): Promise<void>;
  /** Starts an execution of the state machine; its name is the run's, so that a second start of the same run is none. */
  startRun(run: string): Promise<void>;
  readonly clock: Clock;
  /** A line of the structured log. */
  log(level: "info" | "warn" | "error", message: string, fields?: object): void;
}

/** What a worker's memory is not for: Node, the SDK, its buffers. In MB. */
const OWN_MB = 256;

/** What a task may take on a worker of so many MB, in bytes. */
export function workerTaskBytes(memoryMb: number): number {
  return Math.max(memoryMb - OWN_MB, memoryMb / 2) * 2 ** 20;
}

export interface Clock {
  /** Milliseconds since 1970. */
  now(): number;
  /** Milliseconds that this call of the function may still take. */
  remaining(): number;
  sleep(ms: number): Promise<void>;
}

/**
 * Passing faults (throttles, 5xx) are retried, and then thrown as a `StoreFaultError`. A message that was received is hidden for `VISIBILITY_MS`: it comes again
 * where it is not deleted by then. Collect deletes it only after its next checkpoint, so that this has to be several times longer than one takes.
 */
export interface Queues {
  /** The URL of a run's queue; made where it is not there. Its name is the run's behind the stack's prefix. */
  create(run: string): Promise<string>;
  /** Nothing happens where it is gone already. */
  remove(url: string): Promise<void>;
  send(url: string, bodies: readonly string[]): Promise<void>;
  /** Up to ten messages; waits up to `waitMs` for the first. */
  receive(url: string, waitMs: number): Promise<readonly Message[]>;
  delete(url: string, messages: readonly Message[]): Promise<void>;
}

/** For how long a message that was received is hidden from others, in milliseconds. */
export const VISIBILITY_MS = 180_000;

export interface Message {
  readonly body: string;
  readonly receipt: string;
}
