import { accumulateOf, type Accumulate } from "./accumulate.ts";
import { withKeys, type WithKeys } from "./by-key.ts";
import { CHUNK_ITEMS, ChunkWriter } from "./chunks.ts";
import { isThenable, type MaybePromise } from "./flow.ts";
import type { Gather } from "./gather.ts";
import { Keyed, partitionOf } from "./keys.ts";
import type { BagSink, Send } from "./params.ts";
import { CountSender } from "./send-counts.ts";
import type { Failures } from "./steps.ts";
import type { Place } from "./user-errors.ts";

/**
 * The sending side of an exchange: items, or what they were aggregated into, go to the section of their partition. Lists hold keys and
 * items by turns, but for "spread" and "place", and "frequencies" (send-counts.ts). What aggregates lets go of what it has beyond so many keys: the other side merges.
 */
export async function senderOf(
  { partitions, send }: Extract<BagSink, { to: "exchange" }>,
  place: Place,
): Promise<Gather> {
  switch (send.do) {
    case "key":
      return new KeySender(partitions, await withKeys(send.by, "key", place));
    case "distinct":
      return new DistinctSender(partitions, await withKeys(send.by, "distinct", place));
    case "frequencies":
      return new CountSender(partitions, HELD_KEYS);
    case "foldBy": {
      const keys = await withKeys(send.by, "foldBy", place);
      return new FoldSender(partitions, keys, await accumulateOf(send.fold, "foldBy", place));
    }
    case "spread":
    case "place":
      return new PlaceSender(partitions, send, place);
  }
}

/** Keys that are held at once before they are sent on, in all partitions together. */
export const HELD_KEYS = 200_000;

/** The sections being written. */
class Sections {
  readonly #writers: ChunkWriter[];
  readonly #lists: unknown[][];
  items = 0;

  constructor(partitions: number) {
    this.#writers = Array.from({ length: partitions }, () => new ChunkWriter());
    this.#lists = Array.from({ length: partitions }, () => []);
  }

  get count(): number {
    return this.#writers.length;
  }

  pair(key: unknown, item: unknown): void {
    const section = partitionOf(key, this.#writers.length);
    const list = this.#lists[section];
    list.push(key, item);
    this.items++;
    if (list.length >= 2 * CHUNK_ITEMS) this.#flush(section, list.length / 2);
  }

  item(section: number, item: unknown): void {
    const list = this.#lists[section];
    list.push(item);
    this.items++;
    if (list.length >= CHUNK_ITEMS) this.#flush(section, list.length);
  }

  /** Failed items go the first section's way: so they are told of once. */
  finish(failures: Failures, each: 1 | 2) {
    this.#lists.forEach((list, section) => this.#flush(section, list.length / each));
    this.#writers[0].add([], 0, failures);
    return { value: this.#writers.map((writer) => writer.finish()), recordsOut: this.items };
  }

  #flush(section: number, items: number): void {
    this.#writers[section].add(this.#lists[section], items);
    this.#lists[section] = [];
  }
}

abstract class Sender implements Gather {
  readonly full = false;
  protected readonly sections: Sections;

  constructor(partitions: number) {
    this.sections = new Sections(partitions);
  }

  abstract push(items: readonly unknown[]): MaybePromise<void>;

  finish(failures: Failures) {
    return this.sections.finish(failures, 2);
  }
}

class KeySender extends Sender {
  readonly #withKeys: WithKeys;
  readonly #add = (key: unknown, item: unknown) => this.sections.pair(key, item);

  constructor(partitions: number, keys: WithKeys) {
    super(partitions);
    this.#withKeys = keys;
  }

  push(items: readonly unknown[]): MaybePromise<void> {
    return this.#withKeys(items, this.#add);
  }
}

class DistinctSender extends Sender {
  readonly #withKeys: WithKeys;
  readonly #seen = new Keyed<true>();
  readonly #add = (key: unknown, item: unknown) => {
    const before = this.#seen.size;
    this.#seen.getOrMake(key, () => true);
    if (this.#seen.size === before) return;
    this.sections.pair(key, item);
    if (this.#seen.size >= HELD_KEYS) this.#seen.clear();
  };

  constructor(partitions: number, keys: WithKeys) {
    super(partitions);
    this.#withKeys = keys;
  }

  push(items: readonly unknown[]): MaybePromise<void> {
    return this.#withKeys(items, this.#add);
  }
}

class FoldSender extends Sender {
  readonly #withKeys: WithKeys;
  readonly #fold: Accumulate;
  readonly #states = new Keyed<{ value: unknown }>();
  readonly #add = (key: unknown, item: unknown) => {
    const state = this.#states.getOrMake(key, () => ({ value: this.#fold.initial() }));
    const index = this.#index++;
    // A state whose step is under way takes its next one behind that.
    const stepped = isThenable(state.value)
      ? Promise.resolve(state.value).then((value) => this.#fold.step(value, item, index))
      : this.#fold.step(state.value, item, index);
    state.value = stepped;
    if (!(stepped instanceof Promise)) return;
    // Waited for in `#settle`; should something else fail before, nobody else asks.
    stepped.catch(() => undefined);
    this.#waiting.push(stepped);
  };
  #waiting: Promise<unknown>[] = [];
  #index = 0;

  constructor(partitions: number, keys: WithKeys, fold: Accumulate) {
    super(partitions);
    this.#withKeys = keys;
    this.#fold = fold;
  }

  push(items: readonly unknown[]): MaybePromise<void> {
    const pushed = this.#withKeys(items, this.#add);
    if (pushed !== undefined) return pushed.then(() => this.#settle());
    if (this.#waiting.length > 0) return this.#settle();
    if (this.#states.size >= HELD_KEYS) this.#send();
    return undefined;
  }

  override finish(failures: Failures) {
    this.#send();
    return super.finish(failures);
  }

  /** Waits for all steps under way, so that states are values again. */
  async #settle(): Promise<void> {
    const waiting = this.#waiting;
    this.#waiting = [];
    await Promise.all(waiting);
    for (const [, state] of this.#states.entries()) if (isThenable(state.value)) state.value = await state.value;
    if (this.#states.size >= HELD_KEYS) this.#send();
  }

  #send(): void {
    for (const [key, state] of this.#states.entries()) this.sections.pair(key, state.value);
    this.#states.clear();
  }
}

/** Sends by position: to the partition of the same number, or evenly to those that begin where this one does. */
class PlaceSender implements Gather {
  readonly full = false;
  readonly #sections: Sections;
  readonly #spread: { readonly from: number; readonly to: number } | undefined;
  readonly #part: number;
  #held: unknown[] = [];

  constructor(partitions: number, send: Extract<Send, { do: "spread" | "place" }>, { part }: Place) {
    this.#sections = new Sections(partitions);
    this.#part = part;
    if (send.do === "spread")
      this.#spread = { from: (part * partitions) / send.of, to: ((part + 1) * partitions) / send.of };
  }

  push(items: readonly unknown[]): void {
    // Where all goes to one section, nothing needs to wait for the end.
    const section = this.#only();
    if (section === undefined) for (const item of items) this.#held.push(item);
    else for (const item of items) this.#sections.item(section, item);
  }

  finish(failures: Failures) {
    const { from, to } = this.#spread ?? { from: 0, to: 0 };
    const held = this.#held;
    held.forEach((item, i) =>
      this.#sections.item(Math.min(this.#sections.count - 1, Math.floor(from + ((to - from) * i) / held.length)), item),
    );
    this.#held = [];
    return this.#sections.finish(failures, 1);
  }

  #only(): number | undefined {
    if (this.#spread === undefined) return this.#part;
    const first = Math.floor(this.#spread.from);
    return this.#spread.to <= first + 1 ? first : undefined;
  }
}
