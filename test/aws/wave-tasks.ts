/** Functions for the tests of graphs that a stack runs: a module that fromModule loads. */
import { delayed, readCsv, type DataFrame, type Delayed } from "../../lib/index.ts";

export const load = delayed((month: number) => [month, Math.sin(month), Math.exp(-month)]);
export const total = delayed((lists: readonly (readonly number[])[]) => lists.flat().reduce((a, b) => a + b, 0));
export const add = delayed((a: number, b: number) => a + b, { pure: true });
export const random = delayed(() => Math.random());
export const large = delayed((n: number, by: number) => Float64Array.from({ length: n }, (_, i) => Math.sin(i * by)));
export const item = delayed((xs: Float64Array, at: number) => xs[at]);

/** Gives more calls. */
export const fib = delayed((n: number): number | Delayed<number> => (n <= 1 ? n : add(fib(n - 1), fib(n - 2))), {
  pure: true,
});

/** Gives as many calls as it is told to, and what puts them together. */
export const spread = delayed((n: number): Delayed<number> => total(Array.from({ length: n }, (_, i) => load(i))));

export const frame = delayed((url: string): DataFrame => readCsv(url));
export const rows = delayed((tables: readonly { readonly numRows: number }[]) => tables.map(({ numRows }) => numRows));

export const fails = delayed((x: number): number => {
  process.stdout.write(`looking at ${x}\n`);
  if (x > 4) throw new RangeError(`no ${x}`, { cause: new Error("deep") });
  return x;
});

export const slow = delayed((ms: number) => new Promise((resolve) => setTimeout(() => resolve(ms), ms)), {
  timeout: 60,
});

/** Fails until its file has so many letters. */
export const flaky = delayed(
  async (path: string, times: number) => {
    const { appendFileSync, readFileSync } = await import("node:fs");
    appendFileSync(path, "x");
    const { length } = readFileSync(path, "utf8");
    if (length <= times) throw new Error(`attempt ${length}`);
    return length;
  },
  { retries: 2 },
);
