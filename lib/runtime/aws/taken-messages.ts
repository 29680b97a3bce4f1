import { AbanicoError } from "../../errors.ts";
import type { CollectLimits } from "./collect-limits.ts";
import type { Message, Services } from "./services.ts";

/** Messages that were received, and are to be deleted once what they brought is durable. Their bodies are not kept. */
export class TakenMessages {
  readonly #queue: string;
  readonly #services: Services;
  readonly #limits: CollectLimits;
  #taken: Message[] = [];
  #oldestAt = 0;

  constructor(queue: string, services: Services, limits: CollectLimits) {
    this.#queue = queue;
    this.#services = services;
    this.#limits = limits;
  }

  /** Whether it is time to make durable what they brought: they are hidden for a while only. */
  get due(): boolean {
    if (this.#taken.length === 0) return false;
    const { checkpointMessages, checkpointMs } = this.#limits;
    return this.#taken.length >= checkpointMessages || this.#services.clock.now() - this.#oldestAt >= checkpointMs;
  }

  add(receipt: string): void {
    if (this.#taken.length === 0) this.#oldestAt = this.#services.clock.now();
    this.#taken.push({ body: "", receipt });
  }

  /** To be called when what all of them brought is durable, and not before. */
  async delete(): Promise<void> {
    const taken = this.#taken;
    this.#taken = [];
    if (taken.length === 0) return;
    try {
      await this.#services.queues.delete(this.#queue, taken);
    } catch (error) {
      if (!(error instanceof AbanicoError) || !error.retryable) throw error;
      // They come again, and bring nothing new.
      this.#services.log("warn", error.message, { queue: this.#queue, messages: taken.length });
    }
  }
}
