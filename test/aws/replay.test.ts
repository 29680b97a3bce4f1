import type { Table } from "apache-arrow";
import { describe, expect, test } from "vitest";
import { writeArray } from "../../lib/client/array-files.ts";
import { arrayWrite } from "../../lib/collections/array/array-write.ts";
import { random } from "../../lib/collections/array/random.ts";
import { createInlineRuntime } from "../../lib/runtime/inline.ts";
import { col, readCsv } from "../../lib/index.ts";
import { advance } from "../../lib/runtime/aws/advance.ts";
import { Journal } from "../../lib/runtime/aws/journal.ts";
import { memoryStore } from "../../lib/store/memory.ts";
import { objectUrl, outcomeKey } from "../../lib/runtime/aws/keys.ts";
import { work } from "../../lib/runtime/aws/work.ts";
import { writeTarget } from "../../lib/collections/dataframe/write.ts";
import { fromSequence } from "../../lib/index.ts";
import { failureOf, planOf as plan, callOf } from "../runtime/plans.ts";
import { stackWith } from "./cloud-run.ts";

const sales = (rows: number) => `p,n\n${Array.from({ length: rows }, (_, i) => `p${i % 3},${i}`).join("\n")}\n`;
const rowsOf = (table: unknown) => (table as Table).toArray().map((row) => ({ ...row }));
const total = () =>
  readCsv("s3://bucket/in/*.csv", { blockSize: 500 })
    .groupBy("p")
    .agg({ n: col("n").sum() });
const bytes = (text: string) => new TextEncoder().encode(text);

test("files that come while it runs are not read, since its listing is that of its beginning", async () => {
  const stack = stackWith(
    { "in/a.csv": sales(300), "in/b.csv": sales(90) },
    {},
    {
      work: async (input, services) => {
        await services.store.put("s3://bucket/in/c.csv", bytes(sales(1_000)));
        return work(input, services);
      },
    },
  );
  const before = rowsOf(await stack.computeHere(total()));
  expect(rowsOf(await stack.compute(total()))).toEqual(before);
  expect(rowsOf(await stack.computeHere(total()))).not.toEqual(before);
});

test("a write gives its files, finds its own place free at every step, and refuses one that was taken before", async () => {
  const stack = stackWith({ "in/a.csv": sales(300), "in/b.csv": sales(90) });
  const rows = readCsv("s3://bucket/in/*.csv", { blockSize: 500 }).filter(col("n").gt(5));
  const write = writeTarget("csv", "s3://bucket/out/", {});
  const written = (await stack.compute(rows, { write })) as { path: string; rows: number }[];
  expect(written.length).toBeGreaterThan(3);
  expect(written.reduce((sum, { rows: count }) => sum + count, 0)).toBe(294 + 84);
  expect(await stack.keys("out/")).toEqual(written.map(({ path }) => path.slice("s3://bucket/".length)));
  const again = await failureOf(stack.compute(rows, { write }, "run-2"));
  expect(again).toMatchObject({ tag: "Conflict" });
  const over = { write: { ...write, overwrite: true } };
  expect(await stack.compute(rows.head(20), over, "run-3")).toHaveLength(1);
  expect(await stack.keys("out/")).toHaveLength(1);
});

test("a write whose types turn out wider starts over, and only its last files stay", async () => {
  const stack = stackWith({ "w.csv": `n,x\n${"1,1\n".repeat(3_000)}2,2.5\n` });
  const rows = readCsv("s3://bucket/w.csv", { blockSize: 4_000, sampleRows: 10 });
  const written = (await stack.compute(rows, { write: writeTarget("csv", "s3://bucket/out/", {}) })) as object[];
  expect(await stack.keys("out/")).toHaveLength(written.length);
  const back = await stack.computeHere(readCsv("s3://bucket/out/*.csv").agg({ x: col("x").sum() }));
  expect(rowsOf(back)).toEqual([{ x: 3_002.5 }]);
});

test("a frame over a bag is planned in parts, each of which runs once", async () => {
  let rounds = 0;
  const stack = stackWith(
    {},
    {},
    {
      advance: async (input, services) => {
        const directive = await advance(input, services);
        if (directive.action === "stage") rounds++;
        return directive;
      },
    },
  );
  const items = Array.from({ length: 40 }, (_, i) => ({ a: i, b: i % 3 }));
  const frame = fromSequence(items, { partitions: 4 })
    .toDataFrame()
    .groupBy("b")
    .agg({ a: col("a").max() });
  expect(rowsOf(await stack.compute(frame)).sort((x, y) => Number(x["b"]) - Number(y["b"]))).toEqual([
    { b: 0n, a: 39n },
    { b: 1n, a: 37n },
    { b: 2n, a: 38n },
  ]);
  const outcome = await stack.execute("run-1");
  expect(outcome.ok && outcome.stages).toHaveLength(rounds);
  expect(outcome.ok && outcome.part).toBe(3);
});

test("a source that is replaced or deleted between plan and work fails by name", async () => {
  const meddling = (meddle: (services: Parameters<typeof work>[1]) => Promise<unknown>) =>
    stackWith(
      { "in/a.csv": sales(300), "in/b.csv": sales(90) },
      {},
      {
        work: async (input, services) => {
          await meddle(services);
          return work(input, services);
        },
      },
    );
  const replaced = meddling((services) => services.store.put("s3://bucket/in/b.csv", bytes(sales(90))));
  const changed = await failureOf(replaced.compute(total()));
  expect(changed).toMatchObject({
    tag: "SourceChanged",
    fields: { url: expect.stringMatching(/:\/\/bucket\/in\/b\.csv$/) },
  });
  const deleted = meddling((services) => services.store.delete("s3://bucket/in/b.csv"));
  expect(await failureOf(deleted.compute(total()))).toMatchObject({ tag: "NotFound" });
});

test("what a planner has put where nothing was is no conflict when it is planned again", async () => {
  const store = memoryStore();
  const journal = () => new Journal(store, [], (operation) => operation()).store;
  const write = (text: string) => journal().put("memory://b/x", bytes(text), { ifAbsent: true });
  await write("one");
  expect(await write("one")).toMatchObject({ size: 3 });
  expect(await failureOf(write("two"))).toMatchObject({ tag: "Conflict" });
});

test("two that plan at once come to one plan, with what the first has seen", async () => {
  const stack = stackWith({ "in/a.csv": sales(300) });
  await stack.request("run-1", { kind: "collection", collection: JSON.parse(JSON.stringify(total())) });
  const { services } = stack;
  const begun = advance({ run: "run-1" }, services);
  await services.store.put("s3://bucket/in/b.csv", bytes(sales(90)));
  const [first, second] = await Promise.all([begun, advance({ run: "run-1" }, services)]);
  expect(second).toEqual(first);
  expect(await stack.keys("runs/run-1/0/")).toEqual([
    "runs/run-1/0/plan.json",
    "runs/run-1/0/scan/manifest-0.jsonl",
    "runs/run-1/0/seen.json",
  ]);
  expect(await advance({ run: "run-1" }, services)).toEqual(first);
});

test("what Step Functions caught and nobody recorded ends the run, by a name", async () => {
  const stack = stackWith();
  const { services } = stack;
  await stack.request("run-1", { kind: "plan", plan: plan({ work: callOf("hostile"), tasks: 4 }) });
  const directive = await advance({ run: "run-1" }, services);
  const error = { Error: "States.DataLimitExceeded", Cause: "too much" };
  expect(await failureOf(advance({ ...directive, error }, services))).toMatchObject({ tag: "WorkerDied" });
  // What was caught of an earlier round does not matter any more.
  expect(await advance({ ...directive, stage: "before", error } as never, services)).toEqual(directive);
  expect(await failureOf(advance(directive, services))).toMatchObject({ tag: "Internal" });
});

test("a description that is wrong, files that are not there, and functions of calls that fail", async () => {
  const stack = stackWith();
  const { services } = stack;
  expect(await failureOf(stack.compute({ abanico: 1, frame: { kind: "cvs" } }, {}, "a"))).toMatchObject({
    tag: "Plan",
    fields: { path: "frame.kind" },
  });
  expect(await failureOf(stack.compute(readCsv("s3://bucket/none/*.csv"), {}, "b"))).toMatchObject({ tag: "NotFound" });
  expect(await failureOf(stack.compute(readCsv("/etc/hosts"), {}, "c"))).toBeInstanceOf(Error);
  const calls = [{ fn: { kind: "builtin", name: "JSON.parse" }, args: [{ json: "{" }] }];
  expect(await failureOf(stack.compute({ abanico: 1, delayed: { calls, root: 0 } }, {}, "d"))).toBeInstanceOf(
    SyntaxError,
  );
  const text = new TextDecoder().decode(await services.store.get(objectUrl(services, outcomeKey("d"))));
  expect(JSON.parse(text)).toMatchObject({ ok: false, error: { name: "SyntaxError" } });
});

describe.each(["npy", "zarr"] as const)("an array is written as %s", (format) => {
  const to = `s3://bucket/out/x.${format}`;
  const array = (rows: number) => random.normal([rows, 5], { seed: 3, chunks: [3, 2] });
  const write = arrayWrite(format, to, {});

  test("with the bytes of this machine; what was there is refused, or goes", async () => {
    const stack = stackWith();
    const objects = async () => {
      const keys = await stack.keys("out/");
      const found = keys.map(async (key) => [key, Buffer.from(await stack.services.store.get(`s3://bucket/${key}`)).toString("hex")]); // prettier-ignore
      return Object.fromEntries(await Promise.all(found)) as Record<string, string>;
    };
    const here = async (rows: number) => {
      const runtime = createInlineRuntime({ store: stack.services.store });
      const host = { runtime, store: stack.services.store, onEvent: () => undefined };
      const over = arrayWrite(format, to, { overwrite: true });
      return [await writeArray(array(rows).node, over, host, new AbortController().signal), await objects()];
    };
    const cloud = async (rows: number, given: object, run: string) => [
      await stack.compute(array(rows), { write: { ...write, ...given } }, run),
      await objects(),
    ];
    const [seven, four] = [await here(7), await here(4)];
    for (const key of await stack.keys("out/")) await stack.services.store.delete(`s3://bucket/${key}`);
    expect(await cloud(7, {}, "run-1")).toEqual(seven);
    expect(await failureOf(cloud(7, {}, "run-2"))).toMatchObject({ tag: "Conflict" });
    expect(await cloud(4, { overwrite: true }, "run-3")).toEqual(four);
    // What the planner deletes, and what tasks write meanwhile, have the same names.
    expect(await cloud(7, { overwrite: true }, "run-4")).toEqual(seven);
  });

  test("of nothing but an array", async () => {
    const refused = stackWith({ "in/a.csv": sales(3) }).compute(total(), { write });
    expect(await failureOf(refused)).toMatchObject({ tag: "Plan", fields: { path: "write" } });
  });
});
