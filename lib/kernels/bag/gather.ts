import type { BagParams, BagSink } from "./params.ts";
import { CHUNK_ITEMS, ChunkWriter } from "./chunks.ts";
import type { Flow, MaybePromise } from "./flow.ts";
import { senderOf } from "./send.ts";
import { foldedOf } from "./folded.ts";
import { frameGather } from "./to-frame.ts";
import type { Failures } from "./steps.ts";
import type { Place } from "./user-errors.ts";
import { writeGather } from "./write-text.ts";
import type { TaskContext } from "../kernel.ts";

/** What the items of a task end in. */
export interface Gather extends Flow {
  /** The task's output, once all items are through. `failures`: the items that are not among them. */
  finish(failures: Failures): MaybePromise<{ readonly value: unknown; readonly recordsOut: number }>;
}

export async function gatherOf(sink: BagParams["sink"], place: Place, context: TaskContext): Promise<Gather> {
  switch (sink.to) {
    case "items":
      return new Collector(sink);
    case "exchange":
      return senderOf(sink, place);
    case "fold":
      return foldedOf(sink.fold, place);
    case "frame":
      return frameGather(sink.schema, place);
    case "write":
      return writeGather(sink, place, context);
  }
}

/** Keeps items as bytes. */
class Collector implements Gather {
  readonly #writer = new ChunkWriter();
  readonly #limit: number;
  #open: unknown[] = [];
  #items = 0;

  constructor({ limit = Infinity }: Extract<BagSink, { to: "items" }>) {
    this.#limit = limit;
  }

  get full(): boolean {
    return this.#items >= this.#limit;
  }

  push(items: readonly unknown[]): void {
    for (const item of items) {
      if (this.#items >= this.#limit) return;
      this.#items++;
      if (this.#open.push(item) >= CHUNK_ITEMS) this.#flush();
    }
  }

  finish(failures: Failures) {
    this.#writer.add(this.#open, this.#open.length, failures);
    return { value: this.#writer.finish(), recordsOut: this.#items };
  }

  #flush(): void {
    this.#writer.add(this.#open, this.#open.length);
    this.#open = [];
  }
}
