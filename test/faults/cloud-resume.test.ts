import { expect, test } from "vitest";
import { loadFold } from "../../lib/kernels/registry.ts";
import type { Plan, StageOutput } from "../../lib/plan/plan.ts";
import { taskCount } from "../../lib/plan/rules.ts";
import { attemptOf } from "../../lib/runtime/aws/attempts.ts";
import { newestHead } from "../../lib/runtime/aws/checkpoint.ts";
import { collect } from "../../lib/runtime/aws/collect.ts";
import { partialKey } from "../../lib/runtime/aws/keys.ts";
import { bytesAt, doneOf } from "../../lib/runtime/aws/run-objects.ts";
import { writtenLanes } from "../../lib/runtime/aws/lane-objects.ts";
import { oneLane, windowOf } from "../../lib/runtime/aws/lanes.ts";
import type { Services } from "../../lib/runtime/aws/services.ts";
import { work } from "../../lib/runtime/aws/work.ts";
import { createInlineRuntime } from "../../lib/runtime/inline.ts";
import { stackWith } from "../aws/cloud-run.ts";
import { EVERYTHING, type FaultRates, type Moment } from "../aws/simulated-faults.ts";
import { callOf, foldWith, KEEP, planOf } from "../runtime/plans.ts";

/**
 * Runs that die at a moment, with nobody to say so, and are resumed: whichever moment of all that a run has, the next attempt gives the bits and the counts of this
 * machine, and runs no task again that was durable. Moments are what functions do outside of themselves, as in test/aws/simulated-faults.ts.
 */
const RUN = "run-1";
/** Of each plan, evenly spread over its run. */
const MOMENTS = Number(process.env["RUNS"] ?? 16);
const LINES = Array.from({ length: 120 }, (_, i) => (i % 9 === 4 ? `"${i}\n${"x\n".repeat(i % 40)}"` : `${i}`)).join(
  "\n",
);
const sections = { kind: "sections", stage: "send", producers: 9, partitions: 5 } as const;
const exchange: StageOutput = { kind: "exchange", partitions: 5 };
const lines = {
  kind: "ranges",
  sources: [{ url: "s3://bucket/lines.txt", size: LINES.length, etag: "" }],
  blockSize: 37,
} as const;

const PLANS: { readonly [name: string]: () => Plan } = {
  "a sum of hostile floats": () => planOf({ work: callOf("hostile"), tasks: 45 }),
  "records across lines": () => planOf({ work: callOf("lines"), tasks: lines, output: foldWith("join2") }),
  "enough of them": () => {
    const fold = foldWith("join2", { enough: true });
    return planOf({ work: callOf("named"), tasks: 40, output: fold.kind === "fold" ? { ...fold, enough: 11 } : fold });
  },
  "an exchange": () =>
    planOf(
      { id: "send", work: callOf("scatter", { per: 20, partitions: 5 }), tasks: 9, output: exchange },
      { id: "gather", work: callOf("gatherSections"), tasks: sections, output: foldWith("join2") },
    ),
  "outputs of outputs": () =>
    planOf(
      { id: "make", work: callOf("bytesOf", { length: 300 }), tasks: 12, output: KEEP },
      { id: "raise", work: callOf("increment"), tasks: { kind: "outputs", stage: "make", count: 12 }, output: KEEP },
      { id: "add", work: callOf("sumBytes"), tasks: { kind: "outputs", stage: "raise", count: 12 } },
    ),
};

/** Dead: what runs, and what is called for the first attempt. Stopped: nothing is called for it any more, but what runs goes on beside the next attempt. */
type How = "dead" | "stopped";

const isOfNext = ({ body = "" }: Moment): boolean => /"round":1\d{3}\b|"attempt":2\b/.test(body);

/** A run that ends at its k-th moment; never, where k is Infinity. */
async function attemptUntil(
  plan: Plan,
  k: number,
  how: How,
  { lanes, ...options }: { readonly seed?: number; readonly rates?: FaultRates; readonly lanes?: number } = {},
) {
  let moments = 0;
  let isMended = false;
  const ran: { readonly attempt: number; readonly stage: string; readonly task: number; readonly from?: number }[] = [];
  const script = (moment: Moment) => {
    if (!isMended && moment.when === "before") moments++;
    if (moments < k || isOfNext(moment)) return undefined;
    if (moment.operation === "invoke") return moment.when === "before" ? "die" : undefined;
    return how === "dead" && !isMended ? "die" : undefined;
  };
  const stack = stackWith(
    { "lines.txt": LINES },
    { ...options, script },
    {
      work: (input, services) => {
        const { first, count, from } = input.batch;
        if (input.lost === undefined)
          for (let task = first; task < first + count; task++)
            ran.push({ attempt: attemptOf(input), stage: input.stage, task, ...(from === undefined ? {} : { from }) });
        return work(input, services);
      },
      collect: (input, services) =>
        // Copies of what does not come would be counted as tasks that are run again.
        collect(input, services, {
          checkpointMs: 500,
          ...(how === "dead" && options.rates === undefined ? { quietMs: 3_600_000 } : {}),
        }),
    },
  );
  await stack.request(RUN, { kind: "plan", plan }, lanes === undefined ? {} : { lanes });
  const ended = await stack.execute(RUN).then(
    () => true,
    () => false,
  );
  isMended = true;
  return { stack, ran, moments: () => moments, ended };
}

/** Tasks that the next attempt need not run: of stages that are over, and those that a checkpoint has. */
async function durable(plan: Plan, services: Services): Promise<Set<string>> {
  const had = new Set<string>();
  for (const { id: stage, tasks } of plan.stages) {
    const whole = { run: RUN, part: 0, stage };
    const add = (task: number) => had.add(`${stage} ${task}`);
    if ((await doneOf(services, whole)) !== undefined) for (let i = 0; i < taskCount(tasks); i++) add(i);
    const lanes = (await writtenLanes(services, whole)) ?? oneLane(taskCount(tasks));
    for (let lane = 0; lane < lanes.count; lane++) {
      const place = lanes.count === 1 ? whole : { ...whole, lane };
      const { start, end } = windowOf(taskCount(tasks), lanes, lane);
      if ((await doneOf(services, place)) !== undefined) for (let i = start; i < end; i++) add(i);
      const head = await newestHead(services, place);
      for (const [from, to] of head?.stage.done ?? []) for (let i = from; i < to; i++) add(i);
      for (const { facts } of [...(head?.stage.gated ?? []), ...(head?.stage.inOrder ?? [])]) add(facts.index);
    }
  }
  return had;
}

async function compare(plan: Plan, outcome: object, services: Services): Promise<void> {
  const { output, id } = plan.stages[plan.stages.length - 1];
  if (output.kind !== "fold") throw new Error("these all end in a fold");
  const wanted = await createInlineRuntime({ store: services.store }).run(plan);
  const fold = await loadFold(output.fold.op, output.fold.params);
  const partial = await bytesAt(services, partialKey({ run: RUN, part: 0, stage: id }));
  expect(Buffer.from(partial ?? []).equals(Buffer.from(fold.encode(wanted.partial)))).toBe(true);
  const counts = wanted.report.stages.map(({ stage, tasks, recordsIn, recordsOut }) => ({
    stage,
    tasks,
    recordsIn,
    recordsOut,
  }));
  expect(outcome).toMatchObject({ ok: true, stages: counts });
}

const IN_LANES = ["a sum of hostile floats", "records across lines", "an exchange"];
const ONE = Object.keys(PLANS).map((name) => [name, 1] as const);
const SEVERAL = IN_LANES.map((name) => [name, 4] as const);

test.each([...ONE, ...SEVERAL])("%s, lanes %i: dead at any moment, and resumed", async (name, lanes) => {
  const plan = PLANS[name]();
  const whole = await attemptUntil(plan, Infinity, "dead", { lanes });
  expect(whole.ended).toBe(true);
  const step = Math.max(1, Math.floor(whole.moments() / MOMENTS));
  let [kept, resumed] = [0, 0];
  for (let k = 1; k < whole.moments(); k += step) {
    const { stack, ran, ended } = await attemptUntil(plan, k, "dead", { lanes });
    const { services } = stack;
    // What comes behind the outcome is no matter.
    if (ended) continue;
    const had = await durable(plan, services);
    const outcome = await stack.execute(RUN, 2);
    await compare(plan, outcome, services);
    const again = ran.filter(({ attempt, from }) => attempt === 2 && from === undefined);
    const twice = again.filter(({ stage, task }) => had.has(`${stage} ${task}`));
    expect(twice, `at moment ${k}`).toEqual([]);
    // Each of those that were missing once, and no more.
    expect(new Set(again.map(({ stage, task }) => `${stage} ${task}`)).size).toBe(again.length);
    kept += had.size;
    resumed++;
  }
  expect(resumed).toBeGreaterThan(MOMENTS / 2);
  expect(kept).toBeGreaterThan(0);
});

test.each([...ONE, ...SEVERAL])(
  "%s, lanes %i: stopped at any moment, and resumed while its functions go on",
  async (name, lanes) => {
    const plan = PLANS[name]();
    const whole = await attemptUntil(plan, Infinity, "stopped", { lanes });
    const step = Math.max(1, Math.floor((2 * whole.moments()) / MOMENTS));
    let resumed = 0;
    for (let k = 1; k < whole.moments(); k += step) {
      const { stack, ended } = await attemptUntil(plan, k, "stopped", { lanes });
      if (ended) continue;
      await compare(plan, await stack.execute(RUN, 2), stack.services);
      resumed++;
    }
    expect(resumed).toBeGreaterThan(MOMENTS / 4);
  },
);

test.each([1, 2, 3, 4])("with all faults at once, dead and resumed, seed %i", async (seed) => {
  for (const name of Object.keys(PLANS)) {
    const plan = PLANS[name]();
    const { stack, ended } = await attemptUntil(plan, 60 * seed, "dead", { seed, rates: EVERYTHING });
    if (ended) continue;
    const outcome = await stack.execute(RUN, 2);
    await compare(plan, outcome, stack.services);
  }
});
