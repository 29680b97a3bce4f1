import { AbanicoError } from "../../errors.ts";
import type { Stage } from "../../plan/plan.ts";
import { BrokenPart, bytesOf, type Held } from "./held-partial.ts";
import { objectUrl } from "./keys.ts";
import type { Batch, PartOf, WorkMessage } from "./protocol.ts";
import type { Services } from "./services.ts";

/** So often a part may come broken before the run fails. */
const BROKEN_LIMIT = 2;
/** A group has no more messages than this. */
const AT_ONCE = 32;

export type Bodies = ReadonlyMap<PartOf, Held | undefined>;

/**
 * Gets the bytes of the parts that messages have or name, some messages at a time, and checks them. A part that is not what was sent is left out, what lies in
 * S3 of it deleted, and its tasks are to be run again.
 */
export class PartBytes {
  readonly broken: { [first: string]: number };
  readonly #folds: boolean;
  readonly #services: Services;
  readonly #bytes: number;
  #again: Batch[] = [];

  constructor(stage: Stage, services: Services, bytes: number, broken: { readonly [first: string]: number } = {}) {
    this.#folds = stage.output.kind === "fold";
    this.#services = services;
    this.#bytes = bytes;
    this.broken = { ...broken };
  }

  /** Batches that are to be run again since their parts were broken: each is given once. */
  takeBroken(): readonly Batch[] {
    const again = this.#again;
    this.#again = [];
    return again;
  }

  /** Each of the items with its bodies; without them where S3 does not give them now: its message will come again. */
  async *of<T extends { readonly work: WorkMessage }>(
    items: readonly T[],
    wanted: (work: WorkMessage) => readonly PartOf[],
  ): AsyncGenerator<{ readonly item: T; readonly bodies: Bodies | undefined }> {
    for (let at = 0; at < items.length;) {
      const group: T[] = [];
      let bytes = 0;
      while (at < items.length && group.length < AT_ONCE && bytes < this.#bytes) {
        const item = items[at++];
        for (const part of wanted(item.work)) if (part.key !== undefined && this.#folds) bytes += part.size;
        group.push(item);
      }
      const bodies = await Promise.all(group.map(({ work }) => this.#bodies(work, wanted(work))));
      for (let i = 0; i < group.length; i++) yield { item: group[i], bodies: bodies[i] };
    }
  }

  async #bodies(work: WorkMessage, parts: readonly PartOf[]): Promise<Bodies | undefined> {
    const bodies = new Map<PartOf, Held | undefined>();
    for (const part of parts) {
      if (!this.#folds) {
        bodies.set(part, undefined);
        continue;
      }
      try {
        bodies.set(part, await bytesOf(part, this.#services));
      } catch (error) {
        if (error instanceof BrokenPart) await this.#runAgain(part, work, error);
        else if (error instanceof AbanicoError && error.retryable) return undefined;
        else throw error;
      }
    }
    return bodies;
  }

  async #runAgain({ first, level, key }: PartOf, { stage, batch }: WorkMessage, error: BrokenPart): Promise<void> {
    const times = (this.broken[first] ?? 0) + 1;
    this.broken[first] = times;
    this.#services.log("warn", error.message, { ...error.fields, stage, task: first, times });
    if (times > BROKEN_LIMIT) throw error.of(stage, first);
    // Outputs are written only where nothing is.
    if (key !== undefined) await this.#services.store.delete(objectUrl(this.#services, key));
    const end = Math.min(first + 2 ** level, batch.first + batch.count);
    this.#again.push({ first, count: end - first, ...(batch.from === undefined ? {} : { from: batch.from }) });
  }
}
