import { detached, mapKeyOf } from "./keys.ts";

interface Cell {
  count: number;
  /** The value, where it is not its own map key. */
  readonly original?: unknown;
}

/** How often each value is there. A look-up and an addition for a value that was there before: nothing is allocated. */
export class Counts {
  readonly #cells = new Map<unknown, Cell>();

  get size(): number {
    return this.#cells.size;
  }

  add(items: readonly unknown[]): void {
    const cells = this.#cells;
    for (let i = 0; i < items.length; i++) {
      const item = items[i];
      // Most are strings, which are their own keys but for those that begin with a NUL; these never are among the cells under their own name.
      const cell = cells.get(item);
      if (cell !== undefined && !(typeof item === "string" && item.charCodeAt(0) === 0)) cell.count++;
      else this.addCount(item, 1);
    }
  }

  addCount(item: unknown, count: number): void {
    const key = mapKeyOf(item);
    const cell = this.#cells.get(key);
    if (cell !== undefined) cell.count += count;
    else if (key !== item) this.#cells.set(key, { count, original: item });
    else this.#cells.set(typeof item === "string" ? detached(item) : item, { count });
  }

  *entries(): Generator<[unknown, number]> {
    for (const [key, cell] of this.#cells) yield ["original" in cell ? cell.original : key, cell.count];
  }

  clear(): void {
    this.#cells.clear();
  }
}
