/**
 * How many calls are out at a time, as TCP finds out what a network takes: as many again with each round that goes well until something is refused (slow start), then one
 * more a round; and by a third fewer when something is refused, once for all that was sent before that was known.
 */
const FIRST = 8;
const DECREASE = 0.7;

export class Congestion {
  /** At most so many; the account's limit may be lower, and is not known. */
  limit: number;
  #window: number;
  #grows: "fast" | "slowly" = "fast";
  #decreasedAt = -Infinity;

  constructor(limit: number) {
    this.limit = limit;
    this.#window = Math.min(FIRST, limit);
  }

  /** Calls that may be out at a time. */
  get window(): number {
    return Math.max(1, Math.min(this.limit, Math.floor(this.#window)));
  }

  /** One has come back. */
  succeeded(): void {
    this.#window = Math.min(this.limit, this.#window + (this.#grows === "fast" ? 1 : 1 / this.#window));
  }

  /** One was refused that was sent at `sentAt`, in milliseconds. */
  refused(sentAt: number, now: number): void {
    this.#grows = "slowly";
    if (sentAt < this.#decreasedAt) return;
    this.#decreasedAt = now;
    this.#window = Math.max(1, this.#window * DECREASE);
  }
}
