import { Heap } from "../../lib/runtime/calls/heap.ts";

/**
 * Discrete events: time stands still while anything runs, and jumps to the next event when all wait. So hours pass in milliseconds, and a
 * seed always gives the same schedule.
 */
interface Event {
  readonly priority: number;
  readonly id: number;
  readonly fire: () => void;
}

/** A day in 2026, in milliseconds since 1970. */
const BEGIN = 1_780_000_000_000;

export class SimulatedClock {
  readonly #events = new Heap<Event>();
  #now = BEGIN;
  #ids = 0;

  now(): number {
    return this.#now;
  }

  /** Calls `fire` when `ms` have passed. */
  after(ms: number, fire: () => void): void {
    this.#events.add({ priority: -(this.#now + Math.max(0, ms)), id: this.#ids++, fire });
  }

  sleep(ms: number): Promise<void> {
    return new Promise((resolve) => this.after(ms, resolve));
  }

  /**
   * Lets time pass until `main` is settled. `idle` says whether everything that runs waits for the clock: where something does not, it waits for something
   * real (a module that is loaded), and time must not pass meanwhile.
   */
  async run<T>(main: Promise<T>, idle: () => boolean = () => true): Promise<T> {
    let settled = false;
    const end = () => (settled = true);
    main.then(end, end);
    for (;;) {
      // All microtasks, so that whatever can go on has gone on.
      await new Promise(setImmediate);
      if (settled) return main;
      if (!idle()) continue;
      const event = this.#events.take();
      if (event === undefined) throw new Error("the simulation is stuck: nothing runs, and nothing will happen");
      this.#now = Math.max(this.#now, -event.priority);
      event.fire();
    }
  }
}

/** Numbers in [0, 1) that follow from the seed alone (mulberry32). */
export function randomOf(seed: number): () => number {
  let state = seed | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}
