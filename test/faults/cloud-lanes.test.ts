import { afterEach, describe, expect, test, vi } from "vitest";
import type { Plan } from "../../lib/plan/plan.ts";
import { fromErrorRecord } from "../../lib/errors.ts";
import { loadFold } from "../../lib/kernels/registry.ts";
import type { CollectLimits } from "../../lib/runtime/aws/collect-limits.ts";
import { LaneOrder } from "../../lib/runtime/aws/lane-order.ts";
import { partialKey } from "../../lib/runtime/aws/keys.ts";
import { bytesAt } from "../../lib/runtime/aws/run-objects.ts";
import { StageState } from "../../lib/runtime/aws/stage-state.ts";
import { ChainGate } from "../../lib/runtime/chain.ts";
import { createInlineRuntime } from "../../lib/runtime/inline.ts";
import { stackWith } from "../aws/cloud-run.ts";
import { EVERYTHING } from "../aws/simulated-faults.ts";
import { check, runScenario, type Ran } from "../aws/simulated-run.ts";
import { scenarioOf, type Kind, type Scenario } from "../aws/simulated-scenario.ts";
import { callOf, foldWith, planOf } from "../runtime/plans.ts";

/**
 * Stages that are folded in several lanes, with all faults at once, each schedule from its seed: the bits of the fixed tree, the counts, the repairs and the failures
 * are those of one lane. What is expected is said by the scenario, which knows of no lanes.
 */
const SCHEDULES = 240;
const A_TEST = 40;
const LANES = [1, 2, 8];
/** A Collect that waits for another looks every second: to die as often at each step it would die all the time, and the state machine calls it six times more, not for ever. */
const RATES = { ...EVERYTHING, collectDies: EVERYTHING.collectDies === undefined ? 0 : EVERYTHING.collectDies / 5 };

const limitsOf = (seed: number): Partial<CollectLimits> => ({
  repairs: seed % 3,
  checkpointMs: 2_000,
  memoryBytes: seed % 2 === 0 ? 2 ** 30 : 200,
  quietMs: 5_000,
});

async function schedule(seed: number, lanes: number, kind?: Kind): Promise<Ran> {
  const ran = await runScenario(scenarioOf(seed, kind), { rates: RATES, limits: limitsOf(seed), lanes });
  check(scenarioOf(seed, kind), ran);
  return ran;
}

describe.each(LANES)("in %i lanes, with all faults", (lanes) => {
  const schedules = lanes === 1 ? 80 : SCHEDULES;
  test.each(Array.from({ length: schedules / A_TEST }, (_, i) => 5_000 + i * A_TEST))("from seed %i", async (first) => {
    for (let seed = first; seed < first + A_TEST; seed++) await schedule(seed, lanes);
  });
});

test("there are as many lanes as were asked for, and the last one folds them", async () => {
  const seed = Array.from({ length: 100 }, (_, i) => i).find((i) => {
    const { count, size } = scenarioOf(i, "join");
    return count > 16 && count <= 32 && size <= 2;
  });
  const scenario = scenarioOf(seed ?? 0, "join");
  const ran = await runScenario(scenario, { lanes: 8 });
  check(scenario, ran);
  const each = scenario.count > 16 ? 4 : 2;
  const lanes = Math.ceil(scenario.count / each);
  const names: string[] = [];
  for await (const { url } of ran.simulation.outside().store.list("s3://bucket/runs/run/0/only/lane-"))
    names.push(url.slice("s3://bucket/runs/run/0/only/".length));
  for (let lane = 0; lane < lanes; lane++)
    expect(names).toEqual(expect.arrayContaining([`lane-${lane}/done.json`, `lane-${lane}/partial`]));
  expect(names.some((name) => name.startsWith(`lane-${lanes}/`))).toBe(false);
  expect(lanes).toBeGreaterThan(4);
});

describe("a lane that dies", () => {
  test.each(["join", "ranges", "keep", "sum"] as const)("at any write: %s", async (kind) => {
    for (const name of ["lane-1/checkpoint-", "lane-1/partial", "lane-1/done.json", "lane-1/exit.json", "only/partial"])
      for (const when of ["before", "after"] as const)
        for (let seed = 60; seed < 66; seed++) {
          let deaths = 0;
          const scenario = scenarioOf(seed, kind);
          const ran = await runScenario(scenario, {
            lanes: 4,
            limits: { checkpointMs: 300 },
            script: ({ function: fn, operation, key = "", when: at }) =>
              fn === "collect" && operation === "put" && key.includes(name) && at === when && deaths++ === 0
                ? "die"
                : undefined,
          });
          check(scenario, ran);
        }
  });
});

describe("failures", () => {
  afterEach(() => void vi.restoreAllMocks());

  test.each(["failing", "failing-ranges"] as const)(
    "%s: the earliest task's is told, whichever lane is first",
    async (kind) => {
      for (let seed = 200; seed < 280; seed++) await schedule(seed, 8, kind);
    },
  );

  /** Of 64 tasks two fail: one of the last at once, and one of the first, where it does, after two minutes. */
  async function two(lanes: number, early: number | undefined): Promise<Ran> {
    const scenario = scenarioOf(4_000, "join");
    const count = 64;
    const give: Scenario["give"] = (task) => (task === early || task === 50 ? { task, row: -1 } : scenario.give(task));
    const stage = { ...scenario.plan.stages[0], tasks: { kind: "count", count } } as const;
    const changed: Scenario = {
      ...scenario,
      count,
      size: 2,
      lanes: 8,
      give,
      plan: { ...scenario.plan, stages: [stage] },
    };
    return runScenario(changed, {
      lanes,
      change: (functions) => ({
        ...functions,
        work: async (input, services) => {
          if (input.batch.first < 4) await services.clock.sleep(120_000);
          return functions.work(input, services);
        },
      }),
    });
  }

  test.each(LANES)("in %i lanes: an earlier one's that comes later is told", async (lanes) => {
    const { error, execution } = await two(lanes, 3);
    expect(execution.status).toBe("FAILED");
    expect(error).toMatchObject({ tag: "Task", fields: { task: 3 } });
  });

  test.each(LANES)("in %i lanes: a later one's once all before it are done", async (lanes) => {
    const { error, simulatedMs } = await two(lanes, undefined);
    expect(error).toMatchObject({ tag: "Task", fields: { task: 50 } });
    expect(simulatedMs).toBeGreaterThan(120_000);
  });

  test("the check would notice one that is told too early", async () => {
    vi.spyOn(LaneOrder.prototype, "isFirst").mockResolvedValue(true);
    const { error, simulatedMs } = await two(8, 3);
    expect(error).toMatchObject({ tag: "Task", fields: { task: 50 } });
    expect(simulatedMs).toBeLessThan(120_000);
  });
});

describe("the checks would notice", () => {
  const found = async (kind: Kind): Promise<number> => {
    let wrong = 0;
    for (let seed = 300; seed < 320; seed++) await schedule(seed, 8, kind).catch(() => wrong++);
    return wrong;
  };

  test("that nothing is wrong, where nothing is", async () => {
    expect(await found("ranges")).toBe(0);
  });

  test("a lane that takes its first guess for proven", async () => {
    vi.spyOn(ChainGate.prototype, "enter").mockReturnValue({ released: [], repairs: [] });
    vi.spyOn(StageState.prototype, "awaitsEntry", "get").mockReturnValue(false);
    const { offer } = ChainGate.prototype;
    vi.spyOn(ChainGate.prototype, "offer").mockImplementation(function (this: ChainGate, task, span, records, given) {
      const verdict = offer.call(this, task, span, records, given);
      return this.awaitsEntry && span.doubt === undefined ? { released: [task], repairs: [] } : verdict;
    });
    expect(await found("ranges")).toBeGreaterThan(5);
  });

  afterEach(() => void vi.restoreAllMocks());
});

describe("through the functions as they are", () => {
  test("the queues of all lanes are deleted when the run is over", async () => {
    const stack = stackWith();
    const plan = planOf({ work: callOf("hostile"), tasks: 45 });
    await stack.request("run-1", { kind: "plan", plan }, { lanes: 8 });
    expect(await stack.execute("run-1")).toMatchObject({ ok: true });
    const sent = stack.simulation.logs.find(({ message }) => message === "A round begins.");
    expect(sent?.fields).toMatchObject({ lanes: 6 });
    expect(stack.simulation.queues).toEqual([]);
  });

  const text = Array.from({ length: 160 }, (_, i) => (i % 9 === 4 ? `"${i}\n${"x\n".repeat(i % 40)}"` : `${i}`)).join(
    "\n",
  );
  const sources = ["a.txt", "b.txt"].map((name) => ({ url: `s3://bucket/${name}`, size: text.length, etag: "" }));
  const PLANS: { readonly [name: string]: Plan } = {
    "a sum of hostile floats": planOf({ work: callOf("hostile"), tasks: 45 }),
    "records across lines, files and lanes": planOf({
      work: callOf("lines"),
      tasks: { kind: "ranges", sources, blockSize: 37 },
      output: foldWith("join2"),
    }),
  };

  test.each(
    Object.keys(PLANS).flatMap((name) =>
      [1, 2, 8].flatMap((lanes) => [1, 2, 3].map((seed) => [name, lanes, seed] as const)),
    ),
  )("%s, in %i lanes, seed %i", async (name, lanes, seed) => {
    const plan = PLANS[name];
    const stack = stackWith({ "a.txt": text, "b.txt": text }, { seed, rates: RATES });
    await stack.request("run-1", { kind: "plan", plan }, { lanes });
    const outcome = await stack.execute("run-1");
    if (!outcome.ok) throw fromErrorRecord(outcome.error);
    const wanted = await createInlineRuntime({ store: stack.services.store }).run(plan);
    const { output, id } = plan.stages[0];
    if (output.kind !== "fold") throw new Error("these all fold");
    const fold = await loadFold(output.fold.op, output.fold.params);
    const partial = await bytesAt(stack.services, partialKey({ run: "run-1", part: 0, stage: id }));
    expect(Buffer.from(partial ?? []).equals(Buffer.from(fold.encode(wanted.partial)))).toBe(true);
    const { tasks, recordsIn, recordsOut, repaired } = wanted.report.stages[0];
    const [done] = outcome.stages;
    expect({ ...done, repaired: Object.keys(done.repaired).length }).toMatchObject({
      tasks,
      recordsIn,
      recordsOut,
      repaired,
    });
  });
});
