/** Files that are looked at side by side when a plan is made. */
const AT_ONCE = 16;

/** Does something for each value, some at a time; the answers are in the values' order, and the first value that fails is the one that is told. */
export async function forEachOf<T, R>(values: readonly T[], use: (value: T) => Promise<R>): Promise<R[]> {
  const out: R[] = [];
  for (let i = 0; i < values.length; i += AT_ONCE) {
    const settled = await Promise.allSettled(values.slice(i, i + AT_ONCE).map(use));
    for (const result of settled) {
      if (result.status === "rejected") throw result.reason;
      out.push(result.value);
    }
  }
  return out;
}
