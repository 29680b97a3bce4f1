import { detached, mapKeyOf } from "./keys.ts";
import { ShortCounts } from "./short-counts.ts";

interface Cell {
  count: number;
  /** Which of all values this was the first sight of. */
  readonly ordinal: number;
  /** The value, where it is not its own map key. */
  readonly original?: unknown;
}

/** How often each value is there. Nothing is allocated for a value that was there before. */
export class Counts {
  /** Short strings; all other values are in `#cells`. */
  readonly #short = new ShortCounts();
  readonly #cells = new Map<unknown, Cell>();

  get size(): number {
    return this.#short.size + this.#cells.size;
  }

  add(items: readonly unknown[]): void {
    const short = this.#short;
    for (let i = 0; i < items.length; i++) {
      const item = items[i];
      if (typeof item !== "string" || short.add(item, 1, this.size) < 0) this.#addOther(item, 1);
    }
  }

  addCount(item: unknown, count: number): void {
    if (typeof item !== "string" || this.#short.add(item, count, this.size) < 0) this.#addOther(item, count);
  }

  /** In order of first sight. */
  entries(): [unknown, number][] {
    const found: { readonly ordinal: number; readonly item: unknown; readonly count: number }[] = [
      ...this.#short.entries(),
    ];
    for (const [key, cell] of this.#cells)
      found.push({ ordinal: cell.ordinal, item: "original" in cell ? cell.original : key, count: cell.count });
    found.sort((a, b) => a.ordinal - b.ordinal);
    return found.map(({ item, count }) => [item, count]);
  }

  clear(): void {
    this.#short.clear();
    this.#cells.clear();
  }

  #addOther(item: unknown, count: number): void {
    const key = mapKeyOf(item);
    const cell = this.#cells.get(key);
    if (cell !== undefined) cell.count += count;
    else if (key !== item) this.#cells.set(key, { count, ordinal: this.size, original: item });
    else this.#cells.set(typeof item === "string" ? detached(item) : item, { count, ordinal: this.size });
  }
}
