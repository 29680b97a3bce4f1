import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { fromSequence, readJsonLines, readText } from "../../lib/collections/bag/sources.ts";
import { onBothRuntimes } from "./subjects.ts";

/** What Dask's bag answers: test/fixtures/bag/make.py. */
const fixture = (name: string) => fileURLToPath(new URL(`../fixtures/bag/${name}`, import.meta.url));
const answers = JSON.parse(readFileSync(fixture("answers.json"), "utf8")) as {
  readonly numbers: number[];
  readonly floats: number[];
  readonly [name: string]: unknown;
};
const numeric = (a: unknown, b: unknown) => Number([a].flat()[0]) - Number([b].flat()[0]);
const byText = (a: unknown, b: unknown) => (String([a].flat()[0]) < String([b].flat()[0]) ? -1 : 1);
interface Person {
  readonly name: string;
  readonly age: number | null;
}

onBothRuntimes(() => {
  const bag = fromSequence(answers.numbers, { partitions: 7 });
  const floats = fromSequence(answers.floats, { partitions: 9 });
  // A few partitions where the default would have one.
  const several = { partitions: 3 };

  test("operations item by item", async () => {
    expect(await bag.map((x) => x * x).compute()).toEqual(answers["squares"]);
    expect(await bag.filter((x) => x % 2 === 0).compute()).toEqual(answers["even"]);
    const repeated = bag.flatMap((x) => Array.from({ length: Math.abs(x) % 3 }, () => x));
    expect(await repeated.compute()).toEqual(answers["repeated"]);
    expect(await bag.repartition(3).compute()).toEqual(answers["repartitioned"]);
    expect(await bag.take(12).compute()).toEqual(answers["take"]);
    const pairs = await bag.zip(bag.map((x) => -x)).compute();
    expect(pairs.map(([x, y]) => [x, y === 0 ? 0 : y])).toEqual(answers["zip"]);
  });

  test("what brings equal keys together", async () => {
    const modulo = (x: number) => ((x % 5) + 5) % 5; // as Python's %
    expect((await bag.distinct(undefined, several).compute()).sort(numeric)).toEqual(answers["distinct"]);
    // Dask has the items of a group in the order in which its shuffle brings them.
    const groups = await bag.groupBy(modulo, several).compute();
    expect(groups.map(([key, items]) => [key, items.sort(numeric)]).sort(numeric)).toEqual(answers["groups"]);
    const sums = bag.foldBy(
      modulo,
      (sum, x) => sum + x,
      0,
      (a, b) => a + b,
      several,
    );
    expect((await sums.compute()).sort(numeric)).toEqual(answers["sums by key"]);
    expect((await bag.frequencies(several).compute()).sort(numeric)).toEqual(answers["frequencies"]);
    const join = bag.join(
      [0, 7, 14, 21, 28, 35, 42, 49],
      (x) => Math.abs(x),
      (y) => y,
      several,
    );
    const ordered = (await join.compute()).sort(([a, b], [c, d]) => a - c || b - d);
    expect(ordered).toEqual(answers["join"]);
  });

  test("what makes one value of all", async () => {
    const fold = bag.fold(
      (sum, x) => sum + x * x,
      0,
      (a, b) => a + b,
    );
    expect(await fold.compute()).toBe(answers["fold"]);
    expect(await bag.reduce((a, b) => Math.max(a, b)).compute()).toBe(answers["greatest"]);
    expect(await bag.topK(5).compute()).toEqual(answers["top"]);
    for (const what of ["count", "sum", "min", "max"] as const) expect(await bag[what]().compute()).toBe(answers[what]);
    expect(await floats.mean().compute()).toBeCloseTo(Number(answers["mean"]), 8);
    expect(await floats.std().compute()).toBeCloseTo(Number(answers["std"]), 6);
    expect(await floats.std({ ddof: 1 }).compute()).toBeCloseTo(Number(answers["std 1"]), 6);
  });

  test("text and JSON lines", async () => {
    for (const blockSize of [3, 100, "1MB"]) {
      const lines = readText(fixture("words.txt"), { blockSize });
      expect(await lines.compute()).toEqual(answers["lines"]);
      expect(await readText(fixture("crlf.txt"), { blockSize }).compute()).toEqual(answers["crlf"]);
      const words = lines.flatMap((line) => line.split(/\s+/).filter((word) => word !== "")).frequencies();
      expect((await words.compute()).sort(byText)).toEqual([...(answers["words"] as unknown[])].sort(byText));
      const top = words.topK(3, ([word, count]) => [count, word]);
      expect(await top.compute()).toEqual(answers["top words"]);
      const people = readJsonLines<Person>(fixture("people.jsonl"), { blockSize });
      expect(await people.pluck("name").compute()).toEqual(answers["names"]);
    }
  });
});
