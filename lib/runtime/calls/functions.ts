import type { CallableRef } from "../../callables/reference.ts";

/** A function that calls name, with what has been learnt of it. */
export interface KnownFunction {
  readonly id: number;
  readonly ref: CallableRef;
  readonly name: string;
  /** What a call takes, in milliseconds; undefined before the first has ended. */
  ms: number | undefined;
}

/** Functions by content, so that a reference travels to a thread once and a call names it by number. */
export class FunctionTable {
  readonly #byContent = new Map<string, KnownFunction>();
  readonly #byRef = new WeakMap<CallableRef, KnownFunction>();
  readonly #byId: KnownFunction[] = [];

  intern(ref: CallableRef): KnownFunction {
    const known = this.#byRef.get(ref);
    if (known !== undefined) return known;
    const content = contentOf(ref);
    let found = this.#byContent.get(content);
    if (found === undefined) {
      found = { id: this.#byId.length, ref, name: ref.name === "" ? "anonymous" : ref.name, ms: undefined };
      this.#byContent.set(content, found);
      this.#byId.push(found);
    }
    this.#byRef.set(ref, found);
    return found;
  }

  get(id: number): KnownFunction {
    return this.#byId[id];
  }
}

/** Equal for functions that do the same: by their source, or by module and export. */
export function contentOf(ref: CallableRef): string {
  switch (ref.kind) {
    case "inline":
      return `i:${ref.source}`;
    case "module":
      return `m:${ref.hash}:${ref.name}`;
    case "builtin":
      return `b:${ref.name}`;
  }
}

/** The first call on a thread pays for loading the function; a much shorter time is the truth, not an outlier. */
export function learn(fn: KnownFunction, ms: number): void {
  const known = fn.ms;
  fn.ms = known === undefined || ms < known / 4 ? ms : (3 * known + ms) / 4;
}
