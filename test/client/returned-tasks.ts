import { col, delayed, fromSequence, readCsv, readImages } from "../../lib/index.ts";

const inc = delayed((x: number) => x + 1);
const numbers = (n: number) => fromSequence(Array.from({ length: n }, (_, i) => i + 1));
const total = delayed((items: readonly number[], more: number) => items.reduce((sum, item) => sum + item, more));

export const bag = (n: number) => numbers(n).map((x) => x * 10);
export const sum = (n: number) => bag(n).sum();
export const frame = (path: string) => readCsv(path).filter(col("product").eq("a"));
export const sizes = (path: string) => readImages(path).resize(12).statistics();
export const later = (n: number) => total(bag(n), inc(0));

export function all(n: number, path: string, image: string) {
  const tens = bag(n);
  const count = sum(n);
  return {
    list: [tens, count, total(tens, 1), sizes(image), "plain"],
    frame: frame(path),
    again: { deep: [tens, count] },
  };
}

export const failing = () => ({
  a: fromSequence([1]).map((x) => {
    throw new Error(`no ${x}`);
  }),
});
export const inMap = () => new Map([["a", fromSequence([1])]]);
