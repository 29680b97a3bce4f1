import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { PlanTooLargeError, TaskTimeoutError, WorkerDiedError } from "../../lib/errors.ts";
import { createLocalRuntime } from "../../lib/runtime/local/local.ts";
import type { RunEvent, Runtime } from "../../lib/runtime/runtime.ts";
import { readCount } from "../runtime/kernels.ts";
import { failureOf, callOf, foldWith, KEEP, planOf, type StageInit } from "../runtime/plans.ts";

/** Faults that take a thread down, or hold it. Each run ends right, or with an error that says which task and why. */

let dir: string;
let names = 0;
const freshDir = () => join(dir, `d${names++}`);

beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), "faults-"));
});
afterAll(() => rmSync(dir, { recursive: true, force: true }));

const faulty = (how: string, times: number, more: Partial<StageInit> = {}, into = freshDir()) =>
  planOf({ work: callOf("fault", { dir: into, task: 3, times, how }), tasks: 40, ...more });

describe("a thread that dies", () => {
  let runtime: Runtime;
  beforeAll(() => {
    runtime = createLocalRuntime({ workers: 2, memoryLimitBytes: 64 * 2 ** 20 });
  });
  afterAll(() => runtime.close());

  test.each(["exit", "unhandled", "memory"])("once by %s: its tasks run again, and one is charged", async (how) => {
    const counted = freshDir();
    const died: RunEvent[] = [];
    const failed: RunEvent[] = [];
    const { partial, report } = await runtime.run(faulty(how, 1, {}, counted), {
      onEvent: (event) => {
        if (event.type === "worker-died") died.push(event);
        if (event.type === "task-failed") failed.push(event);
      },
    });
    expect(partial).toBe(40);
    expect(died).toHaveLength(1);
    expect(failed).toMatchObject([{ task: 3, attempt: 1, willRetry: true, error: { tag: "WorkerDied" } }]);
    expect(report.stages[0]).toMatchObject({ tasks: 40, recordsIn: 40 });
    expect(readCount(counted, "fault-3")).toBe(2);
  });

  test.each([
    ["exit", "exit code 7"],
    ["unhandled", "nobody waits for this"],
    ["memory", "ran out of memory"],
  ])("every time by %s: the error names task, attempts and reason", async (how, reason) => {
    const counted = freshDir();
    const error = await failureOf(runtime.run(faulty(how, 100, { retries: 1 }, counted)));
    expect(error).toBeInstanceOf(WorkerDiedError);
    expect(error).toMatchObject({ fields: { stage: "only", task: 3, attempts: 2, input: "index 3 of 40" } });
    expect(error.message).toContain(reason);
    expect(error.message).toContain("fix:");
    expect(readCount(counted, "fault-3")).toBe(2);
  });

  test("an endless loop is stopped at its time limit", async () => {
    const error = await failureOf(runtime.run(faulty("loop", 100, { timeoutMs: 400, retries: 0 })));
    expect(error).toBeInstanceOf(TaskTimeoutError);
    expect(error).toMatchObject({ fields: { task: 3, attempts: 1, timeoutMs: 400 } });
    expect((await runtime.run(faulty("loop", 1, { timeoutMs: 400 }))).partial).toBe(40);
  });

  test("an endless loop in a cancelled run is replaced, and the runtime goes on", async () => {
    const error = await failureOf(runtime.run(faulty("loop", 100), { deadlineMs: 60 }));
    expect(error).toMatchObject({ tag: "Stalled" });
    expect((await runtime.run(planOf({ work: callOf("one"), tasks: 30 }))).partial).toBe(30);
  });

  test("a module that ends the thread while it is loaded", async () => {
    const module = join(dir, "ends.mjs");
    writeFileSync(module, "process.exit(3);");
    const work = { op: "call", params: { module: pathToFileURL(module).href, name: "x" } };
    const error = await failureOf(runtime.run(planOf({ work, tasks: 2, retries: 1 })));
    expect(error).toBeInstanceOf(WorkerDiedError);
    expect(error.message).toContain("exit code 3");
  });

  test("a module that throws while it is loaded", async () => {
    const module = join(dir, "throws.mjs");
    writeFileSync(module, "throw new RangeError('not today');");
    const work = { op: "call", params: { module: pathToFileURL(module).href, name: "x" } };
    const error = await failureOf(runtime.run(planOf({ work, tasks: 2 })));
    expect(error).toMatchObject({ tag: "Task", cause: { name: "RangeError", message: "not today" } });
  });

  test("a task may give the same bytes again: none are taken away from it", async () => {
    const plan = planOf({ work: callOf("sameBuffer"), tasks: 20, output: foldWith("rawBytes") });
    const { partial } = await runtime.run(plan);
    expect(partial).toEqual(new Uint8Array(100_000).fill(1));
  });
});

describe("memory", () => {
  test("a task projected above the limit is refused, with the terms that make it so", async () => {
    const runtime = createLocalRuntime({ workers: 1, memoryLimitBytes: 2 ** 26 });
    const estimate = { bytesIn: 0, peakBytes: { block: 2 ** 27, index: 2 ** 20 } };
    const error = await failureOf(runtime.run(planOf({ work: callOf("one"), tasks: 1, estimate })));
    expect(error).toBeInstanceOf(PlanTooLargeError);
    expect(error.message).toContain("block 134.22 MB, index 1.05 MB");
    await runtime.close();
  });

  test("tasks run side by side only as far as their projections fit", async () => {
    const runtime = createLocalRuntime({ workers: 1, threadsPerWorker: 3, memoryLimitBytes: 2 ** 28 });
    const estimate = { bytesIn: 0, peakBytes: { block: 2 ** 27 } };
    let running = 0;
    let most = 0;
    const work = callOf("traced", { dir: freshDir(), ms: 15 });
    await runtime.run(planOf({ work, tasks: 12, estimate, output: foldWith("join2") }), {
      onEvent: ({ type }) => {
        if (type === "task-started") most = Math.max(most, ++running);
        if (type === "task-finished") running--;
      },
    });
    expect(most).toBe(2);
    await runtime.close();
  });

  test("outputs beyond the budget go to disk, come back, and leave nothing there", async () => {
    const runtime = createLocalRuntime({ workers: 2, vaultBytes: 300_000 });
    let spilled = 0;
    const length = 100_000;
    const {
      refs = [],
      report,
      run,
    } = await runtime.run(planOf({ work: callOf("bytesOf", { length }), tasks: 12, output: KEEP }), {
      onEvent: (event) => (event.type === "spilled" ? (spilled += event.bytes) : 0),
    });
    expect(refs).toHaveLength(12);
    const tasks = { kind: "refs", refs } as const;
    const again = await runtime.run(planOf({ work: callOf("sumBytes"), tasks }));
    expect(again.partial).toBe(length * 66);
    expect(report.stages[0].spilledBytes).toBe(spilled);
    await runtime.release(run);
    await runtime.close();
    await runtime.close();
  });

  test("large partials are merged while tasks go on, so that few wait at a time", async () => {
    const runtime = createLocalRuntime({ workers: 2 });
    const plan = planOf({ work: callOf("vector", { length: 80_000 }), tasks: 120, output: foldWith("vectorSum") });
    let waiting = 0;
    let most = 0;
    await runtime.run(plan, {
      onEvent: ({ type }) => {
        if (type === "task-finished") most = Math.max(most, ++waiting);
        if (type === "merged") waiting--;
      },
    });
    expect(most).toBeLessThan(60);
    await runtime.close();
  });

  test("partials that wait beyond the budget go to disk, with the same bits", async () => {
    const plan = planOf({ work: callOf("vector", { length: 50_000 }), tasks: 9, output: foldWith("vectorSum") });
    const results: unknown[] = [];
    for (const vaultBytes of [1, 2 ** 30]) {
      const runtime = createLocalRuntime({ workers: 2, vaultBytes });
      results.push((await runtime.run(plan)).partial);
      await runtime.close();
    }
    expect(results[0]).toEqual(results[1]);
  });
});

describe("threads come and go", () => {
  test("scaling up and down while a run goes on", async () => {
    const runtime = createLocalRuntime({ workers: 1 });
    const work = callOf("traced", { dir: freshDir(), ms: 3 });
    const running = runtime.run(planOf({ work, tasks: 150, output: foldWith("join2") }));
    await runtime.scale(3);
    expect(runtime.threads).toBe(3);
    await new Promise((resolve) => setTimeout(resolve, 150));
    await runtime.scale(1);
    const { report } = await running;
    expect(report.stages[0]).toMatchObject({ tasks: 150, attempts: 150 });
    await runtime.close();
    await expect(runtime.scale(0)).rejects.toMatchObject({ tag: "Option" });
  });

  test("more threads bring their share of memory", async () => {
    const runtime = createLocalRuntime({ workers: 1, memoryLimitBytes: 2 ** 28 });
    await runtime.scale(3);
    let running = 0;
    let most = 0;
    const plan = planOf({
      work: callOf("traced", { dir: freshDir(), ms: 15 }),
      tasks: 12,
      estimate: { bytesIn: 0, peakBytes: { block: 2 ** 28 } },
      output: foldWith("join2"),
    });
    await runtime.run(plan, {
      onEvent: ({ type }) => {
        if (type === "task-started") most = Math.max(most, ++running);
        if (type === "task-finished") running--;
      },
    });
    expect(most).toBe(3);
    await runtime.close();
  });

  test("closing cancels what runs, and is final", async () => {
    const runtime = createLocalRuntime({ workers: 2 });
    const work = callOf("traced", { dir: freshDir(), ms: 20 });
    const running = failureOf(runtime.run(planOf({ work, tasks: 10_000 })));
    await new Promise((resolve) => setTimeout(resolve, 50));
    await runtime.close();
    expect(await running).toMatchObject({ tag: "Cancelled" });
    expect(await failureOf(runtime.run(planOf({ work, tasks: 1 })))).toMatchObject({ tag: "Cancelled" });
  });

  test.each(["createLocalRuntime", "createInlineRuntime"])(
    "a run that is cancelled while its code is loaded fails so, and a script ends: %s",
    async (make) => {
      const slow = join(dir, "slow.mjs");
      writeFileSync(slow, "await new Promise((go) => setTimeout(go, 150)); export const fold = () => ({});");
      const work = { op: "call", params: { module: pathToFileURL(slow).href, name: "fold" } };
      const plan = planOf({ work: callOf("one"), tasks: 3, output: { kind: "fold", fold: work } });
      const script = join(dir, `cancelled-${make}.ts`);
      const at = (path: string) => JSON.stringify(new URL(path, import.meta.url).href);
      writeFileSync(
        script,
        `import { ${make} } from ${at(make === "createLocalRuntime" ? "../../lib/runtime/local/local.ts" : "../../lib/runtime/inline.ts")};
         import { defaultStore } from ${at("../../lib/store/default-store.ts")};
         const abort = new AbortController();
         const running = ${make}({ store: defaultStore() }).run(${JSON.stringify(plan)}, { signal: abort.signal });
         setTimeout(() => abort.abort(), 20);
         await running.catch((error) => process.stdout.write(error.tag));`,
      );
      const { execFile } = await import("node:child_process");
      const { promisify } = await import("node:util");
      const { stdout } = await promisify(execFile)(process.execPath, [script], { timeout: 10_000 });
      expect(stdout).toBe("Cancelled");
    },
  );

  test("a script that does not close its runtime ends all the same", async () => {
    const script = join(dir, "script.ts");
    const at = (path: string) => JSON.stringify(new URL(path, import.meta.url).href);
    writeFileSync(
      script,
      `import { createLocalRuntime } from ${at("../../lib/runtime/local/local.ts")};
       import { callOf, planOf } from ${at("../runtime/plans.ts")};
       const { partial } = await createLocalRuntime({ workers: 2 }).run(planOf({ work: callOf("one"), tasks: 500 }));
       process.stdout.write(String(partial));`,
    );
    const { execFile } = await import("node:child_process");
    const { promisify } = await import("node:util");
    const { stdout } = await promisify(execFile)(process.execPath, [script], { timeout: 10_000 });
    expect(stdout).toBe("500");
    expect(existsSync(script)).toBe(true);
  });
});
