import { addRow } from "./count-bytes.ts";
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
  readonly short: ShortCounts;
  readonly #cells = new Map<unknown, Cell>();

  constructor(short = new ShortCounts()) {
    this.short = short;
  }

  get size(): number {
    return this.short.size + this.#cells.size;
  }

  add(items: readonly unknown[]): void {
    const short = this.short;
    const others = this.#cells;
    for (let i = 0; i < items.length; i++) {
      const item = items[i];
      if (typeof item !== "string" || !short.add(item, 1, others.size)) this.#addOther(item, 1);
    }
  }

  addCount(item: unknown, count: number): void {
    if (typeof item !== "string" || !this.short.add(item, count, this.#cells.size)) this.#addOther(item, count);
  }

  /** A short string, packed as `short` has it. */
  addPacked(a: number, b: number, c: number, d: number, length: number): void {
    this.short.addKey(a, b, c, d, length, 1, this.#cells.size);
  }

  /** Short strings, from `at` up to `end` in what a `CountBytes` held. */
  addRows(bytes: Uint8Array, at: number, end: number): void {
    while (at < end) at = addRow(this.short, bytes, at, this.#cells.size);
  }

  /** Tells of each in order of first sight: of a short string its number in `short`, of other values the value. */
  forEach(short: (entry: number) => void, other: (value: unknown, count: number) => void): void {
    let entry = 0;
    for (const [key, cell] of this.#cells) {
      // All that came before it and is not among the cells.
      for (; entry < this.short.size && this.short.ordinalOf(entry) < cell.ordinal; entry++) short(entry);
      other("original" in cell ? cell.original : key, cell.count);
    }
    for (; entry < this.short.size; entry++) short(entry);
  }

  /** In order of first sight. */
  entries(): [unknown, number][] {
    const entries: [unknown, number][] = [];
    this.forEach(
      (entry) => entries.push([this.short.textOf(entry), this.short.countOf(entry)]),
      (value, count) => entries.push([value, count]),
    );
    return entries;
  }

  clear(): void {
    this.short.clear();
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
