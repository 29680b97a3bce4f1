import { describe, expect, test } from "vitest";
import { NotFoundError } from "../../lib/errors.ts";
import {
  checkpointPrefix,
  cancelKey,
  failedKey,
  manifestKey,
  objectUrl,
  outcomeKey,
  progressKey,
} from "../../lib/runtime/aws/keys.ts";
import type { StageProgress, WorkInput, WorkMessage } from "../../lib/runtime/aws/protocol.ts";
import { bytesAt, putOnce, sizeAt } from "../../lib/runtime/aws/run-objects.ts";
import type { Services } from "../../lib/runtime/aws/services.ts";
import type { Moment, Script } from "./simulated-faults.ts";
import { PLACE, RUN, STAGE_PREFIX } from "./simulated-functions.ts";
import type { Functions } from "./simulated-machine.ts";
import { check, runScenario, type Ran, type RunOptions } from "./simulated-run.ts";
import { FunctionError } from "./simulated-services.ts";
import { scenarioOf, type Kind, type Scenario } from "./simulated-scenario.ts";

/** One fault at a time, by a script; all of them at once are in faults/cloud-collect.test.ts. */

/** A stage of this kind with at least so many tasks. */
function stageOf(kind: Kind, tasks = 20, size = 2, more: (scenario: Scenario) => boolean = () => true): Scenario {
  for (let seed = 0; ; seed++) {
    const scenario = scenarioOf(seed, kind);
    if (scenario.count >= tasks && scenario.size === size && scenario.lanes > 2 && more(scenario)) return scenario;
  }
}

const JOIN = stageOf("join");

async function right(scenario: Scenario, options: RunOptions = {}): Promise<Ran> {
  const ran = await runScenario(scenario, options);
  check(scenario, ran);
  return ran;
}

/** A verdict at the first `times` moments that fit. */
function once(fits: (moment: Moment) => boolean, verdict: "die" | "fault" | "swallow" | "late", times = 1): Script {
  let left = times;
  return (moment) => (left > 0 && fits(moment) && left-- > 0 ? verdict : undefined);
}

const ofCollect =
  (operation: Moment["operation"], when: Moment["when"], part = "") =>
  (moment: Moment) =>
    moment.function === "collect" &&
    moment.operation === operation &&
    moment.when === when &&
    (moment.key ?? "").includes(part);

/** Changes what Work sends. */
const sends =
  (change: (message: WorkMessage, services: Services) => Promise<WorkMessage>) =>
  (functions: Functions): Functions => ({
    ...functions,
    work: (input: WorkInput, services) => {
      const send = async (url: string, bodies: readonly string[]) => {
        const changed: string[] = [];
        for (const body of bodies)
          changed.push(JSON.stringify(await change(JSON.parse(body) as WorkMessage, services)));
        await services.queues.send(url, changed);
      };
      return functions.work(input, { ...services, queues: { ...services.queues, send } });
    },
  });

const logsOf = ({ simulation }: Ran) => simulation.logs.map(({ message }) => message);
const MINUTE = 60_000;
/** Checkpoints while a stage runs, and nothing is started again. */
const OFTEN = { checkpointMs: 300, quietMs: 2 ** 40 };

describe("a Collect that dies", () => {
  test.each([
    ["before it deletes what its checkpoint has", ofCollect("delete", "before")],
    ["while it deletes", ofCollect("delete", "after")],
    ["before a checkpoint", ofCollect("put", "before", "checkpoint-")],
    ["after a checkpoint", ofCollect("put", "after", "checkpoint-")],
    ["after a receive", ofCollect("receive", "after")],
    ["between partial and done.json", ofCollect("put", "after", "/partial")],
    ["behind done.json", ofCollect("put", "after", "/done.json")],
  ])("%s: the next one goes on", async (_, fits) => {
    for (const kind of ["join", "ranges", "keep", "enough"] as const) {
      if (kind === "keep" && fits({ function: "collect", operation: "put", when: "after", key: "/partial" })) continue;
      const scenario = stageOf(kind);
      const { simulation } = await right(scenario, { script: once(fits, "die"), limits: OFTEN });
      expect([...simulation.happened.values()]).toEqual([1]);
    }
  });

  test("twice as a message is in hand: it comes again, and counts once", async () => {
    const { simulation, simulatedMs } = await right(JOIN, {
      script: once(ofCollect("put", "before", "checkpoint-"), "die", 2),
      limits: OFTEN,
    });
    expect(simulation.happened.get("collect put before: die")).toBe(2);
    // Messages are hidden for three minutes, and nobody sends others.
    expect(simulatedMs).toBeGreaterThan(3 * MINUTE);
  });

  test("in the eyes of the state machine alone: of two, one goes on", async () => {
    const script = once(({ function: name, operation }) => name === "collect" && operation === "invoke", "late", 2);
    const ran = await right(JOIN, { script, limits: { checkpointMs: 300 } });
    expect(logsOf(ran)).toContain("Another Collect has taken this one's place.");
  });

  test("as it runs out of time: it is called again, and again", async () => {
    const limits = { ...OFTEN, reserveMs: 898_000 };
    const { simulation } = await right(stageOf("ranges", 40), { limits });
    const names: string[] = [];
    for await (const { url, size } of simulation
      .outside()
      .store.list(objectUrl({ bucket: "bucket" }, checkpointPrefix(PLACE))))
      if (size > 0) names.push(url);
    // The last two have something in them.
    expect(names).toHaveLength(2);
  });
});

describe("what does not come", () => {
  const isSend = ({ operation }: Moment) => operation === "send";

  test("is started again once the others are in", async () => {
    const ran = await right(JOIN, { script: once(isSend, "swallow", 2) });
    expect(logsOf(ran)).toContain("Batches that do not come are started again.");
    expect(ran.simulatedMs).toBeLessThan(4 * MINUTE);
  });

  test("and never does: the run fails, and says what it lacks", async () => {
    const { error, execution } = await runScenario(JOIN, {
      script: (moment) => (isSend(moment) && moment.body?.includes('"first":4,') ? "swallow" : undefined),
      request: { stallMs: 5 * MINUTE },
    });
    expect(execution.status).toBe("FAILED");
    expect(error).toMatchObject({
      tag: "Stalled",
      fields: { run: RUN, task: 4, stallMs: 5 * MINUTE, stages: ["only"] },
    });
    expect(error?.message).toContain("fix:");
  });

  test("until the deadline", async () => {
    const { error } = await runScenario(JOIN, {
      script: (moment) => (isSend(moment) ? "swallow" : undefined),
      request: { stallMs: 60 * MINUTE, deadlineMs: 20 * MINUTE },
    });
    expect(error).toMatchObject({ tag: "Stalled", fields: { deadlineMs: 20 * MINUTE } });
    expect(error?.message).toContain("deadline of 1200000 ms");
  });

  test("since the run was cancelled", async () => {
    const { error, simulatedMs } = await runScenario(JOIN, {
      script: (moment) => (isSend(moment) ? "swallow" : undefined),
      change: (functions, simulation) => {
        const reason = new TextEncoder().encode("by Ctrl-C");
        simulation.clock.after(30_000, () => void putOnce(simulation.outside(), cancelKey(RUN), reason));
        return functions;
      },
    });
    expect(error).toMatchObject({ tag: "Cancelled", fields: { reason: "by Ctrl-C" } });
    expect(simulatedMs).toBeLessThan(60_000);
  });
});

describe("a partial that is not what was sent", () => {
  const tamper = (message: WorkMessage, times: () => boolean): WorkMessage => {
    const { outcome } = message;
    if (outcome.kind === "failed") return message;
    const parts = outcome.parts.map((part) =>
      part.body !== undefined && times()
        ? { ...part, body: Buffer.from("x".repeat(part.size)).toString("base64") }
        : part,
    );
    return { ...message, outcome: { ...outcome, parts } };
  };

  test("in a message: its tasks run again", async () => {
    let left = 2;
    const ran = await right(stageOf("join", 20, 1), {
      change: sends(async (message) => tamper(message, () => left-- > 0)),
    });
    expect(left).toBeLessThan(1);
    expect(logsOf(ran).filter((text) => text.includes("is not what was sent")).length).toBe(2);
  });

  test("always: the run fails, and says which task's", async () => {
    const scenario = stageOf("join", 20, 1);
    const { error } = await runScenario(scenario, {
      change: sends(async (message) => {
        const { outcome } = message;
        if (outcome.kind === "failed") return message;
        const parts = outcome.parts.map((part) => (part.first === 6 ? { ...part, checksum: "0".repeat(64) } : part));
        return { ...message, outcome: { ...outcome, parts } };
      }),
    });
    expect(error).toMatchObject({ tag: "Unreadable", fields: { stage: "only", task: 6, expected: "0".repeat(64) } });
    expect(error?.message).toContain("expected");
  });

  test("in S3: what lies there is deleted, and made again", async () => {
    for (const damage of ["other bytes", "nothing"]) {
      let left = 1;
      const damaged: string[] = [];
      const ran = await right(stageOf("join", 60, 1), {
        change: sends(async (message, { store, bucket }) => {
          const [part] = message.outcome.kind === "done" ? message.outcome.parts : [];
          if (part?.key === undefined || left-- <= 0) return message;
          const url = objectUrl({ bucket }, part.key);
          damaged.push(url);
          if (damage === "nothing") await store.delete(url);
          else await store.put(url, new TextEncoder().encode("(0,9,)"));
          return message;
        }),
      });
      expect(damaged).toHaveLength(1);
      expect(logsOf(ran).some((text) => text.includes("is not what was sent"))).toBe(true);
    }
  });
});

describe("a batch whose function went down", () => {
  /** Children are Express: see manifest.ts. */
  const express = (scenario: Scenario): Scenario => {
    const [stage] = scenario.plan.stages;
    return { ...scenario, plan: { ...scenario.plan, stages: [{ ...stage, timeoutMs: 1_000, retries: 0 }] } };
  };
  const crashing =
    (crashes: (input: WorkInput, times: number) => boolean) =>
    (functions: Functions): Functions => {
      let times = 0;
      return {
        ...functions,
        work: async (input, services) => {
          if (input.lost === undefined && input.batch.first === 4 && crashes(input, times++))
            throw new FunctionError("Runtime.Crashed", "RequestId: 1 Error: Runtime exited");
          return functions.work(input, services);
        },
      };
    };
  const quiet = { quietMs: 2 ** 40 };

  test("once runs again", async () => {
    const scenario = express(JOIN);
    const ran = await right(scenario, { change: crashing((_, times) => times === 0), limits: quiet });
    expect(ran.simulatedMs).toBeLessThan(4 * MINUTE);
  });

  test("whenever it runs fails the run by name, and soon", async () => {
    const { error, simulatedMs } = await runScenario(express(JOIN), { change: crashing(() => true), limits: quiet });
    expect(error).toMatchObject({ tag: "WorkerDied" });
    expect(simulatedMs).toBeLessThan(4 * MINUTE);
  });

  test("and whose tasks tried it three times before is not run again", async () => {
    let calls = 0;
    const change = crashing(() => ++calls > 0);
    const { error } = await runScenario(JOIN, { change, limits: quiet });
    expect(error).toMatchObject({ tag: "WorkerDied" });
    expect(calls).toBe(1);
  });
});

describe("failures that do not name what they seem to", () => {
  const failing = (task: number, batch: WorkMessage["batch"], more: object): string =>
    JSON.stringify({
      ...PLACE,
      round: 0,
      batch,
      ms: 1,
      outcome: { kind: "failed", task, attempt: 1, ...more },
    });
  /** The message comes once tasks [0, size) are in. */
  const behindFirst =
    (body: string) =>
    (functions: Functions, simulation: Ran["simulation"]): Functions => ({
      ...functions,
      work: async (input, services) => {
        const answer = await functions.work(input, services);
        if (input.batch.first === 0)
          simulation.clock.after(20_000, () => simulation.queue(`queue/${RUN}`).send(body, 0));
        if (input.batch.first !== 0) await services.clock.sleep(60_000);
        return answer;
      },
    });

  test("a task that ran out of time, and has come by a copy, says nothing of those behind it", async () => {
    // Nothing but the first batch is there when it comes.
    const scenario = { ...JOIN, lanes: 1 };
    const error = { tag: "TaskTimeout", name: "TaskTimeoutError", message: "too long" };
    await right(scenario, {
      change: behindFirst(failing(1, { first: 0, count: 8 }, { error })),
      limits: { quietMs: 2 ** 40 },
      reorder: false,
    });
  });

  test("a batch that was lost of whatever is told by the first task that lacks", async () => {
    const scenario = { ...JOIN, lanes: 1 };
    const error = { tag: "Unreadable", name: "UnreadableError", message: "access denied" };
    const { error: found, execution } = await runScenario(scenario, {
      change: behindFirst(failing(0, { first: 0, count: 8 }, { error, lost: true })),
      limits: { quietMs: 2 ** 40 },
      reorder: false,
    });
    expect(execution.status).toBe("FAILED");
    expect(found).toMatchObject({ tag: "Unreadable" });
  });
});

describe("the run's queue", () => {
  const unknown =
    (times: number) =>
    (functions: Functions): Functions => {
      let left = times;
      return {
        ...functions,
        collect: (input, services) => {
          const receive = async (url: string, waitMs: number) => {
            if (left-- > 0) throw new NotFoundError("AWS cannot receive from the queue: it does not exist.");
            return services.queues.receive(url, waitMs);
          };
          return functions.collect(input, { ...services, queues: { ...services.queues, receive } });
        },
      };
    };

  test("is not known everywhere as soon as it is made", async () => {
    await right(JOIN, { change: unknown(3) });
  });

  test("is gone for good: the run fails by name", async () => {
    const { error, simulatedMs } = await runScenario(JOIN, { change: unknown(Infinity) });
    expect(error).toMatchObject({ tag: "NotFound" });
    expect(simulatedMs).toBeLessThan(2 * MINUTE);
  });

  test("is gone since the run is over: who still receives ends without a word", async () => {
    const ran = await runScenario(JOIN, {
      change: (functions, simulation) => {
        simulation.clock.after(
          5_000,
          () =>
            void putOnce(simulation.outside(), outcomeKey(RUN), new TextEncoder().encode('{"ok":false,"error":{}}')),
        );
        return { ...unknown(Infinity)(functions), work: async () => ({}), advance: onlyOnce(functions.advance) };
      },
    });
    expect(await sizeAt(ran.simulation.outside(), failedKey(RUN, 0))).toBeUndefined();
  });
});

/** Behind the first round the run is over. */
function onlyOnce(advance: Functions["advance"]): Functions["advance"] {
  let rounds = 0;
  return async (input, services) => (rounds++ === 0 ? advance(input, services) : { action: "finish", run: RUN });
}

test("a checkpoint that another Collect has replaced while it was read is looked for again", async () => {
  let emptied = false;
  const change = (functions: Functions): Functions => ({
    ...functions,
    collect: (input, services) => {
      const get: Services["store"]["get"] = async (url, options) => {
        if (emptied || !/checkpoint-\d+$/.test(url)) return services.store.get(url, options);
        emptied = true;
        return new Uint8Array(0);
      };
      return functions.collect(input, { ...services, store: { ...services.store, get } });
    },
  });
  await right(stageOf("ranges", 40), { change, limits: { ...OFTEN, reserveMs: 898_000 } });
  expect(emptied).toBe(true);
});

describe("what else is on the queue", () => {
  const extra = (bodies: readonly string[]) => (functions: Functions, simulation: Ran["simulation"]) => {
    for (const body of bodies) simulation.queue(`queue/${RUN}`).send(body, 0);
    return functions;
  };
  const message = (more: object): string =>
    JSON.stringify({
      ...PLACE,
      round: 0,
      batch: { first: 0, count: 1 },
      ms: 1,
      outcome: { kind: "failed", task: 0, attempt: 1, error: { name: "Error", message: "not ours" } },
      ...more,
    });

  test("of others and of nobody is deleted", async () => {
    const bodies = ["{", "null", "{}", message({ run: "other" }), message({ part: -1 }), message({ stage: "before" })];
    const { simulation } = await right(JOIN, { change: extra(bodies), reorder: false });
    for (const body of bodies) expect(simulation.queue(`queue/${RUN}`).bodies).not.toContain(body);
  });

  test("for what comes behind this stage is left to it", async () => {
    const later = message({ part: 1 });
    const { simulation } = await right(JOIN, { change: extra([later]), reorder: false });
    expect(simulation.queue(`queue/${RUN}`).bodies).toContain(later);
  });

  test("of the same batch in other subtrees changes nothing", async () => {
    // Everything is sent twice, the copies cut at random; see simulated-functions.ts.
    const twice = (functions: Functions): Functions => ({
      ...functions,
      work: async (input, services) => (await functions.work(input, services), functions.work(input, services)),
    });
    for (const size of [4, 8]) {
      const ran = await right(stageOf("sum", 20, size), { change: twice });
      expect(ran.done?.attempts).toBe(ran.done?.tasks);
    }
  });
});

describe("guesses", () => {
  const ranges = () => {
    for (let seed = 0; ; seed++) {
      const scenario = scenarioOf(seed, "ranges");
      if (scenario.expected.ok && Object.keys(scenario.expected.repaired).length > 12) return scenario;
    }
  };

  test("that are wrong are repaired while the map runs, where they are few", async () => {
    const scenario = ranges();
    const { simulation, done } = await right(scenario, { limits: { quietMs: 2 ** 40 } });
    expect(await sizeAt(simulation.outside(), manifestKey(PLACE, 1))).toBeUndefined();
    expect(done?.attempts).toBe(scenario.count + Object.keys(done?.repaired ?? {}).length);
  });

  test("or in rounds of the state machine", async () => {
    const { simulation } = await right(ranges(), { limits: { repairs: 0 } });
    const manifest = await bytesAt(simulation.outside(), manifestKey(PLACE, 1));
    expect(new TextDecoder().decode(manifest)).toMatch(/^(\{"first":\d+,"count":1,"from":\d+\}\n)+$/);
  });

  test("or in rounds, where what was started does not come", async () => {
    const script: Script = ({ operation }) => (operation === "start-work" ? "swallow" : undefined);
    const { simulation } = await right(ranges(), { script });
    expect(await sizeAt(simulation.outside(), manifestKey(PLACE, 1))).toBeGreaterThan(0);
  });
});

test("partials beyond the memory lie in S3 until they are merged", async () => {
  const spilled = async (memoryBytes: number) => {
    const { simulation, partial } = await right(stageOf("join", 100, 1), { limits: { memoryBytes } });
    let objects = 0;
    for await (const _ of simulation.outside().store.list(objectUrl({ bucket: "bucket" }, `${STAGE_PREFIX}spill/`)))
      objects++;
    return { objects, partial };
  };
  const [little, much] = [await spilled(50), await spilled(2 ** 20)];
  expect(much.objects).toBe(0);
  expect(little.objects).toBeGreaterThan(10);
  expect(little.partial).toEqual(much.partial);
});

test("enough stops the batches that have not begun", async () => {
  const few = ({ expected, count }: Scenario) => expected.ok && 2 * expected.tasks < count;
  // Of some schedules: in one whose first tasks take long, all others are over by then.
  let stopped = 0;
  for (let lanes = 3; lanes < 9; lanes++) {
    const scenario = { ...stageOf("enough", 35, 1, few), lanes, seed: lanes };
    let sent = 0;
    const change = sends(async (message) => (sent++, message));
    const { done, simulation } = await right(scenario, { change, limits: { quietMs: 2 ** 40 } });
    expect(done?.tasks).toBeLessThan(scenario.count);
    expect(await sizeAt(simulation.outside(), `${STAGE_PREFIX}stop`)).toBe(0);
    if (sent < 0.8 * scenario.count) stopped++;
  }
  expect(stopped).toBeGreaterThan(1);
});

test("it says how far it is, what was printed, and what was used", async () => {
  const printed = [{ task: 1, stream: "stdout", text: "hello" }] as const;
  const { simulation, done } = await right(JOIN, {
    change: sends(async (message) => ({
      ...message,
      memoryMb: 512,
      ...(message.outcome.kind === "done" && message.outcome.tasks.some(({ index }) => index === 1) ? { printed } : {}),
    })),
    reorder: false,
  });
  const bytes = await bytesAt(simulation.outside(), progressKey(PLACE));
  const progress = JSON.parse(new TextDecoder().decode(bytes)) as StageProgress;
  expect(progress).toMatchObject({
    stage: "only",
    tasks: JOIN.count,
    done: JOIN.count,
    recordsIn: done?.recordsIn,
    printed,
  });
  expect(done?.usage?.workMbMs).toBe(512 * (done?.usage?.workMs ?? 0));
  expect(done?.usage?.messages).toBeGreaterThanOrEqual(Math.ceil(JOIN.count / JOIN.size));
  expect(done?.wallMs).toBeGreaterThan(0);
  expect(done?.usage?.collectMs).toBeGreaterThan(0);
});
