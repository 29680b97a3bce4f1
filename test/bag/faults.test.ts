import { readdirSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { fromSequence } from "../../lib/collections/bag/sources.ts";
import { failureOf } from "../runtime/plans.ts";
import { folderFor, onBothRuntimes } from "./subjects.ts";

const folder = folderFor("bag-faults");

onBothRuntimes((runtime) => {
  const bag = fromSequence([0, 1, 2, 3, 4, 5, 6, 7], { partitions: 3 });
  const fragile = (x: number) => {
    if (x % 3 === 2) throw new RangeError(`no ${x}`);
    return x * 10;
  };

  test("a function that fails names the item, its place, its line; the first failure is told", async () => {
    const async = bag.map(async (x: number) => {
      if (x === 4) throw new RangeError(`no ${x}`);
      return x;
    });
    for (const [failing, item, index, partition] of [
      [bag.map(fragile), "2", 0, "partition 1"],
      [async, "4", 2, "partition 1"],
    ] as const) {
      const error = await failureOf(failing.compute());
      expect(error).toMatchObject({ tag: "Task", fields: { item, index, partition } });
      expect(error.message).toMatch(/^map\(.* failed on item \d of partition 1: RangeError: no \d/);
      // Vitest maps the lines of stacks in this thread, so that they are not those of what runs.
      if (runtime === "local")
        expect(error).toMatchObject({ fields: { line: expect.stringContaining("throw new RangeError") } });
      expect(error.cause).toMatchObject({ name: "RangeError", message: `no ${item}` });
      expect((error.cause as Error).stack).toContain("faults.test.ts");
    }
  });

  test("of several failures the one of the first partition is told, though a later one comes sooner", async () => {
    const late = (x: number) => {
      const until = x === 2 ? performance.now() + 50 : 0;
      while (performance.now() < until);
      if (x % 3 === 2) throw new RangeError(`no ${x}`);
      return x;
    };
    const error = await failureOf(bag.map(late).compute());
    expect(error).toMatchObject({ tag: "Task", fields: { item: "2", partition: "partition 1" } });
  });

  test("failures of every operation name it", async () => {
    const boom = (): never => {
      throw new TypeError("boom");
    };
    const cases = [
      ["filter", bag.filter(boom)],
      ["flatMap", bag.flatMap(boom)],
      ["key", bag.groupBy(boom)],
      ["distinct", bag.distinct(boom)],
      ["by", bag.topK(2, boom)],
      ["fold", bag.fold(boom, 0)],
      ["foldBy", bag.foldBy((x) => x, boom, 0)],
      ["reduce", bag.reduce(boom)],
      ["fold", bag.fold<number>((a, x) => a + x, 0, boom)],
    ] as const;
    for (const [name, failing] of cases) {
      const error = await failureOf((failing as typeof bag).compute());
      expect(error, name).toMatchObject({ tag: "Task", cause: { message: "boom" } });
      expect(error.message).toContain(`${name}(`);
    }
  });

  test("skip leaves failed items out, collect tells of them", async () => {
    const wanted = [0, 10, 30, 40, 60, 70];
    expect(await bag.onError("skip").map(fragile).compute()).toEqual(wanted);
    const collecting = bag.onError("collect").map(fragile);
    expect(await collecting.compute()).toEqual(wanted);
    expect(await collecting.sum().compute()).toBe(210);
    const { values, failed } = await collecting.results().compute();
    expect(values).toEqual(wanted);
    expect(failed.map(({ item, index, partition }) => ({ item, index, partition }))).toEqual([
      { item: 2, index: 0, partition: "partition 1" },
      { item: 5, index: 0, partition: "partition 2" },
    ]);
    for (const { error } of failed) expect(error).toBeInstanceOf(RangeError);
    const asynchronous = bag.onError("collect").map(async (x) => (x === 2 ? Promise.reject(new Error("late")) : x));
    expect((await asynchronous.results().compute()).failed).toMatchObject([{ item: 2, error: { message: "late" } }]);
  });

  test("failed items come through exchanges, persisting and further steps, once each", async () => {
    const collecting = bag.onError("collect").map(fragile);
    for (const [name, through] of [
      ["groupBy", collecting.groupBy((x) => x % 4, { partitions: 3 })],
      ["repartition", collecting.repartition(2).filter((x) => x > 0)],
      ["persist", await collecting.persist()],
      ["frequencies", collecting.frequencies({ partitions: 2 })],
      ["join", collecting.join(collecting, (x) => x, undefined, { partitions: 2 })],
    ] as const) {
      const { failed } = await (through as typeof collecting).results().compute();
      const items = failed.map(({ item }) => item).sort();
      expect(items, name).toEqual(name === "join" ? [2, 2, 5, 5] : [2, 5]);
    }
  });

  test("steps that are given what they cannot use", async () => {
    const strings = fromSequence([{ a: 1 }, { a: 2, b: 3 }, null] as ({ a: number; b?: number } | null)[]);
    expect((await failureOf(strings.pluck("a" as never).compute())).message).toContain(
      'expects items with "a", found null',
    );
    expect(
      await strings
        .onError("skip")
        .pluck("b" as never, 0 as never)
        .compute(),
    ).toEqual([0, 3, 0]);
    const text = await failureOf(bag.flatMap((x) => String(x)).compute());
    expect(text.cause).toMatchObject({ tag: "TypeMismatch" });
    expect(text.message).toContain("put it into an array");
    expect(await failureOf(bag.map((x) => () => x).compute())).toMatchObject({ tag: "Unreadable" });
    const mixed: (string | number)[] = [1, "2", 3];
    expect((await failureOf(fromSequence(mixed).sum().compute())).message).toContain(
      "sum() expects numbers, found '2'",
    );
    expect((await failureOf(fromSequence(mixed).max().compute())).message).toContain("have no order");
    expect((await failureOf(bag.zip(bag.filter((x) => x !== 1)).compute())).message).toContain(
      "partition 0 has 2 in one, and 1",
    );
    expect(await failureOf(bag.zip(fromSequence([1], { partitions: 1 })).compute())).toMatchObject({ tag: "Option" });
    expect((await failureOf(bag.zip(bag.filter((x) => x !== 1)).compute())).message).toContain("repartition(1)");
    expect(await failureOf(bag.writeText(join(folder(), "bad")).compute())).toMatchObject({ tag: "TypeMismatch" });
  });

  test("writes a file a partition", async () => {
    const out = join(folder(), `out-${Math.random()}`);
    const lines = bag.map((x) => `line é ${x}`);
    const paths = await lines.writeText(join(out, "x-*.txt")).compute();
    expect(paths).toEqual(["x-0.txt", "x-1.txt", "x-2.txt"].map((name) => join(out, name)));
    expect(readdirSync(out).sort()).toEqual(["x-0.txt", "x-1.txt", "x-2.txt"]);
    const { readText } = await import("../../lib/collections/bag/sources.ts");
    expect(await readText(join(out, "*.txt")).compute()).toEqual(await lines.compute());
  });
});

test("what cannot travel is refused where it is described", () => {
  const outer = 3;
  const bag = fromSequence([1, 2]);
  expect(() => bag.map((x) => x * outer)).toThrow(expect.objectContaining({ tag: "Callable" }));
  expect(() =>
    bag.map(
      (_x, f) => f(),
      () => 1,
    ),
  ).toThrow(expect.objectContaining({ tag: "Option" }));
  expect(() => bag.map(3 as never)).toThrow("map(…) expects a function, found 3");
  expect(() => bag.groupBy({} as never)).toThrow("groupBy(…) expects a function of an item or the name of a property");
  expect(() => bag.take(-1)).toThrow("take(…)");
  expect(() => bag.onError("never" as never)).toThrow('"fail", "skip" or "collect"');
  expect(() => fromSequence([1], { partitions: 2, partitionSize: 3 })).toThrow("found both");
  expect(() => fromSequence("abc")).toThrow("fromSequence(…) expects an array");
});
