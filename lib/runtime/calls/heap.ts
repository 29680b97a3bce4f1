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

/**
 * The same, at the cost of a list where additions come in their order, as those of a map do: what goes behind all that came before it
 * waits in a list, the rest in a heap.
 */
export class ReadyQueue<T extends Ranked> {
  readonly #rest = new Heap<T>();
  #line: T[] = [];
  #at = 0;

  get top(): T | undefined {
    const first = this.#line[this.#at];
    const other = this.#rest.top;
    return first === undefined || (other !== undefined && before(other, first)) ? other : first;
  }

  add(item: T): void {
    const last = this.#line.at(-1);
    if (last === undefined || before(last, item)) this.#line.push(item);
    else this.#rest.add(item);
  }

  take(): T | undefined {
    const top = this.top;
    if (top === undefined || top !== this.#line[this.#at]) return this.#rest.take();
    this.#at++;
    if (this.#at === this.#line.length) {
      this.#line = [];
      this.#at = 0;
    } else if (this.#at >= 1_024 && 2 * this.#at >= this.#line.length) {
      // What was taken is let go.
      this.#line = this.#line.slice(this.#at);
      this.#at = 0;
    }
    return top;
  }
}

export function before(a: Ranked, b: Ranked): boolean {
  return a.priority !== b.priority ? a.priority > b.priority : a.id < b.id;
}
