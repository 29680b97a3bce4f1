import type { Message } from "../../lib/runtime/aws/services.ts";
import { Heap } from "../../lib/runtime/calls/heap.ts";
import type { SimulatedClock } from "./simulated-clock.ts";

/** One SQS standard queue: no order, messages are hidden for a while once received, and come again unless they are deleted by then. */
interface Entry {
  readonly body: string;
  readonly id: number;
  received: number;
  deleted: boolean;
}

interface Hidden {
  readonly priority: number;
  readonly id: number;
  readonly entry: Entry;
}

export class SimulatedQueue {
  readonly #clock: SimulatedClock;
  readonly #visibilityMs: number;
  readonly #entries = new Map<number, Entry>();
  readonly #hidden = new Heap<Hidden>();
  readonly #waiting = new Set<() => void>();
  #ready: Entry[] = [];
  #head = 0;
  #ids = 0;

  constructor(clock: SimulatedClock, visibilityMs: number) {
    this.#clock = clock;
    this.#visibilityMs = visibilityMs;
  }

  /** Messages that are not deleted. */
  get size(): number {
    return this.#entries.size;
  }

  /** What they say. */
  get bodies(): readonly string[] {
    return [...this.#entries.values()].map(({ body }) => body);
  }

  send(body: string, delayMs: number): void {
    const entry = { body, id: this.#ids++, received: 0, deleted: false };
    this.#entries.set(entry.id, entry);
    this.#hide(entry, delayMs);
    this.#wake();
  }

  /** Up to ten. `pick` says which of so many comes next; 0 keeps their order. */
  take(pick: (count: number) => number): Message[] {
    this.#show();
    const taken: Message[] = [];
    while (taken.length < 10 && this.#head < this.#ready.length) {
      const at = this.#head + pick(this.#ready.length - this.#head);
      const entry = this.#ready[at];
      this.#ready[at] = this.#ready[this.#head++];
      if (entry.deleted) continue;
      entry.received++;
      taken.push({ body: entry.body, receipt: `${entry.id}#${entry.received}` });
      this.#hide(entry, this.#visibilityMs);
    }
    if (this.#head > 1_000 && 2 * this.#head > this.#ready.length) {
      this.#ready = this.#ready.slice(this.#head);
      this.#head = 0;
    }
    return taken;
  }

  /** A receipt counts only until the message is received once more. */
  delete(receipt: string): void {
    const [id, received] = receipt.split("#").map(Number);
    const entry = this.#entries.get(id);
    if (entry === undefined || entry.received !== received) return;
    entry.deleted = true;
    this.#entries.delete(id);
  }

  /** Until something may be there, or `ms` have passed. */
  changed(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const once = () => {
        this.#waiting.delete(once);
        resolve();
      };
      this.#waiting.add(once);
      const next = this.#hidden.top;
      const soonest = next === undefined ? ms : Math.min(ms, -next.priority - this.#clock.now());
      this.#clock.after(soonest, once);
    });
  }

  #hide(entry: Entry, ms: number): void {
    this.#hidden.add({ priority: -(this.#clock.now() + ms), id: this.#ids++, entry });
  }

  #show(): void {
    for (;;) {
      const next = this.#hidden.top;
      if (next === undefined || -next.priority > this.#clock.now()) return;
      this.#hidden.take();
      if (!next.entry.deleted) this.#ready.push(next.entry);
    }
  }

  #wake(): void {
    for (const wake of [...this.#waiting]) wake();
  }
}
