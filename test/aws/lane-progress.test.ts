import { expect, test } from "vitest";
import { lanesOf } from "../../lib/runtime/aws/lanes.ts";
import { together } from "../../lib/runtime/aws/lane-progress.ts";
import { batching } from "../../lib/runtime/aws/manifest.ts";
import type { StageProgress } from "../../lib/runtime/aws/protocol.ts";
import { progressKey } from "../../lib/runtime/aws/keys.ts";
import { bytesAt } from "../../lib/runtime/aws/run-objects.ts";
import { callOf, foldWith, planOf } from "../runtime/plans.ts";
import { stackWith } from "./cloud-run.ts";

const piece = (task: number, text = `of ${task}`) => ({ task, stream: "stdout", text }) as const;
const lane = (done: number, printed: StageProgress["printed"] = [], printedBefore = 0): StageProgress => ({
  stage: "s",
  tasks: 10,
  done,
  attempts: done + 1,
  recordsIn: 100 * done,
  bytesOut: 8 * done,
  busyMs: done,
  at: 1,
  printed,
  printedBefore,
});

test("what lanes tell is added up, and what they print is told once, in the order in which it was told", () => {
  const first = together("s", undefined, [lane(3, [piece(0), piece(1)]), undefined, lane(2, [piece(25)])], 7);
  expect(first).toMatchObject({ tasks: 20, done: 5, attempts: 7, recordsIn: 500, bytesOut: 40, busyMs: 5, at: 7 });
  expect(first.printed?.map(({ task }) => task)).toEqual([0, 1, 25]);
  // Of the first lane one piece has gone since; the second tells for the first time.
  const lanes = [lane(4, [piece(1), piece(2)], 1), lane(1, [piece(11)]), lane(2, [piece(25)])];
  const second = together("s", first, lanes, 8);
  expect(second.printed?.map(({ task }) => task)).toEqual([0, 1, 25, 2, 11]);
  expect(second).toMatchObject({ printedBefore: 0, printedOf: [3, 1, 1] });
  expect(together("s", second, lanes, 9).printed).toEqual(second.printed);
});

test("what was printed long ago goes, and is counted", () => {
  const long = "x".repeat(40_000);
  const first = together("s", undefined, [lane(1, [piece(0, long)])], 1);
  const second = together("s", first, [lane(2, [piece(0, long), piece(1, long)])], 2);
  expect(second.printed?.map(({ task }) => task)).toEqual([1]);
  expect(second.printedBefore).toBe(1);
});

test("who looks at a stage in lanes sees all of them", async () => {
  const plan = planOf({ work: callOf("one"), tasks: 64, output: foldWith("join2") });
  expect(lanesOf(plan.stages[0], batching(plan.stages[0]), 4)).toEqual({ count: 4, tasks: 16 });
  const stack = stackWith();
  let last: StageProgress | undefined;
  const { store } = stack.services;
  await stack.request("run-1", { kind: "plan", plan }, { lanes: 4 });
  // It is deleted when the run is over.
  const key = progressKey({ run: "run-1", part: 0, stage: "only" });
  const { delete: remove } = stack.simulation.objects;
  stack.simulation.objects.delete = async (url) => {
    if (url.endsWith(key)) last = JSON.parse(new TextDecoder().decode(await bytesAt({ store, bucket: "bucket" }, key))) as StageProgress; // prettier-ignore
    return remove(url);
  };
  expect(await stack.execute("run-1")).toMatchObject({ ok: true, stages: [{ tasks: 64 }] });
  expect(last).toMatchObject({ tasks: 64, done: 64 });
});
