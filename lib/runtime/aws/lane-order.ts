import type { Crossing } from "../chain.ts";
import type { CollectInput } from "./protocol.ts";
import { exitOf } from "./lane-objects.ts";
import { doneOf } from "./run-objects.ts";
import type { Services } from "./services.ts";

/** Between looks at the lanes before, in milliseconds. */
export const LOOK_MS = 1_000;

/** What a lane has to know of those before it, by the objects that they leave. A stage of one lane has none. */
export class LaneOrder {
  readonly #input: CollectInput;
  readonly #services: Services;
  /** The first lane that is not known to be done. */
  #first = 0;
  #lookedAt = -Infinity;
  #askedAt = -Infinity;

  constructor(input: CollectInput, services: Services) {
    this.#input = input;
    this.#services = services;
  }

  /** Whether all lanes before are done. */
  async isFirst(): Promise<boolean> {
    const { lane = 0 } = this.#input;
    const now = this.#services.clock.now();
    if (this.#first < lane && now - this.#lookedAt < LOOK_MS) return false;
    this.#lookedAt = now;
    while (this.#first < lane) {
      if ((await doneOf(this.#services, { ...this.#input, lane: this.#first })) === undefined) return false;
      this.#first++;
    }
    return true;
  }

  /** What the lane before has proven for this one; undefined where that is not known now. */
  async entry(): Promise<Crossing | undefined> {
    const { lane = 0 } = this.#input;
    const now = this.#services.clock.now();
    if (lane === 0 || now - this.#askedAt < LOOK_MS) return undefined;
    this.#askedAt = now;
    return exitOf(this.#services, { ...this.#input, lane: lane - 1 });
  }
}
