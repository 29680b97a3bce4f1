import { AbanicoError } from "../../errors.ts";
import type { CollectLimits } from "./collect-limits.ts";
import type { Message, Services } from "./services.ts";

/** Deletions at a time, and messages of one: ten go into a request. */
const AT_ONCE = 16;
const LEAST = 10;

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
      const size = Math.max(LEAST, Math.ceil(taken.length / AT_ONCE / LEAST) * LEAST);
      const slices = Array.from({ length: Math.ceil(taken.length / size) }, (_, i) =>
        taken.slice(i * size, (i + 1) * size),
      );
      await all(slices.map((slice) => this.#services.queues.delete(this.#queue, slice)));
    } catch (error) {
      if (!(error instanceof AbanicoError) || !error.retryable) throw error;
      // They come again, and bring nothing new.
      this.#services.log("warn", error.message, { queue: this.#queue, messages: taken.length });
    }
  }
}

/** Waits for all of them, whichever fail. */
async function all(deletions: readonly Promise<void>[]): Promise<void> {
  const failed = (await Promise.allSettled(deletions)).find((one) => one.status === "rejected");
  if (failed !== undefined) throw failed.reason;
}
