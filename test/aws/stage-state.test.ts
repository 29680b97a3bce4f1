import { expect, test } from "vitest";
import { planOf as readPlan, type Bucket } from "../../lib/runtime/aws/run-objects.ts";
import { planKey } from "../../lib/runtime/aws/keys.ts";
import { StageState } from "../../lib/runtime/aws/stage-state.ts";
import { memoryStore } from "../../lib/store/memory.ts";
import { emptyCounts, withCounting } from "../../lib/store/with-counting.ts";
import { callOf, foldWith, planOf } from "../runtime/plans.ts";

test("a failure is void once a copy of its task has come, though its start is still to be proven", async () => {
  const sources = [{ url: "s3://bucket/a", size: 30, etag: "1" }];
  const tasks = { kind: "ranges", sources, blockSize: 10 } as const;
  const [stage] = planOf({ work: callOf("one"), tasks, output: foldWith("join2") }).stages;
  const state = new StageState(stage, undefined, 0);
  const output = (index: number, from: number, next: number) => ({
    facts: { index, recordsIn: 1, recordsOut: 1, bytesOut: 1, ms: 1, span: { from, next } },
  });
  const error = { tag: "WorkerDied", name: "WorkerDiedError", message: "gone" };
  state.failures.add({ task: 1, attempt: 1, error });
  await state.pass(output(1, 12, 20), undefined);
  // Its guess was wrong: it is to be run again from byte 11.
  await state.pass(output(0, 0, 11), undefined);
  expect(state.repairs.from(1)).toBe(11);
  expect(state.failure).toBeUndefined();
  expect(state.end).toBe(state.count);
});

test("of plans that are read, large ones do not stay in memory beside each other", async () => {
  const counts = emptyCounts();
  const memory = memoryStore();
  const bucket: Bucket = { store: withCounting(memory, counts), bucket: "b" };
  const url = (run: string) => `s3://b/${planKey(run, 0)}`;
  const notes = (bytes: number) => new TextEncoder().encode(JSON.stringify({ abanico: 1, stages: [], notes: ["x".repeat(bytes)] })); // prettier-ignore
  for (const run of ["a", "b", "c"]) await bucket.store.put(url(run), notes(10));
  for (const run of ["x", "y"]) await bucket.store.put(url(run), notes(20 * 2 ** 20));
  const readsOf = async (...runs: string[]) => {
    const before = counts.get.calls;
    for (const run of runs) await readPlan(bucket, run, 0);
    return counts.get.calls - before;
  };
  expect(await readsOf("a", "b", "c", "a", "b", "c")).toBe(3);
  expect(await readsOf("x", "x")).toBe(1);
  expect(await readsOf("y", "y")).toBe(1);
  // It had to go for y.
  expect(await readsOf("x")).toBe(1);
});
