import { inspect } from "node:util";
import { HANDLE } from "../collections/delayed/held.ts";
import { wrong } from "../collections/options.ts";
import { CancelledError } from "../errors.ts";
import type { CallHandle, CallStatus } from "../runtime/calls/calls.ts";

export type FutureStatus = CallStatus;

/** Where a future's result comes from: a call (a handle on it), or a run of a collection. */
export type FutureSource = Pick<
  CallHandle,
  "key" | "status" | "result" | "whenDone" | "release" | "loosen" | "cancel" | "retry"
> &
  Partial<Pick<CallHandle, "deliver">>;

/**
 * Results of futures that nothing mentions any more are forgotten; what has not run yet still runs. A released future stays registered:
 * its source loosens nothing any more, and to strike each off the list would cost more.
 */
const forgotten = new FinalizationRegistry<FutureSource>((source) => source.loosen());

/** A hold on a value that lies, or will lie, with the workers. It can be an argument of calls, which then get the value. */
export class Held<T> {
  readonly [HANDLE]: FutureSource;
  /** Never there: it only says what type the value has. */
  declare protected readonly value: T;

  constructor(source: FutureSource) {
    this[HANDLE] = source;
    forgotten.register(this, source);
  }

  /** Names it. */
  get key(): string {
    return this[HANDLE].key;
  }

  get status(): FutureStatus {
    return this[HANDLE].status;
  }

  /** Fetches the value. Throws what the call ended with. */
  result(): Promise<T> {
    return this[HANDLE].result() as Promise<T>; // what the call gave
  }

  /** Stops it; awaiting it then throws `CancelledError`, and so does what depends on it. Nothing happens where it has ended. */
  cancel(): void {
    this[HANDLE].cancel();
  }

  /** Runs again what has ended in an error or was cancelled, and with it what failed for that. */
  retry(): void {
    this[HANDLE].retry();
  }

  /** Gives up the result: it is forgotten once no other future and no call needs it. What has not run yet does not run. */
  release(): void {
    this[HANDLE].release();
  }

  /** The error that it ended with, undefined where it ended well. Waits for the end. */
  exception(): Promise<Error | undefined> {
    return this.result().then(
      () => undefined,
      (error: unknown) => (error instanceof Error ? error : new Error(String(error))),
    );
  }

  /** Calls back once it has ended, in whatever way. An error that the callback throws is the program's: uncaught. */
  addDoneCallback(callback: (future: this) => void): void {
    if (typeof callback !== "function") throw wrong("addDoneCallback(…)", "a function", callback);
    this[HANDLE].whenDone(() => callback(this));
  }

  [inspect.custom](): string {
    return `<${this.constructor.name}: ${this.status}, key: ${this.key}>`;
  }
}

/** A result to come. Await it; or ask for its status, cancel it, run it again. */
export class Future<T> extends Held<T> implements PromiseLike<T> {
  then<A = T, B = never>(
    fulfilled?: ((value: T) => A | PromiseLike<A>) | null,
    rejected?: ((reason: unknown) => B | PromiseLike<B>) | null,
  ): Promise<A | B> {
    return this.result().then(fulfilled, rejected);
  }
}

export function sourceOf(held: Held<unknown>): FutureSource {
  return held[HANDLE];
}

/** A run of a collection, as futures hold it: its result stays in this process. */
export class RunSource implements FutureSource {
  readonly key: string;
  readonly #start: (signal: AbortSignal) => Promise<unknown>;
  #abort = new AbortController();
  #result: Promise<unknown>;
  #status: FutureStatus = "pending";

  /** `start` gets a signal that is aborted by `cancel()`. */
  constructor(key: string, start: (signal: AbortSignal) => Promise<unknown>) {
    this.key = key;
    this.#start = start;
    this.#result = this.#run();
  }

  get status(): FutureStatus {
    return this.#status;
  }

  result(): Promise<unknown> {
    return this.#result;
  }

  whenDone(callback: () => void): void {
    const later = () => queueMicrotask(callback);
    this.#result.then(later, later);
  }

  cancel(): void {
    this.#abort.abort();
  }

  retry(): void {
    if (this.#status === "pending" || this.#status === "finished") return;
    this.#abort = new AbortController();
    this.#result = this.#run();
  }

  release(): void {
    if (this.#status === "pending") this.cancel();
  }

  loosen(): void {
    // It runs to its end, and then nothing holds the result.
  }

  #run(): Promise<unknown> {
    this.#status = "pending";
    const result = this.#start(this.#abort.signal);
    result.then(
      () => (this.#status = "finished"),
      (error: unknown) => (this.#status = error instanceof CancelledError ? "cancelled" : "error"),
    );
    return result;
  }
}
