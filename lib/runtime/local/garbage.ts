import { getHeapStatistics, setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";

/**
 * Collects buffers that nobody uses any more, once they may come to more than `mostBytes`. V8 lets those outside of its heap grow by 64 MB a thread
 * before it looks: as much again as a small memory limit. A look at the young ones takes about a millisecond, and finds what the last task left.
 */
export class Garbage {
  readonly #mostBytes: number;
  /** Outside of the heap, after the last look, in bytes. */
  #kept: number;
  #collect: ((options: { readonly type: "minor" | "major" }) => void) | undefined;

  constructor(mostBytes: number) {
    this.#mostBytes = mostBytes;
    this.#kept = externalBytes();
  }

  /** Between two tasks: what is left then is what is kept. */
  look(): void {
    const found = externalBytes();
    // V8 may have looked by itself.
    if (found < this.#kept) this.#kept = found;
    if (found - this.#kept <= this.#mostBytes) return;
    this.#collect ??= exposed();
    this.#collect({ type: "minor" });
    const left = externalBytes();
    // Tasks that take long leave some that are not young any more.
    if (left - this.#kept > this.#mostBytes) {
      this.#collect({ type: "major" });
      this.#kept = externalBytes();
    }
  }
}

function externalBytes(): number {
  return getHeapStatistics().external_memory;
}

/** V8's own collector, which programs see with a flag only. */
function exposed(): (options: { readonly type: "minor" | "major" }) => void {
  setFlagsFromString("--expose-gc");
  const collect: unknown = runInNewContext("globalThis.gc");
  setFlagsFromString("--no-expose-gc");
  return typeof collect === "function" ? (collect as ReturnType<typeof exposed>) : () => undefined; // as V8 documents it
}
