import { AbanicoError, NotFoundError } from "../../errors.ts";
import type { CollectLimits } from "./collect-limits.ts";
import type { Message, Services } from "./services.ts";

/** For so long SQS may not know a queue everywhere that was just made, in milliseconds: by its documentation a second. */
const UNKNOWN_MS = 30_000;

/** Receives from a run's queue: by one long poll while messages are few, by many at a time while they all come full. */
export class Receiver {
  readonly #queue: string;
  readonly #services: Services;
  readonly #limits: CollectLimits;
  #lanes = 1;
  #faults = 0;
  /** Since when it is not there. */
  #unknownAt: number | undefined;

  constructor(queue: string, services: Services, limits: CollectLimits) {
    this.#queue = queue;
    this.#services = services;
    this.#limits = limits;
  }

  /** Whatever comes within a few seconds; nothing where SQS is throttled. */
  async receive(): Promise<readonly Message[]> {
    const { waitMs, receivers } = this.#limits;
    // Beside others each waits but for a moment: nobody waits for the last one.
    const wait = this.#lanes === 1 ? waitMs : 0;
    const received = await Promise.allSettled(
      Array.from({ length: this.#lanes }, () => this.#services.queues.receive(this.#queue, wait)),
    );
    const messages = received.flatMap((one) => (one.status === "fulfilled" ? one.value : []));
    const failed = received.find((one) => one.status === "rejected");
    if (messages.length >= 8 * this.#lanes) this.#lanes = Math.min(receivers, 2 * this.#lanes);
    else if (messages.length <= 2 * this.#lanes) this.#lanes = Math.max(1, this.#lanes >> 1);
    if (failed === undefined) [this.#faults, this.#unknownAt] = [0, undefined];
    else if (messages.length === 0) await this.#pause(failed.reason);
    return messages;
  }

  async #pause(reason: unknown): Promise<void> {
    if (!(reason instanceof AbanicoError) || !(reason.retryable || this.#mayBeNew(reason))) throw reason;
    this.#services.log("warn", reason.message, { queue: this.#queue });
    this.#lanes = 1;
    await this.#services.clock.sleep(Math.min(10_000, 250 * 2 ** this.#faults++));
  }

  #mayBeNew(reason: AbanicoError): boolean {
    if (!(reason instanceof NotFoundError)) return false;
    const now = this.#services.clock.now();
    this.#unknownAt ??= now;
    return now - this.#unknownAt < UNKNOWN_MS;
  }
}
