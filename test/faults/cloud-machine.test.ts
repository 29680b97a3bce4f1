import { expect, test } from "vitest";
import type { Plan, StageOutput } from "../../lib/plan/plan.ts";
import { fromErrorRecord } from "../../lib/errors.ts";
import { loadFold } from "../../lib/kernels/registry.ts";
import { createInlineRuntime } from "../../lib/runtime/inline.ts";
import { outputKey, partialKey } from "../../lib/runtime/aws/keys.ts";
import type { RunOutcome } from "../../lib/runtime/aws/protocol.ts";
import { bytesAt } from "../../lib/runtime/aws/run-objects.ts";
import { stackWith } from "../aws/cloud-run.ts";
import { EVERYTHING } from "../aws/simulated-faults.ts";
import { callOf, failureOf, foldWith, KEEP, planOf } from "../runtime/plans.ts";

/**
 * Plans of every kind of stage through the whole state machine with the functions as they are, all faults at once, from seeds: each gives what the inline runtime
 * gives for the same plan, to the bit, or fails as it does. Frames are in test/aws/faults.test.ts.
 */
const SEEDS = Array.from({ length: 8 }, (_, seed) => seed + 1);
const LINES = Array.from({ length: 120 }, (_, i) => (i % 9 === 4 ? `"${i}\n${"x\n".repeat(i % 40)}"` : `${i}`)).join(
  "\n",
);
const URL = "s3://bucket/lines.txt";
const PART = { run: "run-1", part: 0 };

const fromFile = (text: string, blockSize = 37) =>
  ({ kind: "ranges", sources: [{ url: URL, size: text.length, etag: "" }], blockSize }) as const;
const exchange = (partitions: number): StageOutput => ({ kind: "exchange", partitions });
const sections = { kind: "sections", stage: "send", producers: 9, partitions: 5 } as const;

const PLANS: { readonly [name: string]: (text: string) => Plan } = {
  "a sum of hostile floats": () => planOf({ work: callOf("hostile"), tasks: 45 }),
  "records across lines": (text) => planOf({ work: callOf("lines"), tasks: fromFile(text), output: foldWith("join2") }),
  "enough of them": () => {
    const fold = foldWith("join2", { enough: true });
    return planOf({ work: callOf("named"), tasks: 40, output: fold.kind === "fold" ? { ...fold, enough: 11 } : fold });
  },
  "an exchange": () =>
    planOf(
      { id: "send", work: callOf("scatter", { per: 20, partitions: 5 }), tasks: 9, output: exchange(5) },
      { id: "gather", work: callOf("gatherSections"), tasks: sections, output: foldWith("join2") },
    ),
  "outputs of outputs": () =>
    planOf(
      { id: "make", work: callOf("bytesOf", { length: 300 }), tasks: 12, output: KEEP },
      { id: "raise", work: callOf("increment"), tasks: { kind: "outputs", stage: "make", count: 12 }, output: KEEP },
      { id: "add", work: callOf("sumBytes"), tasks: { kind: "outputs", stage: "raise", count: 12 } },
    ),
};

/** The same plan here and there. */
async function both(plan: Plan, text: string, seed: number) {
  const stack = stackWith({ "lines.txt": text }, { seed, rates: EVERYTHING });
  await stack.request("run-1", { kind: "plan", plan });
  const outcome = await stack.execute("run-1");
  return { stack, outcome, here: createInlineRuntime({ store: stack.services.store }).run(plan) };
}

test.each(Object.keys(PLANS).flatMap((name) => SEEDS.map((seed) => [name, seed] as const)))(
  "%s, seed %i",
  async (name, seed) => {
    const plan = PLANS[name](LINES);
    const { stack, outcome, here } = await both(plan, LINES, seed);
    if (!outcome.ok) throw fromErrorRecord(outcome.error);
    const { output, id } = plan.stages[plan.stages.length - 1];
    if (output.kind !== "fold") throw new Error("these all end in a fold");
    const wanted = await here;
    const fold = await loadFold(output.fold.op, output.fold.params);
    const partial = await bytesAt(stack.services, partialKey({ ...PART, stage: id }));
    expect(partial).toBeDefined();
    expect(Buffer.from(partial ?? []).equals(Buffer.from(fold.encode(wanted.partial)))).toBe(true);
    const counts = ({
      stages,
    }: {
      stages: readonly { stage: string; tasks: number; recordsIn: number; recordsOut: number }[];
    }) => stages.map(({ stage, tasks, recordsIn, recordsOut }) => ({ stage, tasks, recordsIn, recordsOut }));
    expect(counts(outcome)).toEqual(counts(wanted.report));
    const repaired = (outcome as RunOutcome & { ok: true }).stages.map((stage) => Object.keys(stage.repaired).length);
    expect(repaired).toEqual(wanted.report.stages.map((stage) => stage.repaired));
    expect(stack.simulation.happened.size).toBeGreaterThan(3);
  },
);

test.each(SEEDS)("what is kept is kept whole, seed %i", async (seed) => {
  const plan = planOf({ work: callOf("bytesOf", { length: 1_000 }), tasks: 10, output: KEEP });
  const { stack, outcome } = await both(plan, "", seed);
  expect(outcome).toMatchObject({ ok: true, stages: [{ tasks: 10, recordsIn: 10, folded: false }] });
  for (let task = 0; task < 10; task++)
    expect(await bytesAt(stack.services, outputKey({ ...PART, stage: "only" }, task))).toEqual(
      new Uint8Array(1_000).fill(task),
    );
});

test.each(SEEDS)("the row that is bad is named, as here, seed %i", async (seed) => {
  const text = LINES.replace("\n77\n", "\n!\n");
  const plan = planOf({ work: callOf("lines"), tasks: fromFile(text), output: foldWith("join2") });
  const { outcome, here } = await both(plan, text, seed);
  const wanted = await failureOf(here);
  expect(outcome.ok ? undefined : outcome.error).toMatchObject({
    tag: "Csv",
    message: wanted.message,
    fields: { row: expect.any(Number), offset: text.indexOf("\n!\n") + 1 },
  });
});

test.each(SEEDS)("the first task that fails is told, as here, seed %i", async (seed) => {
  const plan = planOf({ work: callOf("lateFault", { task: 11 }), tasks: 30, output: foldWith("join2") });
  const { outcome, here } = await both(plan, "", seed);
  const wanted = await failureOf(here);
  expect(outcome.ok ? undefined : outcome.error).toMatchObject({
    tag: "Task",
    message: wanted.message,
    fields: { task: 11 },
  });
});
