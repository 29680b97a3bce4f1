import { afterEach, describe, expect, test, vi } from "vitest";
import { CloudFold } from "../../lib/runtime/aws/cloud-fold.ts";
import { CollectedStage } from "../../lib/runtime/aws/collected-stage.ts";
import type { CollectLimits } from "../../lib/runtime/aws/collect-limits.ts";
import { StageState } from "../../lib/runtime/aws/stage-state.ts";
import { StageTally } from "../../lib/runtime/aws/stage-tally.ts";
import { EVERYTHING, type Moment } from "../aws/simulated-faults.ts";
import { check, runScenario } from "../aws/simulated-run.ts";
import { scenarioOf } from "../aws/simulated-scenario.ts";

/**
 * A thousand schedules through Collect and the fold, each from its seed, with all faults at once: nothing may be lost, nothing count twice, each result has the
 * bits of the fixed tree, and what fails says which task or row it was. To look at one: `scenarioOf(seed)` and `runScenario`.
 */
const SCHEDULES = 1_000;
const A_TEST = 40;

/** Small enough that checkpoints, spilling, rounds and copies all happen in a stage of a few dozen tasks. */
const limitsOf = (seed: number): Partial<CollectLimits> => ({
  repairs: seed % 3,
  checkpointMs: 2_000,
  memoryBytes: seed % 2 === 0 ? 2 ** 30 : 200,
  quietMs: 5_000,
});

const schedule = (seed: number) => runScenario(scenarioOf(seed), { rates: EVERYTHING, limits: limitsOf(seed) });

describe(`${SCHEDULES} schedules with all faults`, () => {
  const happened = new Map<string, number>();

  test.each(Array.from({ length: SCHEDULES / A_TEST }, (_, i) => i * A_TEST))("from seed %i", async (first) => {
    for (let seed = first; seed < first + A_TEST; seed++) {
      const ran = await schedule(seed);
      check(scenarioOf(seed), ran);
      for (const [what, times] of ran.simulation.happened) happened.set(what, (happened.get(what) ?? 0) + times);
    }
  });

  test("and each fault did happen, many times", () => {
    const least = {
      "collect delete before: die": 10,
      "collect delete after: die": 10,
      "collect put before: die": 10,
      "collect put after: die": 10,
      "collect receive after: die": 10,
      "collect invoke before: late": 10,
      "collect invoke after: fault": 10,
      "collect put after: fault": 100,
      "collect receive before: fault": 100,
      "collect delete before: swallow": 100,
      "collect start-work before: swallow": 50,
      "work send before: twice": 100,
      "work send before: late": 100,
      "work send before: swallow": 20,
      "work send before: die": 20,
      "work invoke before: fault": 100,
      "work invoke before: die": 100,
      "work invoke after: fault": 100,
    };
    for (const [what, times] of Object.entries(least)) expect(happened.get(what) ?? 0, what).toBeGreaterThan(times);
  });
});

test("a seed gives the same schedule again", async () => {
  const [a, b] = [await schedule(12), await schedule(12)];
  expect(a.simulatedMs).toBe(b.simulatedMs);
  expect([...a.simulation.happened]).toEqual([...b.simulation.happened]);
});

describe("the checks would notice", () => {
  const scenario = scenarioOf(0, "join");
  const outcome = async (seed = 0, limits: Partial<CollectLimits> = limitsOf(1)): Promise<string> => {
    const one = scenarioOf(seed, "join");
    try {
      check(one, await runScenario(one, { rates: EVERYTHING, limits }));
    } catch (error) {
      return String(error);
    }
    return "fine";
  };
  afterEach(() => void vi.restoreAllMocks());

  test("that nothing is wrong, where nothing is", async () => {
    expect(scenario.count).toBeGreaterThan(3);
    expect(await outcome()).toBe("fine");
  });

  test("a shard that is dropped from the fold", async () => {
    const { offer } = CloudFold.prototype;
    vi.spyOn(CloudFold.prototype, "offer").mockImplementation(function (this: CloudFold, first, level, held) {
      const nothing = { bytes: new Uint8Array(0), size: 0, exact: true };
      return offer.call(this, first, level, first === 0 ? nothing : held);
    });
    expect(await outcome()).toContain("partial: expected");
  });

  test("a shard that is folded twice", async () => {
    const { offer } = CloudFold.prototype;
    vi.spyOn(CloudFold.prototype, "offer").mockImplementation(function (this: CloudFold, first, level, held) {
      const bytes = Buffer.concat([held.bytes ?? new Uint8Array(0), held.bytes ?? new Uint8Array(0)]);
      return offer.call(this, first, level, first === 0 ? { ...held, bytes } : held);
    });
    expect(await outcome()).toContain("partial: expected");
  });

  test("records that are counted twice", async () => {
    const { accept } = StageTally.prototype;
    vi.spyOn(StageTally.prototype, "accept").mockImplementation(function (this: StageTally, facts) {
      accept.call(this, { ...facts, recordsIn: facts.index === 1 ? 2 * facts.recordsIn : facts.recordsIn });
    });
    expect(await outcome()).toContain("counts: expected");
  });

  test("messages that come twice and are taken twice", async () => {
    vi.spyOn(StageState.prototype, "wants").mockReturnValue(true);
    vi.spyOn(StageState.prototype, "has").mockReturnValue(false);
    const outcomes = await Promise.all(Array.from({ length: 8 }, (_, seed) => outcome(seed)));
    expect(outcomes.filter((one) => one.includes("done twice")).length).toBeGreaterThan(0);
  });

  test("messages that are deleted before what they brought is durable", async () => {
    // Nothing is started again here: only the messages themselves can bring what a Collect that died had.
    const limits = { ...limitsOf(1), quietMs: 2 ** 40 };
    const diesBeforeItsFirstWrite = () => {
      let deaths = 0;
      return ({ function: name, operation, when, key = "" }: Moment) => {
        const writes = name === "collect" && operation === "put" && when === "before" && !key.endsWith("progress.json");
        return writes && deaths++ === 0 ? "die" : undefined;
      };
    };
    const failures = async () => {
      let count = 0;
      for (let seed = 0; seed < 8; seed++) {
        const one = scenarioOf(seed, "join");
        const ran = await runScenario(one, { script: diesBeforeItsFirstWrite(), limits });
        try {
          check(one, ran);
        } catch (error) {
          expect(String(error)).toContain("StalledError");
          count++;
        }
      }
      return count;
    };
    expect(await failures()).toBe(0);
    const { take } = CollectedStage.prototype;
    vi.spyOn(CollectedStage.prototype, "take").mockImplementation(async function (this: CollectedStage, messages) {
      await take.call(this, messages);
      await this.taken.delete();
    });
    expect(await failures()).toBe(8);
  });
});
