import { expectTypeOf, test } from "vitest";
import type { Bag } from "../../lib/collections/bag/bag.ts";
import type { BagItem, BagResults } from "../../lib/collections/bag/bag-item.ts";
import { fromSequence, readText } from "../../lib/collections/bag/sources.ts";

/** Checked by tsc: what users need not write. Nothing here is run. */
function types(): void {
  const bag = fromSequence([1, 2, 3]);
  const rows = fromSequence([{ city: "Lima", amount: 3 }]);
  expectTypeOf(bag.map((x) => String(x))).toEqualTypeOf<Bag<string>>();
  expectTypeOf(bag.map(async (x) => ({ x }))).toEqualTypeOf<Bag<{ x: number }>>();
  expectTypeOf(bag.map((x, k, text) => x * k + text.length, 2, "a")).toEqualTypeOf<Bag<number>>();
  expectTypeOf(fromSequence(["a", 1]).filter((x) => typeof x === "string")).toEqualTypeOf<Bag<string>>();
  expectTypeOf(bag.flatMap((x) => [x, String(x)])).toEqualTypeOf<Bag<string | number>>();
  expectTypeOf(
    bag.flatMap(async function* (x) {
      yield x > 1;
    }),
  ).toEqualTypeOf<Bag<boolean>>();
  expectTypeOf(rows.pluck("city")).toEqualTypeOf<Bag<string>>();
  expectTypeOf(rows.groupBy("city")).toEqualTypeOf<Bag<[string, { city: string; amount: number }[]]>>();
  expectTypeOf(bag.groupBy((x) => x > 1)).toEqualTypeOf<Bag<[boolean, number[]]>>();
  expectTypeOf(
    readText("a")
      .flatMap((line) => line.split(" "))
      .frequencies()
      .topK(2),
  ).toEqualTypeOf<BagItem<[string, number][]>>();
  const sums = rows.foldBy(
    "city",
    (sum, row) => sum + row.amount,
    0,
    (a, b) => a + b,
  );
  expectTypeOf(sums).toEqualTypeOf<Bag<[string, number]>>();
  expectTypeOf(
    bag.fold(
      (set, x) => set.add(x),
      new Set<number>(),
      (a, b) => new Set([...a, ...b]),
    ),
  ).toEqualTypeOf<BagItem<Set<number>>>();
  expectTypeOf(
    bag.join(
      rows,
      (x) => x,
      (row) => row.amount,
    ),
  ).toEqualTypeOf<Bag<[number, { city: string; amount: number }]>>();
  expectTypeOf(bag.zip(rows.pluck("city"))).toEqualTypeOf<Bag<[number, string]>>();
  expectTypeOf(bag.results()).toEqualTypeOf<BagItem<BagResults<number>>>();
  expectTypeOf(bag.compute()).toEqualTypeOf<Promise<number[]>>();
  expectTypeOf(bag.sum().compute()).toEqualTypeOf<Promise<number>>();
  expectTypeOf(fromSequence([1n]).sum().compute()).toEqualTypeOf<Promise<bigint>>();
  // @ts-expect-error: the extra argument is missing
  void (() => bag.map((x, k: number) => x * k));
  // @ts-expect-error: there is no such property
  void (() => rows.pluck("town"));
}

test("types follow from the functions", () => {
  expectTypeOf(types).toBeFunction();
});
