import { CHUNK_ITEMS, ChunkWriter } from "./chunks.ts";
import { CountBytes } from "./count-bytes.ts";
import { Counts } from "./counts.ts";
import type { Gather } from "./gather.ts";
import { partitionOf } from "./keys.ts";
import type { Failures } from "./steps.ts";

/**
 * Counts on their way to where all of a partition meet. A list holds the short strings, as a CountBytes has them, and then of each other
 * value how many bytes of these come before it, the value, and its count: so the order of first sight is kept.
 */
class Section {
  readonly writer = new ChunkWriter();
  readonly #short = new CountBytes();
  #others: unknown[] = [];
  items = 0;

  short(counts: Counts["short"], entry: number): void {
    counts.write(entry, this.#short);
  }

  other(value: unknown, count: number): void {
    this.#others.push(this.#short.length, value, count);
    if (this.#others.length >= 3 * CHUNK_ITEMS) this.flush();
  }

  flush(): void {
    const items = this.#short.rows + this.#others.length / 3;
    if (items === 0) return;
    this.items += items;
    this.writer.add([this.#short.take(), ...this.#others], items);
    this.#others = [];
  }
}

/** Adds what a section's list holds. */
export function addCounts(counts: Counts, list: readonly unknown[]): void {
  // Lists are as a Section wrote them.
  const rows = list[0] as Uint8Array;
  let at = 0;
  for (let i = 1; i < list.length; i += 3) {
    const before = Number(list[i]);
    counts.addRows(rows, at, before);
    at = before;
    counts.addCount(list[i + 1], Number(list[i + 2]));
  }
  counts.addRows(rows, at, rows.length);
}

/** Counts items, and lets go of the counts whenever it holds so many values. */
export class CountSender implements Gather {
  readonly full = false;
  readonly #counts: Counts;
  readonly #sections: readonly Section[];
  readonly #most: number;

  constructor(partitions: number, most: number, counts = new Counts()) {
    this.#counts = counts;
    this.#sections = Array.from({ length: partitions }, () => new Section());
    this.#most = most;
  }

  push(items: readonly unknown[]): void {
    this.#counts.add(items);
    this.sendBeyond();
  }

  /** To be called by whoever adds to the counts otherwise. */
  sendBeyond(): void {
    if (this.#counts.size >= this.#most) this.#send();
  }

  /** Failed items go the first section's way: so they are told of once. */
  finish(failures: Failures) {
    this.#send();
    this.#sections[0].writer.add([], 0, failures);
    const recordsOut = this.#sections.reduce((sum, { items }) => sum + items, 0);
    return { value: this.#sections.map(({ writer }) => writer.finish()), recordsOut };
  }

  #send(): void {
    const sections = this.#sections;
    const { short } = this.#counts;
    const one = sections.length === 1;
    this.#counts.forEach(
      (entry) => sections[one ? 0 : partitionOf(short.textOf(entry), sections.length)].short(short, entry),
      (value, count) => sections[partitionOf(value, sections.length)].other(value, count),
    );
    for (const section of sections) section.flush();
    this.#counts.clear();
  }
}
