import type { Table } from "apache-arrow";
import { expectTypeOf, test } from "vitest";
import type { Delayed } from "../../lib/index.ts";
import { compute, delayed, fromSequence, readCsv, type DataFrame, type Future } from "../../lib/index.ts";

test("types say what comes of a call", () => {
  const add = delayed((a: number, b: number) => a + b);
  expectTypeOf(add(1, 2)).toEqualTypeOf<Delayed<number>>();
  expectTypeOf(add(add(1, 2), 3).compute()).resolves.toEqualTypeOf<number>();
  expectTypeOf(delayed(async (x: string) => x.length)("a")).toEqualTypeOf<Delayed<number>>();
  expectTypeOf(delayed((n: number): number | Delayed<number> => n)(1)).toEqualTypeOf<Delayed<number>>();
  expectTypeOf(delayed((n: number) => [add(n, 1), n] as const)(1)).toEqualTypeOf<Delayed<[number, number]>>();
  expectTypeOf(delayed((n: number) => ({ sum: add(n, 1), n }))(1)).toEqualTypeOf<Delayed<{ sum: number; n: number }>>();
  expectTypeOf(delayed((d: Date) => d)(new Date())).toEqualTypeOf<Delayed<Date>>();
  expectTypeOf(delayed(() => readCsv("a.csv"))()).toEqualTypeOf<Delayed<Table>>();
  expectTypeOf(delayed([1, 2])).toEqualTypeOf<Delayed<number[]>>();
  expectTypeOf(delayed({ a: add(1, 2), b: "x" })).toEqualTypeOf<Delayed<{ a: number; b: string }>>();
});

test("types say what a call takes", () => {
  const add = delayed((a: number, b: number) => a + b);
  const sum = delayed((xs: readonly number[], options?: { readonly from: number }) => xs.length + (options?.from ?? 0));
  const all = delayed((...xs: number[]) => xs.length);
  // Never run: it is about what compiles.
  const take = (future: Future<number>) => {
    sum([1, add(1, 2), future]);
    sum(delayed([1, 2]), { from: add(1, 2) });
    all(1, add(1, 2), future);
    add(future, 1);
    sum(fromSequence([1]), { from: fromSequence([1]).count() });
    delayed((url: URL) => url.href)(new URL("http://a"));
    // @ts-expect-error a bag of texts is no list of numbers
    sum(fromSequence(["a"]));
    // @ts-expect-error a text is no number
    add("a", 1);
    // @ts-expect-error nor is a Delayed of one
    add(delayed("a"), 1);
    // @ts-expect-error nor an item of a list
    sum([1, "a"]);
    // @ts-expect-error an argument is missing
    add(1);
    // @ts-expect-error an option that is not known
    delayed((x: number) => x, { pur: true });
  };
  expectTypeOf(take).toBeFunction();
});

test("types say what several results are", () => {
  const one = delayed(1);
  const text = delayed("a");
  const run = (frame: DataFrame, future: Future<boolean>) =>
    compute(one, [one, text], { text }, frame, future, "plain", null);
  expectTypeOf(run).returns.resolves.toEqualTypeOf<
    [number, (number | string)[], { text: string }, Table, boolean, string, null]
  >();
  expectTypeOf(delayed({ a: 1, b: "x" }).get("b")).toEqualTypeOf<Delayed<string>>();
});
