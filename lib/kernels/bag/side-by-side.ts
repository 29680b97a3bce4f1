/**
 * Async calls that a partition has under way at a time. Enough for fetches and files to overlap, also on one thread; few, since each may
 * hold what it has read, and since a partition is one task of many.
 */
export const AT_ONCE = 8;

/** How a call has ended. */
export type Settled = { readonly value: unknown } | { readonly error: unknown };

/**
 * What an async function gives for each item from `from` on, in the items' order, `AT_ONCE` calls at a time. `begun`: what the call for the
 * first has given. Calls that are left behind end unheard.
 */
export async function* sideBySide(
  items: readonly unknown[],
  from: number,
  begun: unknown,
  call: (item: unknown) => unknown,
): AsyncGenerator<Settled, void, undefined> {
  const open = [settled(() => begun)];
  let next = from + 1;
  for (let first = open.shift(); first !== undefined; first = open.shift()) {
    while (next < items.length && open.length < AT_ONCE - 1) {
      const item = items[next++];
      open.push(settled(() => call(item)));
    }
    yield await first;
  }
}

/** Begins at once, and never rejects. */
async function settled(make: () => unknown): Promise<Settled> {
  try {
    return { value: await make() };
  } catch (error) {
    return { error };
  }
}
