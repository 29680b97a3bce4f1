import { expect, test } from "vitest";
import type { Plan, Stage } from "../../lib/plan/plan.ts";
import { taskCount } from "../../lib/plan/rules.ts";
import { validatePlan } from "../../lib/plan/validate.ts";
import { attemptName, isRunName } from "../../lib/runtime/aws/attempts.ts";
import { laneQueue, lanesOf, queueOf, windowOf } from "../../lib/runtime/aws/lanes.ts";
import { batching, firstManifest, taskSeconds, workerOf } from "../../lib/runtime/aws/manifest.ts";
import type { Batch } from "../../lib/runtime/aws/protocol.ts";
import { callOf, foldWith, stageOf } from "../runtime/plans.ts";

const scan = (count: number, bytes: number, more: Partial<Stage> = {}): Stage => ({
  ...stageOf({ work: { op: "frame.scan", params: {} }, tasks: count }),
  estimate: { bytesIn: bytes, peakBytes: { all: 20e6 } },
  ...more,
});

async function batchesOf(stage: Stage, size: number): Promise<Batch[]> {
  let text = "";
  for await (const piece of firstManifest(stage, size)) text += new TextDecoder().decode(piece);
  expect(text === "" || text.endsWith("\n")).toBe(true);
  return text
    .split("\n")
    .slice(0, -1)
    .map((line) => JSON.parse(line) as Batch);
}

test("batches are aligned powers of two that cover every task once", async () => {
  for (const count of [1, 2, 1_000, 1_001, 20_000, 100_003]) {
    const stage = scan(count, count * 1e6);
    const { size, batches } = batching(stage);
    expect(Math.log2(size) % 1).toBe(0);
    const lines = await batchesOf(stage, size);
    expect(lines).toHaveLength(batches);
    let next = 0;
    for (const { first, count: tasks } of lines) {
      expect([first, first % size]).toEqual([next, 0]);
      expect(tasks).toBe(Math.min(size, count - first));
      next = first + tasks;
    }
    expect(next).toBe(count);
  }
});

test("few tasks are spread wide, many are put together until a batch is worth its start, none is planned for over a minute", () => {
  expect(batching(scan(800, 800e6))).toMatchObject({ size: 1, batches: 800, children: "EXPRESS" });
  const many = batching(scan(1_000_000, 1e12));
  expect(many.batches).toBeLessThanOrEqual(10_000);
  const heavy = batching(scan(200_000, 200_000 * 512e6));
  expect(heavy.seconds).toBeLessThanOrEqual(60);
  expect(heavy.batches).toBeGreaterThan(10_000);
  expect(batching(scan(10, 10 * 4e9)).children).toBe("STANDARD");
});

test("users' functions may take any time, unless they have a limit; tasks that may not be needed stand alone", () => {
  const call = (more: object = {}) => stageOf({ work: callOf("hostile"), tasks: 8, ...more });
  expect(batching(call()).children).toBe("STANDARD");
  expect(batching(call({ timeoutMs: 5_000 })).children).toBe("EXPRESS");
  expect(batching(call({ timeoutMs: 90_000 })).children).toBe("STANDARD");
  const named = scan(8, 1e6, { work: { op: "frame.map", params: { fn: { kind: "builtin", name: "Math.sqrt" } } } });
  expect(batching(named).children).toBe("STANDARD");
  const head = { output: { ...foldWith("sum"), enough: 10 } as Stage["output"] };
  expect(batching(scan(5_000, 5e9, head)).size).toBe(1);
  expect(batching(scan(100_000, 1e11, head)).batches).toBeLessThanOrEqual(10_000);
});

test("a lane's queue is that of no other run, and of no attempt", () => {
  const names = new Set<string>();
  const attempts = [1, 2, 12].map((attempt) => attemptName({ run: "nightly", attempt }));
  for (const attempt of attempts)
    for (let lane = 0; lane < 16; lane++) {
      const name = laneQueue(attempt, lane);
      expect(lane > 0 && isRunName(name)).toBe(false);
      expect(name.length).toBeLessThanOrEqual("nightly".length + 7); // so much room cdk/abanico.ts leaves
      names.add(name);
    }
  expect(names.size).toBe(attempts.length * 16);
  // By its URL as by its name.
  expect(laneQueue("https://sqs/1/Abanico-run-nightly--2", 3)).toBe(
    `https://sqs/1/Abanico-run-${laneQueue("nightly--2", 3)}`,
  );
});

test("lanes are aligned runs of whole batches that cover every task once; common stages have one", () => {
  for (const count of [1, 2, 7, 64, 100, 4_097])
    for (const size of [1, 4, 64])
      for (const asked of [1, 2, 8, 16]) {
        const lanes = lanesOf(scan(count, 1e6), { size, batches: Math.ceil(count / size), seconds: 1, children: "EXPRESS" }, asked); // prettier-ignore
        expect(lanes.count).toBeLessThanOrEqual(asked);
        expect([Math.log2(lanes.tasks) % 1, lanes.tasks % size]).toEqual([0, 0]);
        let next = 0;
        for (let lane = 0; lane < lanes.count; lane++) {
          const { start, end } = windowOf(count, lanes, lane);
          expect(start).toBe(next);
          expect(end).toBeGreaterThan(start);
          for (const task of [start, end - 1]) expect(queueOf({ queue: "q", lanes }, task)).toBe(laneQueue("q", lane));
          next = end;
        }
        expect(next).toBe(count);
      }
  const lanesFor = (stage: Stage) => lanesOf(stage, batching(stage)).count;
  const ranges = (count: number): Partial<Stage> => ({
    tasks: { kind: "ranges", sources: [{ url: "s3://b/x", size: count * 2 ** 24, etag: "1" }], blockSize: 2 ** 24 },
  });
  expect(lanesFor(scan(1, 1e9, ranges(1_000)))).toBe(1);
  expect(lanesFor(scan(1_000_000, 1e12))).toBe(1); // they are merged before they travel
  expect(lanesFor(scan(1, 1e12, ranges(60_000)))).toBe(4);
  const giving = (output: number) => ({ estimate: { bytesIn: 1e10, peakBytes: { output } } });
  expect(lanesFor(scan(2_000, 1e10, giving(2 ** 20)))).toBe(1);
  expect(lanesFor(scan(2_000, 1e10, giving(2 ** 25)))).toBe(2);
  expect(lanesFor(scan(1, 1e12, { ...ranges(60_000), output: { ...foldWith("sum"), enough: 9 } as Stage["output"] }))).toBe(1); // prettier-ignore
  expect(lanesFor(scan(1, 1e12, { ...ranges(60_000), output: { kind: "keep" } }))).toBe(1);
  expect(() => lanesOf(scan(9, 1), batching(scan(9, 1)), 3)).toThrow("lanes must be a power of two up to 16");
});

test("images go to the function that has sharp", () => {
  expect(workerOf(stageOf({ work: { op: "images.run", params: {} }, tasks: 1 }))).toBe("work-image");
  expect(workerOf(scan(1, 1))).toBe("work");
  const reading = (format: string) => ({ nodes: [{ op: "read", file: { format, url: "s3://bucket/x" } }] });
  const workerFor = (format: string) =>
    workerOf(stageOf({ work: { op: "array.run", params: reading(format) }, tasks: 1 }));
  expect(workerFor("hdf5")).toBe("work-image");
  expect(workerFor("npy")).toBe("work");
  expect(taskSeconds(scan(2, 120e6))).toBeGreaterThan(taskSeconds(scan(2, 60e6)));
});

test("a million shards are planned within seconds, in little memory", async () => {
  const blockSize = 2 ** 20;
  const sources = Array.from({ length: 1_000 }, (_, i) => ({
    url: `s3://data/${i}.csv`,
    size: 1_000 * blockSize,
    etag: "e",
  }));
  const stage = scan(0, 1e12, { tasks: { kind: "ranges", sources, blockSize }, work: callOf("hostile") });
  const plan: Plan = { abanico: 1, stages: [stage], notes: [] };
  const { heapUsed } = process.memoryUsage();
  const began = performance.now();
  validatePlan(plan);
  expect(taskCount(stage.tasks)).toBe(1_000_000);
  let lines = 0;
  for await (const piece of firstManifest(stage, 1)) for (const byte of piece) if (byte === 10) lines++;
  expect(lines).toBe(1_000_000);
  expect(performance.now() - began).toBeLessThan(10_000);
  // Loosely: what is collected is not counted.
  expect(process.memoryUsage().heapUsed - heapUsed).toBeLessThan(200e6);
});
