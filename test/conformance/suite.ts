import { mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { CancelledError, CsvError, OptionError, StalledError, TaskError } from "../../lib/errors.ts";
import type { Plan, Source, TaskRule } from "../../lib/plan/plan.ts";
import { FoldTree, type Merge } from "../../lib/runtime/fold-tree.ts";
import type { RunEvent, Runtime, RunResult } from "../../lib/runtime/runtime.ts";
import { defaultStore, type DefaultStore } from "../../lib/store/default-store.ts";
import { hostileAt, readCount } from "../runtime/kernels.ts";
import { failureOf, callOf, foldWith, KEEP, planOf, type StageInit } from "../runtime/plans.ts";

/** What every runtime must do alike. `skip` names a test and says why this runtime is excused. */
export interface Subject {
  readonly name: string;
  make(store: DefaultStore): Runtime | Promise<Runtime>;
  /** Puts a file where this runtime's tasks can read it. Default: a folder of this machine. */
  readonly put?: (name: string, text: string) => Promise<Source>;
  /** Tasks of a plan that runs to its end, at most, where each takes a while. Default: as many as the test likes. */
  readonly most?: number;
  readonly skip?: { readonly [test: string]: string };
}

/** Folds as the tree does, without a runtime. */
function expected<P>(values: readonly P[], merge: (a: P, b: P) => P): P | undefined {
  const tree = new FoldTree<P>(values.length);
  const settle = ({ node, left, right }: Merge<P>) => tree.settle(node, merge(left, right)).forEach(settle);
  values.forEach((value, i) => tree.offer(i, value).merges.forEach(settle));
  return tree.root?.value;
}

const bracket = (a: string, b: string) => `(${a}${b})`;
const plain = (partial: unknown) => String(partial).replaceAll(/[()]/g, "");
const indices = (count: number) => Array.from({ length: count }, (_, i) => i);

export function conformance({ name, make, put, most = Infinity, skip = {} }: Subject): void {
  describe(name, () => {
    let runtime: Runtime;
    const store = defaultStore();
    let dir: string;
    let names = 0;
    const atMost = (tasks: number) => Math.min(tasks, most);
    const freshDir = () => join(dir, `d${names++}`);
    const it = (title: string, body: () => Promise<void>) =>
      title in skip ? test.skip(`${title} (${skip[title]})`, body) : test(title, body);
    const run = (plan: Plan, onEvent?: (event: RunEvent) => void): Promise<RunResult> =>
      runtime.run(plan, onEvent === undefined ? {} : { onEvent });

    beforeAll(async () => {
      dir = mkdtempSync(join(tmpdir(), "conformance-"));
      runtime = await make(store);
    });
    afterAll(async () => {
      await runtime.close();
      rmSync(dir, { recursive: true, force: true });
    });

    // Fan and fold.

    it("folds float sums with the bits of the fixed tree", async () => {
      for (const count of [1, 2, 3, 37, atMost(700)]) {
        const { partial } = await run(planOf({ work: callOf("hostile"), tasks: count }));
        const wanted = expected(indices(count).map(hostileAt), (a, b) => a + b);
        expect(Object.is(partial, wanted)).toBe(true);
      }
    });

    it("folds left before right, whatever ends first", async () => {
      for (const appends of [false, true]) {
        const output = foldWith("join2", { appends });
        const { partial } = await run(planOf({ work: callOf("slowFirst"), tasks: 21, output }));
        expect(partial).toBe(
          expected(
            indices(21).map((i) => `${i},`),
            bracket,
          ),
        );
      }
    });

    it("folds partials of megabytes with the same bits", async () => {
      const length = 100_000;
      const { partial } = await run(
        planOf({ work: callOf("vector", { length }), tasks: 5, output: foldWith("vectorSum") }),
      );
      const leaf = (index: number) => Float64Array.from({ length }, (_, i) => hostileAt(index + i));
      const wanted = expected(indices(5).map(leaf), (a, b) => a.map((x, i) => x + b[i]));
      expect(partial).toBeInstanceOf(Float64Array);
      expect(Buffer.compare(bytesOf(partial), bytesOf(wanted))).toBe(0);
    });

    it("gives items to tasks in order", async () => {
      const tasks: TaskRule = { kind: "items", items: ["a", 2, { b: null }] };
      const { partial } = await run(planOf({ work: callOf("item"), tasks, output: foldWith("join2") }));
      expect(plain(partial)).toBe('"a",2,{"b":null},');
    });

    it("gives the neutral element for a stage without tasks", async () => {
      const { partial, report } = await run(planOf({ work: callOf("one"), tasks: 0 }));
      expect(partial).toBe(0);
      expect(report.stages[0]).toMatchObject({ tasks: 0, attempts: 0, recordsIn: 0 });
      const kept = await run(planOf({ work: callOf("bytesOf"), tasks: 0, output: KEEP }));
      expect(kept.refs).toEqual([]);
    });

    // Outputs.

    it("keeps outputs until they are released", async () => {
      for (const length of [3, 200_000]) {
        const { refs = [], run: id } = await run(
          planOf({ work: callOf("bytesOf", { length }), tasks: 4, output: KEEP }),
        );
        expect(refs.map(({ task }) => task)).toEqual([0, 1, 2, 3]);
        const bytes = await runtime.fetch(refs[3]);
        expect(bytes.byteLength).toBe(length);
        expect(bytes.every((byte) => byte === 3)).toBe(true);
        await runtime.release(id);
        expect(await failureOf(runtime.fetch(refs[3]))).toMatchObject({ tag: "NotFound" });
      }
    });

    it("feeds kept outputs to the stage that reads them", async () => {
      const { partial, report } = await run(
        planOf(
          { id: "make", work: callOf("bytesOf", { length: 1_000 }), tasks: 40, output: KEEP },
          { id: "more", work: callOf("increment"), tasks: { kind: "outputs", stage: "make", count: 40 }, output: KEEP },
          { id: "sum", work: callOf("sumBytes"), tasks: { kind: "outputs", stage: "more", count: 40 } },
        ),
      );
      expect(partial).toBe(1_000 * indices(40).reduce((sum, i) => sum + i + 1, 0));
      expect(report.stages.map(({ stage, tasks }) => [stage, tasks])).toEqual([
        ["make", 40],
        ["more", 40],
        ["sum", 40],
      ]);
    });

    it("reads what an earlier run kept", async () => {
      const first = await run(planOf({ work: callOf("bytesOf", { length: 10 }), tasks: 6, output: KEEP }));
      const tasks: TaskRule = { kind: "refs", refs: first.refs ?? [] };
      const { partial } = await run(planOf({ work: callOf("sumBytes"), tasks }));
      expect(partial).toBe(150);
      await runtime.release(first.run);
      const gone = await failureOf(run(planOf({ work: callOf("sumBytes"), tasks })));
      expect(gone).toMatchObject({ tag: "NotFound" });
      expect(gone.message).toContain("persist it again");
    });

    it("exchanges sections", async () => {
      const [producers, partitions, per] = [7, 4, 50];
      const { partial, report } = await run(
        planOf(
          {
            id: "scatter",
            work: callOf("scatter", { per, partitions }),
            tasks: producers,
            output: { kind: "exchange", partitions },
          },
          {
            id: "gather",
            work: callOf("gatherSections"),
            tasks: { kind: "sections", stage: "scatter", producers, partitions },
            output: foldWith("join2"),
          },
        ),
      );
      const all = indices(producers * per);
      const sumOf = (p: number) => all.filter((value) => value % partitions === p).reduce((a, b) => a + b, 0);
      expect(plain(partial)).toBe(
        indices(partitions)
          .map((p) => `${p}:${sumOf(p)},`)
          .join(""),
      );
      expect(report.stages[1].recordsIn).toBe(producers * per);
    });

    it("brings the sections of two stages together", async () => {
      const partitions = 3;
      const exchange = { kind: "exchange", partitions } as const;
      const scatter = (id: string, per: number, tasks: number) => ({
        id,
        work: callOf("scatter", { per, partitions }),
        tasks,
        output: exchange,
      });
      const tasks = {
        kind: "sections",
        stage: "left",
        producers: 4,
        partitions,
        and: { stage: "right", producers: 5 },
      } as const;
      const { partial, report } = await run(
        planOf(scatter("left", 10, 4), scatter("right", 20, 5), {
          id: "meet",
          work: callOf("gatherSections"),
          tasks,
          output: foldWith("join2"),
        }),
      );
      const sumOf = (p: number) =>
        [...indices(40), ...indices(100)].filter((value) => value % partitions === p).reduce((a, b) => a + b, 0);
      expect(plain(partial)).toBe(
        indices(partitions)
          .map((p) => `${p}:${sumOf(p)},`)
          .join(""),
      );
      expect(report.stages[2].recordsIn).toBe(140);
      const wrong = planOf(scatter("left", 10, 4), scatter("right", 20, 6), { id: "meet", work: callOf("one"), tasks });
      expect(await failureOf(run(wrong))).toMatchObject({
        tag: "Plan",
        fields: { path: "stages[2].tasks.and.producers" },
      });
    });

    it("names a kernel that gives the wrong shape", async () => {
      const wrong = (work: string, output = KEEP) => failureOf(run(planOf({ work: callOf(work), tasks: 2, output })));
      expect((await wrong("wrongShape")).message).toContain("where a Uint8Array belongs");
      const exchange = await wrong("wrongShape", { kind: "exchange", partitions: 3 });
      expect(exchange).toMatchObject({ tag: "Internal", fields: { stage: "only", op: "call" } });
      expect(exchange.message).toContain("3 Uint8Arrays");
      expect((await wrong("noOutput")).message).toContain("gave nothing");
    });

    // Early stop.

    it("stops when it has enough, with the shortest prefix", async () => {
      const trace = freshDir();
      const output = { ...foldWith("join2", { enough: true }), enough: 5 };
      const { partial, report } = await run(
        planOf({ work: callOf("traced", { dir: trace, ms: 1 }), tasks: 500, output }),
      );
      expect(partial).toBe(
        expected(
          indices(5).map((i) => `${i},`),
          bracket,
        ),
      );
      expect(report.stages[0]).toMatchObject({ tasks: 5, recordsIn: 5 });
      expect(readdirSync(trace).length).toBeLessThanOrEqual(5 + 2 * runtime.threads);
      const all = await run(planOf({ work: callOf("named"), tasks: 3, output }));
      expect(plain(all.partial)).toBe("0,1,2,");
    });

    it("does not fail by a task beyond what is enough", async () => {
      const output = { ...foldWith("join2", { enough: true }), enough: 1 };
      const work = callOf("lateFault", { task: 1 });
      const { partial } = await run(planOf({ work, tasks: 2, output }));
      expect(plain(partial)).toBe("0,");
    });

    // Guess, verify, repair.

    const file = async (content: string): Promise<Source> => {
      const path = `${freshDir()}.txt`;
      if (put !== undefined) return put(basename(path), content);
      writeFileSync(path, content);
      return { url: pathToFileURL(path).href, size: Buffer.byteLength(content), etag: "1" };
    };
    const linesPlan = async (texts: readonly string[], blockSize: number): Promise<Plan> => {
      const sources = await Promise.all(texts.map(file));
      const tasks: TaskRule = { kind: "ranges", sources, blockSize };
      return planOf({ work: callOf("lines"), tasks, output: foldWith("join2") });
    };
    const quoted = `one\n"a\nb"\n${"x".repeat(40)}\n"${"y\n".repeat(30)}"\nlast\n`;

    it("repairs wrong guesses, and only those", async () => {
      const wanted = ["one\n", '"a\nb"\n', `${"x".repeat(40)}\n`, `"${"y\n".repeat(30)}"\n`, "last\n"];
      const repaired: number[] = [];
      for (const blockSize of [4, 16, 33, 1_000]) {
        const { partial, report } = await run(await linesPlan([quoted, "", "p\nq\n"], blockSize), (event) => {
          if (event.type === "task-repaired") repaired.push(event.task);
        });
        const lines = [...wanted, "p\n", "q\n"].map((line) => `${JSON.stringify(line.trimEnd())},`);
        expect(plain(partial)).toBe(lines.join(""));
        expect(report.stages[0].recordsIn).toBe(7);
        expect(report.stages[0].attempts).toBe(report.stages[0].tasks + report.stages[0].repaired);
      }
      expect(repaired.length).toBeGreaterThan(3);
      const straight = await run(await linesPlan(["abc\n".repeat(100)], 40));
      expect(straight.report.stages[0].repaired).toBe(0);
    });

    it("names the row of the file for an error of a shard, and the earliest error wins", async () => {
      const content = `${"line\n".repeat(31)}!\n${"line\n".repeat(20)}!\n`;
      for (const blockSize of [20, 50, 1_000]) {
        const error = await failureOf(run(await linesPlan([content], blockSize)));
        expect(error).toBeInstanceOf(CsvError);
        expect(error).toMatchObject({ fields: { row: 31, offset: 155 } });
        expect(error.message).toMatch(/^Row 31 of (file|s3):/);
      }
    });

    it("reads memory:// as well", async () => {
      const { memory } = store;
      const { size, etag } = await memory.put("memory://here/lines.txt", new TextEncoder().encode("a\nb\nc\n"));
      const tasks: TaskRule = {
        kind: "ranges",
        sources: [{ url: "memory://here/lines.txt", size, etag }],
        blockSize: 2,
      };
      const { partial } = await run(planOf({ work: callOf("lines"), tasks, output: foldWith("join2") }));
      expect(plain(partial)).toBe('"a","b","c",');
    });

    it("passes a wider type on", async () => {
      const error = await failureOf(run(await linesPlan(["1\n2\n3\n?\n"], 4)));
      expect(error).toMatchObject({ tag: "SchemaWidened", fields: { columns: { a: "float64" } } });
    });

    // Events and conservation.

    it("tells what happens, in order", async () => {
      const events: RunEvent[] = [];
      await run(
        planOf(
          { id: "make", work: callOf("bytesOf", { length: 4 }), tasks: 3, output: KEEP },
          { id: "sum", work: callOf("sumBytes"), tasks: { kind: "outputs", stage: "make", count: 3 } },
        ),
        (event) => events.push(event),
      );
      const types = events.map(({ type }) => type).filter((type) => !type.startsWith("worker-"));
      expect(types[0]).toBe("run-started");
      expect(types.at(-1)).toBe("run-finished");
      for (const stage of ["make", "sum"]) {
        const own = events.filter((event) => "stage" in event && event.stage === stage);
        expect(own[0].type).toBe("stage-started");
        for (const task of [0, 1, 2]) {
          const lived = own.filter((event) => "task" in event && event.task === task).map(({ type }) => type);
          expect(lived).toEqual(["task-started", "task-finished"]);
        }
      }
      expect(events.filter(({ type }) => type === "merged")).toHaveLength(2);
      expect(events.filter(({ type }) => type === "stage-finished")).toHaveLength(2);
    });

    it("counts every record and every shard once", async () => {
      const tasks = atMost(1_000);
      const { report } = await run(planOf({ work: callOf("hostile"), tasks }));
      expect(report.stages[0]).toMatchObject({ tasks, attempts: tasks, recordsIn: 2 * tasks, recordsOut: tasks });
      expect(report.wallMs).toBeGreaterThan(0);
    });

    it("runs several plans at once", async () => {
      const counts = [10, atMost(500), 30];
      const results = await Promise.all(counts.map((tasks) => run(planOf({ work: callOf("one"), tasks }))));
      expect(results.map(({ partial }) => partial)).toEqual(counts);
    });

    // Failures.

    const faulty = (how: string, times: number, more: Partial<StageInit> = {}, into = freshDir()) =>
      planOf({ work: callOf("fault", { dir: into, task: 3, times, how }), tasks: 8, ...more });

    it("runs a flaky task again, as often as it may", async () => {
      const counted = freshDir();
      const failed: [number, boolean][] = [];
      const { partial, report } = await run(faulty("flaky", 2, {}, counted), (event) => {
        if (event.type === "task-failed") failed.push([event.attempt, event.willRetry]);
      });
      expect(partial).toBe(8);
      expect(failed).toEqual([
        [1, true],
        [2, true],
      ]);
      expect(readCount(counted, "fault-3")).toBe(3);
      expect(report.stages[0].attempts).toBe(10);
    });

    it("gives up after its retries", async () => {
      const counted = freshDir();
      const error = await failureOf(run(faulty("flaky", 100, { retries: 1 }, counted)));
      expect(error).toMatchObject({ tag: "StoreFault" });
      expect(readCount(counted, "fault-3")).toBe(2);
    });

    it("runs an unknown error again only where the stage asks for it", async () => {
      const counted = freshDir();
      await failureOf(run(faulty("plain", 1, {}, counted)));
      expect(readCount(counted, "fault-3")).toBe(1);
      expect((await run(faulty("plain", 1, { retries: 1 }))).partial).toBe(8);
    });

    it("says which task failed, and why", async () => {
      const error = await failureOf(run(faulty("plain", 100)));
      expect(error).toBeInstanceOf(TaskError);
      expect(error).toMatchObject({
        fields: { stage: "only", task: 3, attempts: 1, input: "index 3 of 8" },
        cause: { name: "TypeError", message: "boom", cause: { name: "RangeError", message: "the root of it" } },
      });
      expect(error.message).toContain("boom");
      expect(error.cause instanceof Error ? error.cause.stack : "").toContain("kernels.ts");
    });

    it("passes our own errors through whole", async () => {
      const error = await failureOf(run(faulty("option", 100)));
      expect(error).toBeInstanceOf(OptionError);
      expect(error).toMatchObject({ name: "OptionError", fields: { depth: 3 }, fix: "another.", retryable: false });
      expect(error.message).toBe("not this\n  fix: another.");
      expect(error.stack).toContain("kernels.ts");
    });

    it("names a merge that fails", async () => {
      const error = await failureOf(run(planOf({ work: callOf("one"), tasks: 4, output: foldWith("badMerge") })));
      expect(error).toBeInstanceOf(TaskError);
      expect(error.message).toContain("cannot merge");
    });

    it("tells that a run failed", async () => {
      const last: RunEvent[] = [];
      await failureOf(run(faulty("plain", 100), (event) => last.push(event)));
      expect(last.at(-1)).toMatchObject({ type: "run-failed", error: { tag: "Task" } });
    });

    it("names a module that cannot be loaded", async () => {
      const work = { op: "call", params: { module: "file:///nowhere/to/be/found.ts", name: "x" } };
      const error = await failureOf(run(planOf({ work, tasks: 1 })));
      expect(error).toBeInstanceOf(TaskError);
      expect(error.message).toContain("nowhere");
    });

    // Everything ends.

    it("is cancelled by its signal", async () => {
      const abort = new AbortController();
      const begin = performance.now();
      setTimeout(() => abort.abort(new Error("enough of it")), 40);
      const work = callOf("traced", { dir: freshDir(), ms: 20 });
      const error = await failureOf(runtime.run(planOf({ work, tasks: 10_000 }), { signal: abort.signal }));
      expect(error).toBeInstanceOf(CancelledError);
      expect(error.cause).toMatchObject({ message: "enough of it" });
      expect(performance.now() - begin).toBeLessThan(2_000);
      const before = failureOf(runtime.run(planOf({ work, tasks: 1 }), { signal: AbortSignal.abort() }));
      expect(await before).toBeInstanceOf(CancelledError);
    });

    it("tells the task by its signal", async () => {
      const abort = new AbortController();
      setTimeout(() => abort.abort(), 40);
      await failureOf(runtime.run(faulty("wait", 100), { signal: abort.signal }));
      // What waited has been told: the runtime is free for the next.
      expect((await run(planOf({ work: callOf("one"), tasks: 9 }))).partial).toBe(9);
    });

    it("fails when nothing moves", async () => {
      const error = await failureOf(runtime.run(faulty("wait", 100), { stallMs: 60 }));
      expect(error).toBeInstanceOf(StalledError);
      expect(error).toMatchObject({ fields: { stages: ["only"] } });
    });

    it("fails at its deadline", async () => {
      const work = callOf("traced", { dir: freshDir(), ms: 10 });
      const error = await failureOf(runtime.run(planOf({ work, tasks: 10_000 }), { deadlineMs: 60 }));
      expect(error).toBeInstanceOf(StalledError);
      expect(error.message).toContain("deadline");
    });

    it("stops a task at its time limit", async () => {
      const error = await failureOf(run(faulty("wait", 100, { timeoutMs: 60, retries: 1 })));
      expect(error).toMatchObject({ tag: "TaskTimeout", fields: { stage: "only", task: 3, attempts: 2 } });
      expect((await run(faulty("wait", 1, { timeoutMs: 60 }))).partial).toBe(8);
    });
  });
}

function bytesOf(value: unknown): Uint8Array {
  return value instanceof Float64Array
    ? new Uint8Array(value.buffer, value.byteOffset, value.byteLength)
    : new Uint8Array();
}
