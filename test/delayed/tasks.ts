/** Functions for the tests of graphs: a module that fromModule loads. */
import { delayed, readCsv, type DataFrame, type Delayed } from "../../lib/index.ts";

export const add = delayed((a: number, b: number) => a + b);
export const pureAdd = delayed((a: number, b: number) => a + b, { pure: true });

export const fib = delayed((n: number): number | Delayed<number> => (n <= 1 ? n : add(fib(n - 1), fib(n - 2))));

export const pureFib = delayed(
  (n: number): number | Delayed<number> => (n <= 1 ? n : pureAdd(pureFib(n - 1), pureFib(n - 2))),
  { pure: true },
);

/** Not exported: it travels by its source. */
const twice = delayed((x: number) => 2 * x);

export function pair(n: number): { readonly both: readonly [number, Delayed<number>]; readonly name: string } {
  return { both: [n, twice(n)], name: "pair" };
}

/** Many levels, each in a task of its own. */
export const countDown = delayed(async (n: number): Promise<number | Delayed<number>> =>
  n === 0 ? 0 : countDown(n - 1),
);

export function closing(n: number): Delayed<number> {
  const outer = n + 1;
  return delayed(() => outer)();
}

export function circle(): Delayed<number[]> {
  const items: Delayed<number[]>[] = [];
  const whole = delayed((given: number[][]) => given.flat())(items);
  items.push(whole);
  return whole;
}

/** A pure call that needs itself. */
export const endless = delayed((n: number): Delayed<number> => pureAdd(endless(n), 1), { pure: true });

export function frame(path: string): DataFrame {
  return readCsv(path);
}
