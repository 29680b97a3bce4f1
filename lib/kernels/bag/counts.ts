import { detached, mapKeyOf } from "./keys.ts";
import { ShortCounts } from "./short-counts.ts";

interface Cell {
  count: number;
  /** Which of all values this was the first sight of. */
  readonly ordinal: number;
  /** The value, where it is not its own map key. */
  readonly original?: unknown;
}

/** How often each value is there. Nothing is kept of a value that was there before. */
export class Counts {
  /** Short strings; all other values are in `#cells`. */
  readonly #short = new ShortCounts();
  readonly #cells = new Map<unknown, Cell>();

  get size(): number {
    return this.#short.size + this.#cells.size;
  }

  add(items: readonly unknown[]): void {
    const short = this.#short;
    const others = this.#cells;
    for (let i = 0; i < items.length; i++) {
      const item = items[i];
      if (typeof item !== "string" || !short.add(item, 1, others.size)) this.#addOther(item, 1);
    }
  }

  addCount(item: unknown, count: number): void {
    if (typeof item !== "string" || !this.#short.add(item, count, this.#cells.size)) this.#addOther(item, count);
  }

  /** In order of first sight. */
  entries(): [unknown, number][] {
    const entries = new Array<[unknown, number]>(this.size);
    this.#short.entriesInto(entries);
    for (const [key, cell] of this.#cells)
      entries[cell.ordinal] = ["original" in cell ? cell.original : key, cell.count];
    return entries;
  }

  clear(): void {
    this.#short.clear();
    this.#cells.clear();
  }

  #addOther(item: unknown, count: number): void {
    const ordinal = this.size;
    const key = mapKeyOf(item);
    const cell = this.#cells.get(key);
    if (cell !== undefined) cell.count += count;
    else if (key !== item) this.#cells.set(key, { count, ordinal, original: item });
    else this.#cells.set(typeof item === "string" ? detached(item) : item, { count, ordinal });
  }
}
