import { AbanicoError, NotFoundError } from "../../errors.ts";
import type { CollectLimits } from "./collect-limits.ts";
import type { Message, Services } from "./services.ts";

/** For so long SQS may not know a queue everywhere that was just made, in milliseconds: by its documentation a second. */
const UNKNOWN_MS = 30_000;

/**
 * Receives from a run's queue: by one long poll while messages are few, by many at a time while they all come full, and then ahead, while what came before is
 * folded. What was received ahead has to be drained before Collect ends: it would be hidden from others for minutes.
 */
export class Receiver {
  readonly #queue: string;
  readonly #services: Services;
  readonly #limits: CollectLimits;
  #width = 1;
  #faults = 0;
  #ahead: Promise<readonly Message[]> | undefined;
  /** Since when it is not there. */
  #unknownAt: number | undefined;

  constructor(queue: string, services: Services, limits: CollectLimits) {
    this.#queue = queue;
    this.#services = services;
    this.#limits = limits;
  }

  /** Whatever comes within a few seconds, or `waitMs`; nothing where SQS is throttled. */
  async receive(waitMs = this.#limits.waitMs): Promise<readonly Message[]> {
    const messages = await (this.#ahead ?? this.#receive(waitMs));
    this.#ahead = this.#width === 1 ? undefined : this.#receive(waitMs);
    // It is told when it is asked for.
    this.#ahead?.catch(() => undefined);
    return messages;
  }

  /** What was received ahead; nothing is from now on until the next receive. */
  async drain(): Promise<readonly Message[]> {
    const ahead = this.#ahead;
    this.#ahead = undefined;
    try {
      return (await ahead) ?? [];
    } catch {
      // Whoever receives next learns of it.
      return [];
    }
  }

  async #receive(waitMs: number): Promise<readonly Message[]> {
    const { receivers } = this.#limits;
    // Beside others each waits but for a moment: nobody waits for the last one.
    const wait = this.#width === 1 ? waitMs : 0;
    const received = await Promise.allSettled(
      Array.from({ length: this.#width }, () => this.#services.queues.receive(this.#queue, wait)),
    );
    const messages = received.flatMap((one) => (one.status === "fulfilled" ? one.value : []));
    const failed = received.find((one) => one.status === "rejected");
    if (messages.length >= 8 * this.#width) this.#width = Math.min(receivers, 2 * this.#width);
    else if (messages.length <= 2 * this.#width) this.#width = Math.max(1, this.#width >> 1);
    if (failed === undefined) [this.#faults, this.#unknownAt] = [0, undefined];
    else if (messages.length === 0) await this.#pause(failed.reason);
    return messages;
  }

  async #pause(reason: unknown): Promise<void> {
    if (!(reason instanceof AbanicoError) || !(reason.retryable || this.#mayBeNew(reason))) throw reason;
    this.#services.log("warn", reason.message, { queue: this.#queue });
    this.#width = 1;
    await this.#services.clock.sleep(Math.min(10_000, 250 * 2 ** this.#faults++));
  }

  #mayBeNew(reason: AbanicoError): boolean {
    if (!(reason instanceof NotFoundError)) return false;
    const now = this.#services.clock.now();
    this.#unknownAt ??= now;
    return now - this.#unknownAt < UNKNOWN_MS;
  }
}
