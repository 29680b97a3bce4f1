/** What can wait in the heap. */
export interface Ranked {
  /** Higher goes first. */
  readonly priority: number;
  /** Of equal priority, the lower goes first. */
  readonly id: number;
}

/** A binary heap: whatever waits to run, the most urgent first. Additions in ascending order of id cost O(1). */
export class Heap<T extends Ranked> {
  readonly #items: T[] = [];

  get size(): number {
    return this.#items.length;
  }

  get top(): T | undefined {
    return this.#items[0];
  }

  add(item: T): void {
    const items = this.#items;
    let at = items.length;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (before(items[parent], item)) break;
      items[at] = items[parent];
      at = parent;
    }
    items[at] = item;
  }

  take(): T | undefined {
    const items = this.#items;
    const first = items[0];
    const last = items.pop();
    if (last === undefined || items.length === 0) return first;
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= items.length) break;
      if (child + 1 < items.length && before(items[child + 1], items[child])) child++;
      if (before(last, items[child])) break;
      items[at] = items[child];
      at = child;
    }
    items[at] = last;
    return first;
  }
}

export function before(a: Ranked, b: Ranked): boolean {
  return a.priority !== b.priority ? a.priority > b.priority : a.id < b.id;
}
