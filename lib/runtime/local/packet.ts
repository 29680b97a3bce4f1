import type { Outcome } from "../executor.ts";

/** Outcomes wait this long for others to travel with, in milliseconds. */
const FLUSH_MS = 8;
/** And no more than this many bytes of them. */
const FLUSH_BYTES = 1 << 20;

/** Outcomes of one batch that wait to be sent together. */
export class Packet {
  readonly #send: (outcomes: readonly Outcome[], last: boolean) => void;
  #waiting: Outcome[] = [];
  #bytes = 0;
  #flushed: number;

  /** Times are those of `performance.now()`. */
  constructor(begin: number, send: (outcomes: readonly Outcome[], last: boolean) => void) {
    this.#flushed = begin;
    this.#send = send;
  }

  /** `more`: others will follow; the last ones go with `end`. */
  add(outcome: Outcome, more: boolean, now: number): void {
    this.#waiting.push(outcome);
    if ("body" in outcome) this.#bytes += outcome.body.byteLength;
    if (more && (this.#bytes >= FLUSH_BYTES || now - this.#flushed >= FLUSH_MS)) this.#flush();
  }

  /** While something is awaited, what is done does not wait for it for long. */
  async during<T>(promise: Promise<T>): Promise<T> {
    if (this.#waiting.length === 0) return promise;
    const timer = setTimeout(() => this.#flush(), FLUSH_MS);
    try {
      return await promise;
    } finally {
      clearTimeout(timer);
    }
  }

  end(): void {
    this.#send(this.#waiting, true);
  }

  #flush(): void {
    this.#send(this.#waiting, false);
    this.#waiting = [];
    this.#bytes = 0;
    this.#flushed = performance.now();
  }
}
