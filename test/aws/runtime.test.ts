import { expect, test } from "vitest";
import { createInlineRuntime } from "../../lib/runtime/inline.ts";
import { putJson } from "../../lib/runtime/aws/run-objects.ts";
import { cancelKey, outcomeKey } from "../../lib/runtime/aws/keys.ts";
import type { RunEvent } from "../../lib/runtime/runtime.ts";
import { UnreadableError, WorkerDiedError, toErrorRecord } from "../../lib/errors.ts";
import { callOf, failureOf, foldWith, KEEP, planOf } from "../runtime/plans.ts";
import { stackWith } from "./cloud-run.ts";
import { runtimeOn } from "./client-cloud.ts";

test("a plan gives the bits of this machine, and leaves its request and outcome only", async () => {
  const stack = stackWith();
  const { runtime } = runtimeOn(stack);
  const plan = planOf({ work: callOf("hostile"), tasks: 37 });
  const { partial, report } = await runtime.run(plan);
  const here = await createInlineRuntime({ store: stack.services.store }).run(plan);
  expect(Object.is(partial, here.partial)).toBe(true);
  expect(report.stages).toMatchObject([{ stage: "only", tasks: 37, recordsIn: here.report.stages[0].recordsIn }]);
  await runtime.close();
  const names = (await stack.keys("runs/")).map((key) => key.split("/").slice(2).join("/"));
  expect(names).toEqual(["outcome.json", "request.json"]);
});

test("events come once each, and in order", async () => {
  const stack = stackWith();
  const { runtime } = runtimeOn(stack);
  const events: RunEvent[] = [];
  const plan = planOf(
    { id: "one", work: callOf("bytesOf", { length: 3 }), tasks: 40, output: KEEP },
    { id: "two", work: callOf("one"), tasks: { kind: "outputs", stage: "one", count: 40 } },
  );
  const { run } = await runtime.run(plan, { onEvent: (event) => events.push(event) });
  const told = events.filter(({ type }) => type !== "stage-progress");
  expect(told.map((event) => ("stage" in event ? `${event.type} ${event.stage}` : event.type))).toEqual([
    "run-started",
    "stage-started one",
    "stage-finished",
    "stage-started two",
    "stage-finished",
    "run-finished",
  ]);
  expect(new Set(events.map((event) => "run" in event && event.run))).toEqual(new Set([run]));
  const done = events.flatMap((event) => (event.type === "stage-progress" ? [event.done] : []));
  expect(done.every((count) => count > 0 && count <= 40)).toBe(true);
});

test("keeps outputs until they are released", async () => {
  const stack = stackWith();
  const { runtime } = runtimeOn(stack);
  const { refs = [], run } = await runtime.run(planOf({ work: callOf("bytesOf", { length: 9 }), tasks: 4, output: KEEP })); // prettier-ignore
  expect(refs.map(({ task }) => task)).toEqual([0, 1, 2, 3]);
  expect(await runtime.fetch(refs[3])).toEqual(new Uint8Array(9).fill(3));
  const kept = await runtime.keep(Uint8Array.of(7, 8));
  expect(await runtime.fetch(kept)).toEqual(Uint8Array.of(7, 8));
  await runtime.release(run);
  expect(await failureOf(runtime.fetch(refs[3]))).toMatchObject({ tag: "NotFound" });
  await runtime.close();
  expect((await stack.keys("runs/")).filter((key) => !/(request|outcome)\.json$/.test(key))).toEqual([]);
});

test("a kept output is input of a later run", async () => {
  const { runtime } = runtimeOn(stackWith());
  const { refs = [] } = await runtime.run(planOf({ work: callOf("bytesOf", { length: 5 }), tasks: 3, output: KEEP }));
  const { partial } = await runtime.run(planOf({ work: callOf("one"), tasks: { kind: "refs", refs } }));
  expect(partial).toBe(3);
});

test("the error of a task comes back whole", async () => {
  const { runtime } = runtimeOn(stackWith());
  const plan = planOf({ work: callOf("lateFault", { task: 1 }), tasks: 3, output: foldWith("join2") });
  const here = await failureOf(createInlineRuntime({ store: stackWith().services.store }).run(plan));
  const error = await failureOf(runtime.run(plan));
  expect(error).toMatchObject({ tag: "Task", message: here.message, cause: { name: "TypeError", message: "not needed" } }); // prettier-ignore
  expect(error.cause).toBeInstanceOf(TypeError);
});

test("a signal stops the run, and deletes its queue; what it has made stays, to be resumed", async () => {
  const stack = stackWith();
  const { runtime, asked } = runtimeOn(stack);
  const abort = new AbortController();
  const events: string[] = [];
  const error = await failureOf(
    runtime.run(planOf({ work: callOf("one"), tasks: 5_000 }), {
      signal: abort.signal,
      onEvent: ({ type }) => {
        events.push(type);
        if (type === "stage-started") abort.abort(new Error("enough"));
      },
    }),
  );
  expect(error).toMatchObject({ tag: "Cancelled", cause: { message: "enough" } });
  expect(events.at(-1)).toBe("run-failed");
  const run = asked[0].replace("start ", "");
  expect(asked).toEqual([`start ${run}`, `stop ${run}: The run was cancelled.`, `remove queue ${run}`]);
  expect(await stack.keys(cancelKey(run))).toHaveLength(1);
  await runtime.close();
  expect(await stack.keys(`runs/${run}/0/only/manifest`)).toHaveLength(1);
});

test("where the client cannot watch any more it says that the run goes on, and nowhere else", async () => {
  const denied = new UnreadableError("The AWS credentials have expired: cannot read s3://bucket.", { fix: "log in." });
  const plan = planOf({ work: callOf("one"), tasks: 3 });
  const stack = stackWith();
  const get = async () => {
    throw denied;
  };
  const store = { ...stack.services.store, get };
  const blind = await failureOf(runtimeOn(stack, {}, { store }).runtime.run(plan));
  expect(blind).toMatchObject({ tag: "Unreadable", fields: { run: expect.any(String) } });
  expect(blind.message).toMatch(/have expired[^]*goes on without this client[^]*client\.attach\("run-/);
  const action = new UnreadableError("not allowed", { fields: { action: "states:StartExecution" } });
  const startRun = async () => {
    throw action;
  };
  expect((await failureOf(runtimeOn(stackWith(), {}, { startRun }).runtime.run(plan))).message).not.toContain(
    "goes on",
  );
});

test("a subscriber that throws ends the run with its error", async () => {
  const { runtime, asked } = runtimeOn(stackWith());
  const error = await failureOf(
    runtime.run(planOf({ work: callOf("one"), tasks: 3 }), {
      onEvent: ({ type }) => {
        if (type === "stage-started") throw new RangeError("no room");
      },
    }),
  );
  expect(error).toMatchObject({ name: "RangeError", message: "no room" });
  expect(asked.some((what) => what.startsWith("stop"))).toBe(true);
});

test("closing the client ends what runs", async () => {
  const { runtime } = runtimeOn(stackWith());
  const running = failureOf(
    runtime.run(planOf({ work: callOf("one"), tasks: 50 }), {
      onEvent: ({ type }) => {
        if (type === "stage-started") void runtime.close();
      },
    }),
  );
  expect(await running).toMatchObject({ tag: "Cancelled" });
  expect(await failureOf(runtime.run(planOf({ work: callOf("one"), tasks: 1 })))).toMatchObject({ tag: "Cancelled" });
});

for (const [status, tag] of [
  ["failed", "Task"],
  ["timed-out", "Stalled"],
  ["aborted", "Cancelled"],
  ["missing", "NotFound"],
] as const)
  test(`an execution that is ${status} and leaves no outcome is an error`, async () => {
    const { runtime } = runtimeOn(
      stackWith(),
      {},
      {
        startRun: async () => undefined,
        executionOf: async () => ({ status, error: "States.Runtime", cause: "why" }),
      },
    );
    const error = await failureOf(runtime.run(planOf({ work: callOf("one"), tasks: 3 })));
    expect(error).toMatchObject({ tag });
    if (status === "failed") expect(error.message).toContain("States.Runtime: why");
  });

test("where a function died, the last of its log stands in the error", async () => {
  const stack = stackWith();
  const died = new WorkerDiedError("Stage \"only\", task 2 took its worker down: out of memory.", { fix: "give it less" }); // prettier-ignore
  const parts = runtimeOn(
    stack,
    {},
    {
      async startRun(run) {
        const outcome = { ok: false, run, error: toErrorRecord(died), wallMs: 5 };
        await putJson(stack.services, outcomeKey(run), outcome);
        parts.logLines.push(
          { at: 1, group: "g", stream: "s", text: `{"run":"${run}","message":"fine"}` },
          { at: 2, group: "g", stream: "s", text: `{"run":"${run}","level":"ERROR","message":"heap"}\n` },
        );
      },
    },
  );
  const error = await failureOf(parts.runtime.run(planOf({ work: callOf("one"), tasks: 3 })));
  expect(error).toBeInstanceOf(WorkerDiedError);
  expect(error.message).toMatch(/down: out of memory\.\n {2}log of the function:\n {4}\{.*"heap"\}\n {2}fix: give it less$/); // prettier-ignore
  expect(error.message).not.toContain("fine");
});

test("a plan over files of this machine is refused, with the file's name", async () => {
  const { runtime, asked } = runtimeOn(stackWith());
  const source = { url: "file:///data/sales.csv", size: 10, etag: "1" };
  const tasks = { kind: "ranges", sources: [source], blockSize: 10 } as const;
  const error = await failureOf(runtime.run(planOf({ work: callOf("one"), tasks, output: foldWith("sum") })));
  expect(error).toMatchObject({ tag: "Option", fields: { url: source.url } });
  expect(error.message).toContain("aws s3 cp /data/sales.csv s3://");
  expect(asked).toEqual([]);
});

test("a plan above maxCost is refused before anything is written", async () => {
  const stack = stackWith();
  const { runtime } = runtimeOn(stack, { maxCost: 0.01 });
  const plan = planOf({ work: callOf("one"), tasks: 1_000_000 });
  const error = await failureOf(runtime.run(plan));
  expect(error).toMatchObject({ tag: "Cost", fields: { maxCost: 0.01 } });
  expect(await stack.keys()).toEqual([]);
});

test("a budget is for all plans of a compute together", async () => {
  const { runtime } = runtimeOn(stackWith());
  const plan = planOf({ work: callOf("one"), tasks: 10 });
  const { report } = await runtime.run(plan);
  const within = runtime.within(1e-9);
  expect(await failureOf(within.run(plan))).toMatchObject({ tag: "Cost" });
  expect(report.bill?.dollars).toBeGreaterThan(0);
});
