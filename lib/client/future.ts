import { inspect } from "node:util";
import { CancelledError } from "../errors.ts";

export type FutureStatus = "pending" | "finished" | "error" | "cancelled";

/** A result to come. Await it; or ask for its status, or cancel it. */
export class Future<T> implements PromiseLike<T> {
  readonly key: string;
  readonly #result: Promise<T>;
  readonly #abort: AbortController;
  #status: FutureStatus = "pending";

  /** `start` gets a signal that is aborted by `cancel()`. */
  constructor(key: string, start: (signal: AbortSignal) => Promise<T>) {
    this.key = key;
    this.#abort = new AbortController();
    this.#result = start(this.#abort.signal);
    this.#result.then(
      () => (this.#status = "finished"),
      (error: unknown) => (this.#status = error instanceof CancelledError ? "cancelled" : "error"),
    );
  }

  get status(): FutureStatus {
    return this.#status;
  }

  /** Stops the run; awaiting the future then throws `CancelledError`. Nothing happens where it has ended. */
  cancel(): void {
    this.#abort.abort();
  }

  /** The error that the run ended with, undefined where it ended well. Waits for the end. */
  exception(): Promise<Error | undefined> {
    return this.#result.then(
      () => undefined,
      (error: unknown) => (error instanceof Error ? error : new Error(String(error))),
    );
  }

  then<A = T, B = never>(
    fulfilled?: ((value: T) => A | PromiseLike<A>) | null,
    rejected?: ((reason: unknown) => B | PromiseLike<B>) | null,
  ): Promise<A | B> {
    return this.#result.then(fulfilled, rejected);
  }

  [inspect.custom](): string {
    return `<Future: ${this.#status}, key: ${this.key}>`;
  }
}
