import { hash } from "node:crypto";
import { contentOf, identityOf, type CallableRef } from "../../callables/reference.ts";

/** A function that calls name, with what has been learnt of it. */
export interface KnownFunction {
  readonly id: number;
  readonly ref: CallableRef;
  readonly name: string;
  /** What a call takes, in milliseconds; undefined before the first has ended. */
  ms: number | undefined;
  /** What it does, for the keys of pure calls: made when it is first asked for. */
  content: string | undefined;
}

/** Functions by content, so that a reference travels to a thread once and a call names it by number. */
export class FunctionTable {
  readonly #byContent = new Map<string, KnownFunction>();
  readonly #byRef = new WeakMap<CallableRef, KnownFunction>();

  intern(ref: CallableRef): KnownFunction {
    const known = this.#byRef.get(ref);
    if (known !== undefined) return known;
    const content = identityOf(ref);
    let found = this.#byContent.get(content);
    if (found === undefined) {
      const name = ref.name === "" ? "anonymous" : ref.name;
      found = { id: this.#byContent.size, ref, name, ms: undefined, content: undefined };
      this.#byContent.set(content, found);
    }
    this.#byRef.set(ref, found);
    return found;
  }
}

/** Equal for functions that do the same: a hash of what they are, wherever in their file they stand. */
export function contentKey(fn: KnownFunction): string {
  return (fn.content ??= hash("sha256", contentOf(fn.ref)));
}

/** The first call on a thread pays for loading the function; a much shorter time is the truth, not an outlier. */
export function learn(fn: KnownFunction, ms: number): void {
  const known = fn.ms;
  fn.ms = known === undefined || ms < known / 4 ? ms : (3 * known + ms) / 4;
}
