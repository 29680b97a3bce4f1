import type { Ref } from "../plan/plan.ts";
import type { Located } from "./executor.ts";
import { readSpillFile } from "./spill-file.ts";
import { weigh } from "./weight.ts";

/** What a thread asks of the one that holds the outputs. */
export interface Asks {
  locate(refs: readonly Ref[]): Promise<readonly (Located | undefined)[]> | readonly (Located | undefined)[];
  fetch(ref: Ref): Promise<Uint8Array>;
}

/** What one task reads. Where it is, is asked once for all of it; what is on disk this thread reads itself, when it is wanted. */
export class TaskInputs {
  readonly #refs: readonly Ref[];
  readonly #given: readonly Uint8Array[] | undefined;
  readonly #asks: Asks;
  #located: ReturnType<Asks["locate"]> | undefined;
  #next = 0;

  /** `given`: what came with the order, of all refs or not at all. */
  constructor(refs: readonly Ref[], given: readonly Uint8Array[] | undefined, asks: Asks) {
    this.#refs = refs;
    this.#given = given;
    this.#asks = asks;
  }

  async fetch(ref: Ref): Promise<Uint8Array> {
    const at = this.#placeOf(ref);
    if (at < 0) return this.#asks.fetch(ref);
    if (this.#given !== undefined) return this.#given[at];
    this.#located ??= this.#asks.locate(this.#refs);
    const found = (await this.#located)[at];
    if (found === undefined) return this.#asks.fetch(ref);
    if (found instanceof Uint8Array) return weigh(found);
    try {
      return readSpillFile(found, ref.section);
    } catch {
      // Who holds it knows what has become of it, and says so.
      return this.#asks.fetch(ref);
    }
  }

  /** Refs are mostly asked for in their order. */
  #placeOf(ref: Ref): number {
    const refs = this.#refs;
    const at =
      this.#next < refs.length && sameRef(refs[this.#next], ref)
        ? this.#next
        : refs.findIndex((own) => sameRef(own, ref));
    if (at >= 0) this.#next = at + 1;
    return at;
  }
}

function sameRef(a: Ref, b: Ref): boolean {
  return a === b || (a.task === b.task && a.stage === b.stage && a.run === b.run && a.section === b.section);
}
