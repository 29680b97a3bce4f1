import { loadCallable } from "../../callables/load.ts";
import { formatKey } from "../../collections/bag/format.ts";
import type { KeyNode } from "../../collections/bag/nodes.ts";
import { isThenable, type MaybePromise } from "./flow.ts";
import { userError, type Place } from "./user-errors.ts";

/** Gives items with their keys to `use`, in order: synchronously as long as the keys are no promises. */
export type WithKeys = (items: readonly unknown[], use: (key: unknown, item: unknown) => void) => MaybePromise<void>;

/** How to find items' keys; null: each is its own. */
export async function withKeys(by: KeyNode | null, step: string, place: Place): Promise<WithKeys> {
  if (by === null)
    return (items, use) => {
      for (const item of items) use(item, item);
    };
  const keyOf = await keyFunction(by);
  const name = `${step}(${formatKey(by)})`;
  let before = 0;
  const failed = (error: unknown, item: unknown, index: number) =>
    userError(error, { step: name, item, index, place, ...(by.by === "fn" ? { ref: by.fn } : {}) });

  const waiting = async (
    items: readonly unknown[],
    from: number,
    use: (key: unknown, item: unknown) => void,
    first: number,
  ): Promise<void> => {
    for (let i = from; i < items.length; i++) {
      let key: unknown;
      try {
        key = await keyOf(items[i]);
      } catch (error) {
        throw failed(error, items[i], first + i);
      }
      use(key, items[i]);
    }
  };

  return (items, use) => {
    const first = before;
    before += items.length;
    for (let i = 0; i < items.length; i++) {
      let key: unknown;
      try {
        key = keyOf(items[i]);
      } catch (error) {
        throw failed(error, items[i], first + i);
      }
      if (isThenable(key)) return waiting(items, i, use, first);
      use(key, items[i]);
    }
    return undefined;
  };
}

async function keyFunction(by: KeyNode): Promise<(item: unknown) => unknown> {
  if (by.by === "name") {
    const { name } = by;
    return (item) => {
      if (item === null || item === undefined) throw new TypeError(`${String(item)} has no property "${name}"`);
      return Reflect.get(Object(item), name) as unknown;
    };
  }
  const fn = await loadCallable(by.fn);
  return (item) => fn(item);
}
