import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Plan, Source, Stage, TaskRule } from "../../lib/plan/plan.ts";
import { manifest, rangesIn, taskAt, taskCount, tasksOf } from "../../lib/plan/rules.ts";

const stageOf = (tasks: TaskRule): Stage => ({
  id: "read",
  work: { op: "call", params: {} },
  tasks,
  output: { kind: "keep" },
  estimate: { bytesIn: 0, peakBytes: {} },
});
const planOf = (stage: Stage): Plan => ({ abanico: 1, stages: [stage], notes: [] });
const source = (size: number, url = "file:///a.csv"): Source => ({ url, size, etag: "1" });

describe("ranges", () => {
  test("cover every byte of every source once, in order, with no tiny tail", () => {
    const sizes = fc.array(fc.nat(5_000), { maxLength: 12 });
    fc.assert(
      fc.property(sizes, fc.integer({ min: 1, max: 900 }), (sizes, blockSize) => {
        const stage = stageOf({ kind: "ranges", sources: sizes.map((size) => source(size)), blockSize });
        const at = sizes.map(() => 0);
        const ranges = sizes.map(() => 0);
        let index = 0;
        for (const task of tasksOf(stage)) {
          if (task.input.kind !== "range") throw new Error(task.input.kind);
          const { start, end, sourceIndex, rangeIndex } = task.input;
          expect(task.index).toBe(index++);
          expect(start).toBe(at[sourceIndex]);
          expect(rangeIndex).toBe(ranges[sourceIndex]++);
          expect(end - start).toBeLessThanOrEqual(1.5 * blockSize);
          if (rangeIndex > 0) expect(end - start).toBeGreaterThan(0.5 * blockSize);
          at[sourceIndex] = end;
        }
        expect(at).toEqual(sizes);
        expect(ranges.every((n) => n >= 1)).toBe(true);
        expect(index).toBe(taskCount(stage.tasks));
      }),
    );
  });

  test.each([
    [0, 100, 1],
    [1, 100, 1],
    [150, 100, 1],
    [151, 100, 2],
    [250, 100, 2],
    [251, 100, 3],
    [300, 100, 3],
  ])("%i bytes in blocks of %i make %i", (size, block, count) => {
    expect(rangesIn(size, block)).toBe(count);
  });

  test("an index outside of the stage is refused", () => {
    expect(() => taskAt(stageOf({ kind: "count", count: 3 }), 3)).toThrow(/has 3 tasks, and no task 3/);
  });
});

describe("other rules", () => {
  test("items, counts, outputs, sections and refs", () => {
    const ref = { run: "old", stage: "s", task: 7 };
    expect(taskAt(stageOf({ kind: "items", items: ["a", { b: 1 }] }), 1).input).toEqual({
      kind: "item",
      item: { b: 1 },
    });
    expect(taskAt(stageOf({ kind: "count", count: 9 }), 8).input).toEqual({ kind: "index", index: 8, count: 9 });
    expect(taskAt(stageOf({ kind: "outputs", stage: "s", count: 4 }), 3, "r").input).toEqual({
      kind: "refs",
      refs: [{ run: "r", stage: "s", task: 3 }],
    });
    const sections = stageOf({ kind: "sections", stage: "s", producers: 2, partitions: 5 });
    expect(taskCount(sections.tasks)).toBe(5);
    expect(taskAt(sections, 4, "r").input).toEqual({
      kind: "refs",
      refs: [
        { run: "r", stage: "s", task: 0, section: 4 },
        { run: "r", stage: "s", task: 1, section: 4 },
      ],
    });
    expect(taskAt(stageOf({ kind: "refs", refs: [ref] }), 0).input).toEqual({ kind: "refs", refs: [ref] });
  });
});

describe("a million shards in bounded memory", () => {
  const million = 1_000_000;
  const huge: TaskRule = { kind: "ranges", sources: [source(million * 1_000)], blockSize: 1_000 };
  const shared = source(10);
  const small: TaskRule = { kind: "ranges", sources: Array.from({ length: million }, () => shared), blockSize: 1_000 };

  test.each([
    ["one huge source", huge],
    ["a million small sources", small],
  ])("%s", async (_, rule) => {
    const stage = stageOf(rule);
    const before = process.memoryUsage().heapUsed;
    let peak = 0;
    let lines = 0;
    for await (const piece of manifest(planOf(stage), stage)) {
      for (let at = piece.indexOf("\n"); at >= 0; at = piece.indexOf("\n", at + 1)) lines++;
      // Sampled sparsely: looking is slow, and garbage that waits for its collection is not growth beyond the bound.
      if (lines % 65_536 < 512) peak = Math.max(peak, process.memoryUsage().heapUsed);
    }
    expect(lines).toBe(million);
    expect(peak - before).toBeLessThan(64 * 1024 * 1024);
  });
});

test("a manifest's lines are the tasks", async () => {
  const stage = stageOf({ kind: "ranges", sources: [source(1_000), source(0), source(30)], blockSize: 100 });
  let text = "";
  for await (const piece of manifest(planOf(stage), stage)) text += piece;
  const parsed = text
    .trimEnd()
    .split("\n")
    .map((line): unknown => JSON.parse(line));
  expect(parsed).toEqual([...tasksOf(stage)]);
});
