import { isPlain } from "../../callables/holes.ts";
import { ArraysTogether, isArray } from "../array/together.ts";
import type { Collection } from "../collection.ts";
import { isCollection } from "./collections.ts";
import { isDelayed, type Delayed } from "./delayed.ts";
import { Together } from "./together.ts";
import type { Settled } from "./types.ts";

/**
 * Computes several collections at once, and gives their results in order:
 *
 *     const [total, best] = await compute(sum(parts), max(parts));
 *
 * Delayed values are one graph: what they share is computed once. Reductions of arrays in the same chunks go through them together. Other collections run side by side. Arrays and plain objects are
 * looked through; anything else comes back as it is. The first that fails cancels the others.
 */
export async function compute<T extends readonly unknown[]>(
  ...items: T
): Promise<{ -readonly [K in keyof T]: Settled<T[K]> }> {
  const lazy = findLazy(items);
  const results = new Map<object, unknown>();
  const abort = new AbortController();
  const put = async (key: object, result: PromiseLike<unknown>): Promise<void> => void results.set(key, await result);
  const arrays = [...lazy.others].filter(isArray);
  const apart = arrays.length > 1 ? [...lazy.others].filter((one) => !isArray(one)) : [...lazy.others];
  const runs = apart.map((one) => put(one, isCollection(one) ? one.compute({ signal: abort.signal }) : one));
  if (arrays.length > 1) {
    const values = new ArraysTogether(arrays).compute({ signal: abort.signal });
    runs.push(values.then((all) => arrays.forEach((array, i) => results.set(array, all[i]))));
  }
  if (lazy.delayed.size > 0) {
    const together = new Together([...lazy.delayed]);
    const values = together.compute({ signal: abort.signal });
    runs.push(values.then((all) => together.roots.forEach((root, i) => results.set(root, all[i]))));
  }
  try {
    await Promise.all(runs);
  } catch (error) {
    abort.abort(error);
    throw error;
  }
  // The types say of each item what it comes to.
  return replaced(items, results) as { -readonly [K in keyof T]: Settled<T[K]> };
}

interface Lazy {
  readonly delayed: Set<Delayed<unknown>>;
  readonly others: Set<Collection<unknown> | PromiseLike<unknown>>;
}

function findLazy(items: readonly unknown[]): Lazy {
  const found: Lazy = { delayed: new Set(), others: new Set() };
  const open: unknown[] = [items];
  const seen = new Set<object>();
  for (let value = open.pop(); value !== undefined || open.length > 0; value = open.pop()) {
    if (typeof value !== "object" || value === null || seen.has(value)) continue;
    seen.add(value);
    if (isDelayed(value)) found.delayed.add(value);
    else if (isCollection(value) || isThenable(value)) found.others.add(value);
    else if (isPlain(value)) for (const inner of Object.values(value)) open.push(inner);
  }
  return found;
}

function isThenable(value: object): value is PromiseLike<unknown> {
  return "then" in value && typeof value.then === "function";
}

/** The value with results in the place of what was to come; containers that hold none stay what they are. */
function replaced(root: unknown, results: ReadonlyMap<object, unknown>, known = new Map<object, object>()): unknown {
  if (typeof root !== "object" || root === null) return root;
  if (results.has(root)) return results.get(root);
  if (!isPlain(root)) return root;
  const before = known.get(root);
  if (before !== undefined) return before;
  const copy: object = Array.isArray(root) ? [] : {};
  known.set(root, copy);
  for (const [key, value] of Object.entries(root))
    Object.defineProperty(copy, key, {
      value: replaced(value, results, known),
      enumerable: true,
      writable: true,
      configurable: true,
    });
  return copy;
}
