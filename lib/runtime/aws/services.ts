import type { Store } from "../../store/store.ts";

/**
 * What the functions use of AWS. They see nothing else of it, so that they run in a test, with a clock that is simulated, as they do in Lambda.
 * `aws-services.ts` has the real ones.
 */
export interface Services {
  readonly store: Store;
  readonly bucket: string;
  readonly queues: Queues;
  /** Calls Work without waiting for it: backup copies of stragglers. */
  startWork(worker: "work" | "work-image", input: object): Promise<void>;
  /** Starts an execution of the state machine; its name is the run's, so that a second start of the same run is none. */
  startRun(run: string): Promise<void>;
  readonly clock: Clock;
  /** A line of the structured log. */
  log(level: "info" | "warn" | "error", message: string, fields?: object): void;
}

export interface Clock {
  /** Milliseconds since 1970. */
  now(): number;
  /** Milliseconds that this call of the function may still take. */
  remaining(): number;
  sleep(ms: number): Promise<void>;
}

export interface Queues {
  /** The URL of the queue of this name; made where it is not there. */
  create(name: string): Promise<string>;
  /** Nothing happens where it is gone already. */
  remove(url: string): Promise<void>;
  send(url: string, bodies: readonly string[]): Promise<void>;
  /** Up to ten messages; waits up to `waitMs` for the first. */
  receive(url: string, waitMs: number): Promise<readonly Message[]>;
  delete(url: string, messages: readonly Message[]): Promise<void>;
}

export interface Message {
  readonly body: string;
  readonly receipt: string;
}
