import { expect, test } from "vitest";
import { Bag } from "../../lib/collections/bag/bag.ts";
import { BagItem } from "../../lib/collections/bag/bag-item.ts";
import { fromGlob, fromSequence, readJsonLines, readText } from "../../lib/collections/bag/sources.ts";
import { fromJSON } from "../../lib/collections/from-json.ts";
import { validatePlan } from "../../lib/plan/validate.ts";
import { lowerBag } from "../../lib/plan/lower/bag.ts";
import { defaultStore } from "../../lib/store/default-store.ts";
import { failureOf } from "../runtime/plans.ts";
import { onBothRuntimes } from "./subjects.ts";

const bag = fromSequence([3, 1, 2, 3, NaN], { partitions: 2 });
const pairs = fromSequence<[string, number]>([["a", 1]]);

test("every description comes back from JSON", () => {
  const all = [
    bag
      .map(Math.sqrt)
      .filter(Number.isInteger)
      .onError("collect")
      .pluck("a" as never, 0 as never),
    bag.distinct().groupBy(Math.floor, { partitions: 3 }),
    bag.foldBy(Math.round, Math.max as (a: number, b: number) => number, 0),
    bag.frequencies().join(pairs, 0).repartition(4),
    bag.zip(bag.flatMap(Array.of as (x: number) => number[])),
    fromGlob("*.png"),
    readText(["a.txt"], { blockSize: "1MB", encodingErrors: "replace" }),
    readJsonLines("b.jsonl", { onError: "skip" }),
    ...[
      bag.count(),
      bag.sum(),
      bag.mean(),
      bag.std({ ddof: 1 }),
      bag.min(),
      bag.max("length" as never),
      bag.topK(2),
      bag.take(3),
    ],
    ...[
      bag.fold(Math.max as (a: number, b: number) => number, 0),
      bag.reduce(Math.min as (a: number, b: number) => number),
    ],
    ...[bag.results(), bag.writeText("out/x-*.txt")],
  ];
  for (const collection of all) {
    const text = JSON.stringify(collection);
    const again = fromJSON(JSON.parse(text));
    expect(again).toBeInstanceOf(collection instanceof Bag ? Bag : BagItem);
    expect(JSON.stringify(again)).toBe(text);
    expect(String(again)).toBe(String(collection));
  }
});

test("what is not well formed is refused by its path", () => {
  const wrong = (json: unknown) => expect(() => fromJSON(json));
  const node = bag.toJSON().bag;
  wrong({ abanico: 2, bag: node }).toThrow(
    expect.objectContaining({ fields: expect.objectContaining({ path: "abanico" }) }),
  );
  for (const [path, found] of [
    ["bag.kind", { kind: "sequnce" }],
    ["bag.input.parts[0]", { kind: "frequencies", input: { kind: "sequence", parts: [[1]], items: 1 } }],
    ["bag.step.do", { kind: "step", input: node, step: { do: "mop" } }],
    [
      "bag.step.fn.kind",
      { kind: "step", input: node, step: { do: "map", fn: { kind: "x" }, args: [], onError: "fail" } },
    ],
    ["bag.by", { kind: "groupBy", input: node }],
    ["bag.partitions", { kind: "repartition", input: node, partitions: 0 }],
    ["bag.options.blocksize", { kind: "text", paths: ["a"], options: { blocksize: 3 } }],
    ["bag.kind", { kind: "kept", refs: [] }],
  ] as const)
    wrong({ abanico: 1, bag: found }).toThrow(
      expect.objectContaining({ tag: "Plan", fields: expect.objectContaining({ path }) }),
    );
  wrong({ abanico: 1, bagItem: { kind: "topK", input: node, count: -1, by: null } }).toThrow("bagItem.count");
});

test("inline functions do not travel as JSON", () => {
  const inline = bag.map((x) => x + 1).sum();
  expect(() => inline.toJSON()).toThrow("bagItem.input.step.fn is an inline function");
});

test("plans with parameters that mean nothing are refused before they run", async () => {
  const plan = await lowerBag(bag.map(Math.abs).frequencies().node, { to: "collect" }, { store: defaultStore() });
  const text = JSON.stringify(plan);
  validatePlan(JSON.parse(text));
  for (const [from, to, path] of [
    ['"do":"map"', '"do":"mpa"', "stages[0].work.params.steps[0].do"],
    ['"do":"frequencies"}}', '"do":"often"}}', "stages[0].work.params.sink.send.do"],
    ['"from":"values"', '"from":"value"', "stages[0].work.params.source.from"],
    ['"do":"collect"', '"do":"gather"', "stages[1].output.fold.params.do"],
  ]) {
    expect(text).toContain(from);
    expect(() => validatePlan(JSON.parse(text.replace(from, to)))).toThrow(
      expect.objectContaining({ fields: expect.objectContaining({ path }) }),
    );
  }
});

onBothRuntimes(() => {
  test("kept bags and values start from where they are, and do not travel", async () => {
    const kept = await bag.map((x) => x * 2).persist();
    expect(await kept.compute()).toEqual([6, 2, 4, 6, NaN]);
    expect(
      await kept
        .filter((x) => x > 3)
        .count()
        .compute(),
    ).toBe(3);
    expect(() => kept.map(Math.abs).toJSON()).toThrow("before persist()");
    const items: number[] = [];
    for await (const item of kept.filter((x) => x < 6)) items.push(item);
    expect(items).toEqual([2, 4]);
    const count = await bag.count().persist();
    expect(await count.compute()).toBe(5);
    const { executor } = await import("../../lib/collections/executor.ts");
    const client = await executor();
    if (!("release" in client) || typeof client.release !== "function") throw new Error("a client has release");
    await client.release(kept);
    expect(await failureOf(kept.compute())).toMatchObject({ tag: "NotFound" });
  });

  test("explain says what is read, done, sent and folded", async () => {
    const text = await bag
      .map((x) => x + 1)
      .frequencies()
      .topK(2)
      .explain();
    expect(text).toMatch(/stage +frequencies-1: 2 shards/);
    expect(text).toMatch(/map +\(x\) => x \+ 1/);
    expect(text).toContain("send      counts of equal items");
    expect(text).toContain("fold      the 2 greatest by 1");
    expect(text).toContain("note        frequencies exchanges through 1 partition");
  });
});
