import { expect, test } from "vitest";
import type { StageOutput } from "../../lib/plan/plan.ts";
import { fail } from "../../lib/runtime/aws/fail.ts";
import { finish } from "../../lib/runtime/aws/finish.ts";
import { UnreadableError } from "../../lib/errors.ts";
import type { RunOutcome } from "../../lib/runtime/aws/protocol.ts";
import { cancelKey, objectUrl, outcomeKey } from "../../lib/runtime/aws/keys.ts";
import { advance } from "../../lib/runtime/aws/advance.ts";
import { outcomeOf, putJson } from "../../lib/runtime/aws/run-objects.ts";
import { KEEP, callOf, failureOf, planOf, stageOf } from "../runtime/plans.ts";
import { stackWith } from "./cloud-run.ts";

const noticesOf = ({ simulation }: ReturnType<typeof stackWith>) =>
  simulation
    .queue("queue/results")
    .take(() => 0)
    .map(({ body }) => JSON.parse(body) as unknown);
const scatter = (partitions: number) => callOf("scatter", { per: 3, partitions });
const two = (output?: StageOutput) =>
  planOf(
    { id: "send", work: scatter(4), tasks: 5, output: { kind: "exchange", partitions: 4 } },
    {
      id: "meet",
      work: output?.kind === "keep" ? callOf("bytesOf", { length: 9 }) : callOf("gatherSections"),
      tasks: { kind: "sections", stage: "send", producers: 5, partitions: 4 },
      ...(output === undefined ? {} : { output }),
    },
  );

test("of a plan that is over the last stage's partial stays, of one that keeps its outputs; the rest goes, the queue too", async () => {
  for (const [output, kept] of [
    [{ kind: "fold", fold: callOf("join2") }, ["runs/run-1/0/meet/partial"]],
    [KEEP, expect.arrayContaining([expect.stringMatching(/^runs\/run-1\/0\/meet\/out\/\w\w\/3$/)])],
  ] as const) {
    const stack = stackWith();
    await stack.request("run-1", { kind: "plan", plan: two(output) }, { notify: true });
    expect(await stack.execute("run-1")).toMatchObject({
      ok: true,
      part: 0,
      stages: [
        { stage: "send", tasks: 5, folded: false },
        { stage: "meet", tasks: 4, folded: output.kind === "fold" },
      ],
    });
    const keys = await stack.keys("runs/");
    const records = ["0/meet/done.json", "0/plan.json", "0/send/done.json", "outcome.json", "request.json"];
    expect(keys).toEqual(expect.arrayContaining(records.map((name) => `runs/run-1/${name}`)));
    const others = keys.filter((key) => !records.some((name) => key.endsWith(`run-1/${name}`)));
    expect(others).toEqual(kept);
    expect(others.length).toBe(output.kind === "fold" ? 1 : 4);
    expect(stack.simulation.queues).not.toContain("queue/run-1");
    expect(noticesOf(stack)).toEqual([{ run: "run-1", ok: true }]);
    // Again, as a retry does: nothing changes.
    const outcome = await outcomeOf(stack.services, "run-1");
    await finish({ run: "run-1" }, stack.services);
    expect([await outcomeOf(stack.services, "run-1"), await stack.keys("runs/")]).toEqual([outcome, keys]);
  }
});

test("stages without tasks are over at once", async () => {
  const stack = stackWith();
  await stack.request("run-1", { kind: "plan", plan: planOf({ work: callOf("hostile"), tasks: 0 }) });
  expect(await stack.execute("run-1")).toMatchObject({ ok: true, stages: [{ tasks: 0, folded: true }] });
  expect(await stack.keys("runs/run-1/0/only/")).toContain("runs/run-1/0/only/partial");
});

test("a task's error comes out whole, is told, and what the run has made stays to be looked at", async () => {
  const stack = stackWith();
  const plan = planOf({
    work: callOf("lateFault", { task: 3 }),
    tasks: 6,
    output: { kind: "fold", fold: callOf("join2") },
  });
  await stack.request("run-1", { kind: "plan", plan }, { notify: true });
  const outcome = await stack.execute("run-1");
  expect(outcome).toMatchObject({
    ok: false,
    error: { tag: "Task", fields: { task: 3 }, cause: { name: "TypeError", message: "not needed" } },
  });
  expect(noticesOf(stack)).toMatchObject([{ run: "run-1", ok: false, error: { tag: "Task" } }]);
  expect(await stack.keys("runs/run-1/0/")).toContain("runs/run-1/0/failed.json");
  expect(stack.simulation.queues).not.toContain("queue/run-1");
});

test("what happened to a function is named by what Step Functions tells, and an error that passed is not blamed", async () => {
  const stack = stackWith();
  const { services } = stack;
  await stack.request("run-1", {
    kind: "plan",
    plan: { abanico: 1, stages: [stageOf({ work: callOf("none"), tasks: 1 })], notes: [] },
  });
  await services.store.put(
    "s3://bucket/runs/run-1/failure.json",
    new TextEncoder().encode(JSON.stringify({ tag: "StoreFault", name: "StoreFaultError", message: "SlowDown" })),
  );
  await fail(
    { run: "run-1", error: { Error: "Sandbox.Timedout", Cause: "Task timed out after 900.00 seconds" } },
    services,
  );
  expect(await outcomeOf(services, "run-1")).toMatchObject({ ok: false, error: { tag: "TaskTimeout" } });
  // The first outcome counts.
  await fail({ run: "run-1", error: { Error: "StoreFaultError", Cause: "{}" } }, services);
  expect(await outcomeOf(services, "run-1")).toMatchObject({ error: { tag: "TaskTimeout" } });
});

test("cancelled, over its deadline, too large, too costly, of another version: refused by name", async () => {
  const stack = stackWith();
  const { services } = stack;
  const plan = planOf({ work: callOf("hostile"), tasks: 10 });
  const ask = async (run: string, rest: object, own: object = {}, what = plan) => {
    await stack.request(run, { kind: "plan", plan: what }, rest);
    return failureOf(advance({ run }, { ...services, ...own }));
  };
  await services.store.put(objectUrl(services, cancelKey("a")), new TextEncoder().encode("no more"));
  const cancelled = await ask("a", {});
  expect(cancelled).toMatchObject({ tag: "Cancelled" });
  expect(cancelled.message).toContain("no more");
  expect(await ask("b", { deadlineMs: -1 })).toMatchObject({ tag: "Stalled" });
  expect(await ask("c", {}, { taskBytes: 10 })).toMatchObject({ tag: "PlanTooLarge" });
  expect(await ask("d", { maxCost: 1e-9 })).toMatchObject({ tag: "Cost" });
  expect(await ask("e", { bundle: "old" }, { bundle: "new" })).toMatchObject({ tag: "Unreadable" });
  expect(await ask("f", { abanico: 9 })).toMatchObject({ tag: "Unreadable" });
  const unknown = { ...plan, stages: [{ ...plan.stages[0], work: { op: "fly", params: {} } }] };
  expect(await ask("g", {}, {}, unknown)).toMatchObject({ tag: "Plan", fields: { path: "stages[0].work.op" } });
  expect(await failureOf(advance({ run: "none" }, services))).toMatchObject({ tag: "NotFound" });
});

test("the clock of the client that asks may be wrong", async () => {
  for (const hours of [-50, 3]) {
    const stack = stackWith();
    const createdAt = stack.services.clock.now() + hours * 3_600_000;
    const what = { kind: "plan", plan: planOf({ work: callOf("hostile"), tasks: 10 }) } as const;
    await stack.request("run-1", what, { createdAt, deadlineMs: 1_800_000 });
    const outcome = await stack.execute("run-1");
    expect(outcome).toMatchObject({ ok: true });
    expect(outcome.wallMs).toBeGreaterThan(0);
    expect(outcome.wallMs).toBeLessThan(1_800_000);
  }
});

test("a run whose request is not well formed, or not there, has an outcome too", async () => {
  const { services } = stackWith();
  const asked = { collection: { abanico: 1, frame: { kind: "cvs" } } };
  expect(await failureOf(advance({ run: "x", asked }, services))).toMatchObject({ tag: "Plan" });
  await fail({ run: "x", error: { Error: "PlanError", Cause: "{}" } }, services);
  const error = { tag: "Plan", fields: { path: "collection.frame.kind" } };
  expect(await outcomeOf(services, "x")).toMatchObject({ ok: false, error });
});

test("a run that was cancelled while it was planned leaves no queue, and no outcome but that", async () => {
  for (const when of ["before its queue is made", "since"]) {
    const stack = stackWith();
    const { services } = stack;
    await stack.request("run-1", { kind: "plan", plan: planOf({ work: callOf("hostile"), tasks: 10 }) });
    const cancel = () => services.store.put(objectUrl(services, cancelKey("run-1")), new TextEncoder().encode("stop"));
    const queues = new Set<string>();
    const create = async (run: string) => {
      if (when === "since") await cancel();
      queues.add(`queue/${run}`);
      return `queue/${run}`;
    };
    const remove = async (url: string) => void queues.delete(url);
    const store: typeof services.store = {
      ...services.store,
      // The first thing that planning writes.
      put: async (url, ...rest) => {
        if (when !== "since" && url.endsWith("plan.json")) await cancel();
        return services.store.put(url, ...rest);
      },
    };
    const own = { ...services, store, queues: { ...services.queues, create, remove } };
    expect(await failureOf(advance({ run: "run-1" }, own))).toMatchObject({ tag: "Cancelled" });
    expect([...queues]).toEqual([]);
    expect(await stack.keys("runs/run-1/0/only/manifest")).toHaveLength(when === "since" ? 1 : 0);
  }
});

test("what cannot be deleted does not fail a run that has its result, and its queue goes before anyone is told", async () => {
  const stack = stackWith();
  const { services } = stack;
  const none = planOf({ work: callOf("hostile"), tasks: 0 });
  await stack.request("run-1", { kind: "plan", plan: none }, { notify: true });
  await advance({ run: "run-1" }, services);
  const deny = async () => {
    throw new UnreadableError("AccessDenied");
  };
  const stuck = stackWith(
    {},
    {},
    { finish: (input, own) => finish(input, { ...own, store: { ...own.store, delete: deny } }) },
  );
  await stuck.request("run-1", { kind: "plan", plan: two() }, { notify: true });
  expect(await stuck.execute("run-1")).toMatchObject({ ok: true });
  expect(noticesOf(stuck)).toEqual([{ run: "run-1", ok: true }]);
  for (const end of [finish, fail]) {
    const removed: string[] = [];
    const queues = { ...services.queues, send: deny, remove: async (url: string) => void removed.push(url) };
    expect(await failureOf(end({ run: "run-1" }, { ...services, queues }))).toMatchObject({ tag: "Unreadable" });
    expect(removed).toEqual(["queue/run-1"]);
  }
});

test("of two that end a run, the first one's outcome is told", async () => {
  const stack = stackWith();
  const { services } = stack;
  const failed: RunOutcome = { ok: false, run: "run-1", error: { name: "Error", message: "first" }, wallMs: 1 };
  await stack.request("run-1", { kind: "plan", plan: planOf({ work: callOf("hostile"), tasks: 0 }) }, { notify: true });
  await advance({ run: "run-1" }, services);
  const get: typeof services.store.get = async (url, options) => {
    const found = services.store.get(url, options);
    // It comes just behind the look.
    if (url.endsWith("outcome.json")) await found.catch(() => putJson(services, outcomeKey("run-1"), failed));
    return found;
  };
  await finish({ run: "run-1" }, { ...services, store: { ...services.store, get } });
  expect(await outcomeOf(services, "run-1")).toEqual(failed);
  expect(noticesOf(stack)).toMatchObject([{ ok: false, error: { message: "first" } }]);
});
