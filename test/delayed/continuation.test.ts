import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { describe, expect, test } from "vitest";
import { fromTravelling } from "../../lib/collections/from-json.ts";
import { GraphError, delayed, fromSequence, readCsv, type Delayed } from "../../lib/index.ts";
import { continuationOf, decodeContinuation, isContinuation } from "../../lib/kernels/call/continuation.ts";
import { encodeValue } from "../../lib/values.ts";

const inc = delayed((x: number) => x + 1, { name: "inc" });

describe("what a task gives", () => {
  test("is a value, where it holds nothing that is to come", () => {
    const ring: unknown[] = [];
    ring.push(ring);
    for (const value of [1, "a", null, undefined, [1, [2]], { a: { b: 1 } }, new Map([[1, inc(1)]]), ring, new Date()])
      expect(continuationOf(value)).toBeUndefined();
    expect(isContinuation(encodeValue({ a: 1 }))).toBe(false);
  });

  test("is calls, where it is or holds a Delayed", () => {
    for (const [value, calls, root] of [
      [inc(inc(1)), 2, 1],
      [{ a: [1, inc(2)], b: inc(3) }, 3, 2],
    ] as const) {
      const bytes = continuationOf(value);
      if (bytes === undefined) throw new Error("no continuation");
      expect(isContinuation(bytes)).toBe(true);
      const shared = new Uint8Array(new SharedArrayBuffer(bytes.length));
      shared.set(bytes);
      for (const read of [decodeContinuation(bytes), decodeContinuation(shared)]) {
        expect(read).toMatchObject({ root });
        expect("graph" in read ? read.graph.map(({ fn }) => fn?.name) : []).toHaveLength(calls);
      }
    }
  });

  test("is a description, where it is another collection", () => {
    for (const one of [readCsv("a.csv").head(3), fromSequence([1]).map((x) => x + 1), fromSequence([1]).count()]) {
      const read = decodeContinuation(continuationOf(one) ?? new Uint8Array());
      expect("collection" in read ? String(fromTravelling(read.collection)) : "").toBe(String(one));
    }
  });

  test("is calls behind descriptions, where it holds other collections", () => {
    const bytes = continuationOf({ a: [fromSequence([1]), inc(2)], b: readCsv("a.csv") });
    const read = decodeContinuation(bytes ?? new Uint8Array());
    if (!("graph" in read)) throw new Error("no graph");
    expect(read.graph.map(({ collection, fn }) => collection?.is ?? fn?.name)).toEqual([
      "DataFrame",
      "Bag",
      "inc",
      undefined,
    ]);
    expect(read.root).toBe(3);
  });

  test("is refused where it cannot go on", () => {
    const use = delayed((x: unknown) => x);
    const items: Delayed<unknown>[] = [];
    items.push(use(items));
    expect(() => continuationOf(items)).toThrow(GraphError);
  });
});

test("a thread that makes no Delayed does not load what looks for one", async () => {
  const url = (path: string) => new URL(`../../lib/${path}`, import.meta.url).href;
  const script = `import { registerHooks } from "node:module";
    registerHooks({ load: (url, context, next) => (console.log(url), next(url, context)) });
    const { continuationOf } = await import(${JSON.stringify(url("kernels/call/continuation.ts"))});
    console.log(continuationOf([{ a: 1 }]));`;
  const { stdout } = await promisify(execFile)(process.execPath, ["--input-type=module", "--eval", script]);
  expect(stdout).toMatch(/delayed\/made\.ts[\s\S]*undefined\n$/);
  expect(stdout).not.toMatch(/delayed\/(delayed|graph|walk)\.ts/);
});
