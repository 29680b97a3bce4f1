import { compareValues } from "./compare.ts";

/** Items with what they are compared by, the best first; of equals the first first. */
export interface Ranked {
  readonly keys: unknown[];
  readonly items: unknown[];
}

/** The `count` greatest or least of what is offered, in bounded memory: what is kept is never more than twice that. */
export class Best {
  readonly #count: number;
  readonly #sign: 1 | -1;
  #entries: { readonly key: unknown; readonly item: unknown }[] = [];
  /** The key that a newcomer has to beat, once there are `count`. */
  #bar: { readonly key: unknown } | undefined;

  constructor(count: number, least: boolean) {
    this.#count = count;
    this.#sign = least ? -1 : 1;
  }

  offer(key: unknown, item: unknown): void {
    if (this.#count === 0) return;
    // Also asked for the first, so that one that has no order is told of.
    const against = this.#bar ?? this.#entries[0];
    const order = against === undefined ? 1 : this.#sign * compareValues(key, against.key);
    if (this.#bar !== undefined && order <= 0) return;
    this.#entries.push({ key, item });
    if (this.#entries.length >= 2 * this.#count + 16) this.#cut();
  }

  ranked(): Ranked {
    this.#cut();
    return { keys: this.#entries.map(({ key }) => key), items: this.#entries.map(({ item }) => item) };
  }

  /** Sorting is stable, so equals stay in the order in which they came. */
  #cut(): void {
    this.#entries.sort((a, b) => this.#sign * compareValues(b.key, a.key));
    this.#entries.length = Math.min(this.#entries.length, this.#count);
    if (this.#entries.length === this.#count) this.#bar = this.#entries[this.#count - 1];
  }
}

/** The best of two, `left` before `right`. */
export function mergeRanked(left: Ranked, right: Ranked, count: number, least: boolean): Ranked {
  const sign = least ? -1 : 1;
  const merged: Ranked = { keys: [], items: [] };
  for (let l = 0, r = 0; merged.items.length < count && (l < left.items.length || r < right.items.length);) {
    const isLeft =
      r >= right.items.length || (l < left.items.length && sign * compareValues(left.keys[l], right.keys[r]) >= 0);
    const from = isLeft ? left : right;
    const at = isLeft ? l++ : r++;
    merged.keys.push(from.keys[at]);
    merged.items.push(from.items[at]);
  }
  return merged;
}
