import fc from "fast-check";
import { expect, test } from "vitest";
import { fromSequence } from "../../lib/collections/bag/sources.ts";
import { readChunks } from "../../lib/kernels/bag/chunks.ts";
import { CountBytes } from "../../lib/kernels/bag/count-bytes.ts";
import { Counts } from "../../lib/kernels/bag/counts.ts";
import { hashOf, Keyed, mapKeyOf } from "../../lib/kernels/bag/keys.ts";
import { addCounts, CountSender } from "../../lib/kernels/bag/send-counts.ts";
import { valueFromJson, valueToJson } from "../../lib/values-json.ts";
import { onBothRuntimes } from "./subjects.ts";

const value = fc.anything({
  withBigInt: true,
  withDate: true,
  withMap: true,
  withSet: true,
  withTypedArray: true,
  maxDepth: 2,
});

/** Any values in any partitions. */
const cut = {
  items: fc.array(fc.integer({ min: -9, max: 9 }), { maxLength: 40 }),
  partitions: fc.integer({ min: 1, max: 9 }),
};

/** What the first runtime gave. */
let bits: string | undefined;

onBothRuntimes(() => {
  test("operations agree with arrays, however the bag is cut", async () => {
    await fc.assert(
      fc.asyncProperty(cut.items, cut.partitions, fc.integer({ min: 1, max: 5 }), async (items, partitions, meet) => {
        const bag = fromSequence(items, { partitions });
        const through = { partitions: meet };
        const sorted = (list: readonly unknown[]) => list.map((item) => JSON.stringify(item)).sort();
        expect(
          await bag
            .map((x, k) => x + k, 2)
            .filter((x) => x > 0)
            .flatMap((x) => [x, -x])
            .compute(),
        ).toEqual(
          items
            .map((x) => x + 2)
            .filter((x) => x > 0)
            .flatMap((x) => [x, -x]),
        );
        expect(sorted(await bag.distinct((x) => Math.abs(x), through).compute())).toEqual(
          sorted(items.filter((x, i) => items.findIndex((y) => Math.abs(y) === Math.abs(x)) === i)),
        );
        const groups = Map.groupBy(items, (x) => x % 3 === 0);
        expect(sorted(await bag.groupBy((x) => x % 3 === 0, through).compute())).toEqual(sorted([...groups]));
        const joined = items.flatMap((x) => items.filter((y) => y === x + 1).map((y) => [x, y]));
        expect(
          sorted(
            await bag
              .join(
                items,
                (x) => x + 1,
                (y) => y,
                through,
              )
              .compute(),
          ),
        ).toEqual(sorted(joined));
        expect(await bag.repartition(meet).compute()).toEqual(items);
        expect(await bag.topK(4).compute()).toEqual([...items].sort((a, b) => b - a).slice(0, 4));
        expect(await bag.take(5).compute()).toEqual(items.slice(0, 5));
      }),
      { numRuns: 12 },
    );
  });

  test("the same bits and the same order, whatever runs them", async () => {
    const items = Array.from({ length: 500 }, (_, i) => Math.sin(i) * 10 ** (i % 20));
    const bag = fromSequence(items, { partitions: 13 });
    const found = await Promise.all([
      bag.sum().compute(),
      bag.mean().compute(),
      bag.std().compute(),
      bag.fold((a, x) => a + x, 0).compute(),
      bag
        .fold(
          (a, x) => a + x,
          0,
          async (a, b) => a + b,
        )
        .compute(),
      bag
        .groupBy((x) => Math.round(x) % 17, { partitions: 4 })
        .map(([key]) => key)
        .compute(),
    ]);
    expect(found[3]).toBe(found[4]);
    bits ??= JSON.stringify(found);
    expect(JSON.stringify(found)).toBe(bits);
  });

  test("generators, async generators and promises in flatMap", async () => {
    const bag = fromSequence([1, 2, 3], { partitions: 2 });
    const wanted = [1, 2, 2, 3, 3, 3];
    const forms = [
      bag.flatMap(function* (n) {
        for (let i = 0; i < n; i++) yield n;
      }),
      bag.flatMap(async function* (n) {
        for (let i = 0; i < n; i++) yield n;
      }),
      bag.flatMap(async (n) => Array.from({ length: n }, () => n)),
      bag.flatMap((n) => new Map(Array.from({ length: n }, (_, i) => [i, n])).values()),
    ];
    for (const form of forms) expect(await form.compute()).toEqual(wanted);
    const endless = bag.flatMap(function* (n) {
      for (;;) yield n;
    });
    expect(await endless.take(3).compute()).toEqual([1, 1, 1]);
  });

  test("nothing at all", async () => {
    const none = fromSequence<number>([]);
    expect(await none.compute()).toEqual([]);
    expect(await none.groupBy((x) => x).compute()).toEqual([]);
    expect([await none.count().compute(), await none.sum().compute()]).toEqual([0, 0]);
    expect([await none.mean().compute(), await none.std().compute()]).toEqual([NaN, NaN]);
    expect([await none.min().compute(), await none.reduce(Math.max).compute()]).toEqual([undefined, undefined]);
    expect(await none.fold((a, x) => a + x, 7).compute()).toBe(7);
    expect([await none.take(3).compute(), await none.topK(3).compute()]).toEqual([[], []]);
    expect(await fromSequence([1, 2]).take(0).compute()).toEqual([]);
  });
});

test("keys are equal where values are", () => {
  fc.assert(
    fc.property(value, value, (a, b) => {
      expect(mapKeyOf(structuredClone(a))).toEqual(mapKeyOf(a));
      expect(hashOf(mapKeyOf(structuredClone(a)))).toBe(hashOf(mapKeyOf(a)));
      const keyed = new Keyed<number>();
      keyed.getOrMake(a, () => 1);
      // Two values that differ as JSON text, and hold nothing that JSON leaves out, are two keys.
      const [left, right] = [valueToJson(a), valueToJson(b)];
      if (
        "json" in left &&
        "json" in right &&
        JSON.stringify(sortedKeys(left.json)) !== JSON.stringify(sortedKeys(right.json))
      )
        expect(keyed.get(b)).toBeUndefined();
      expect(valueFromJson(JSON.parse(JSON.stringify(left)) as typeof left)).toEqual(structuredClone(a));
    }),
  );
  const [keyed, other] = [
    { a: 1, b: [new Date(3)] },
    { b: [new Date(3)], a: 1 },
  ];
  expect(mapKeyOf(keyed)).toBe(mapKeyOf(other));
  expect(mapKeyOf("\0o{}")).not.toBe(mapKeyOf({}));
});

function sortedKeys(json: unknown): unknown {
  if (typeof json !== "object" || json === null) return json;
  if (Array.isArray(json)) return json.map(sortedKeys);
  return Object.entries(json)
    .map(([key, part]) => [key, sortedKeys(part)])
    .sort();
}

test("counts agree with a Map, in its order", () => {
  const text = fc.oneof(
    fc.string({ maxLength: 20 }),
    fc.string({ unit: "binary", maxLength: 20 }),
    fc.constantFrom("\0", "", "ÿ", "a", "aa", "\0a"),
  );
  const item = fc.oneof(text, text, fc.integer(), fc.constantFrom<unknown>(NaN, 0, -0, null, undefined, 3n, true));
  fc.assert(
    fc.property(fc.array(item, { maxLength: 300 }), fc.array(fc.nat(20_000), { maxLength: 3 }), (items, more) => {
      const all = [...items, ...items, ...more.flatMap((n) => Array.from({ length: n }, (_, i) => `w${i % 9_001}`))];
      const counts = new Counts();
      counts.add(all);
      const wanted = new Map<unknown, number>();
      for (const one of all) wanted.set(one, (wanted.get(one) ?? 0) + 1);
      expect(counts.entries()).toEqual([...wanted]);
      expect(countedBeyond(all, 100)).toEqual([...wanted]);
    }),
    { numRuns: 40 },
  );
});

/** Counts through bytes, let go of whenever there are `most`: order of first sight and numbers stay. */
function countedBeyond(items: readonly unknown[], most: number): [unknown, number][] {
  const sender = new CountSender(1, most);
  for (let at = 0; at < items.length; at += 50) sender.push(items.slice(at, at + 50));
  const met = new Counts();
  for (const { list } of readChunks(sender.finish([]).value[0])) addCounts(met, list);
  return met.entries();
}

test("large counts come through bytes as they are", () => {
  const counts = new Counts();
  const wanted: [unknown, number][] = [1, 127, 128, 16_384, 2 ** 31, 2 ** 32 + 1, Number.MAX_SAFE_INTEGER].map((n) => [
    n.toString(36),
    n,
  ]);
  for (const [text, count] of wanted) counts.addCount(text, count);
  const bytes = new CountBytes();
  counts.forEach(
    (entry) => counts.short.write(entry, bytes),
    () => expect.unreachable(),
  );
  const met = new Counts();
  addCounts(met, [bytes.take()]);
  expect(met.entries()).toEqual(wanted);
});
