import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { Client, Delayed, PlanError, compute, delayed, fromJSON, fromModule } from "../../lib/index.ts";
import type * as Tasks from "./tasks.ts";

describe("graphs as JSON", () => {
  let client: Client;
  let tasks: typeof Tasks;
  beforeAll(async () => {
    client = await Client.local({ workers: 1, progress: false });
    tasks = await fromModule<typeof Tasks>(new URL("./tasks.ts", import.meta.url));
  });
  afterAll(() => client.close());

  test("come back as the same graph, and give the same", async () => {
    const max = delayed(Math.max, { retries: 1, timeout: "10s", priority: 2, name: "max" });
    const shared = delayed(tasks.add)(1, 2);
    const root = delayed({
      list: [shared, max(shared, 10), 5n],
      date: new Date(7),
      third: delayed([1, 2, 3]).get(2),
      nothing: undefined,
    });
    const text = JSON.stringify(root);
    const back = fromJSON(JSON.parse(text) as unknown);
    expect(back).toBeInstanceOf(Delayed);
    expect(JSON.stringify(back)).toBe(text);
    const expected = { list: [3, 10, 5n], date: new Date(7), third: 3, nothing: undefined };
    expect(await compute(root, back)).toEqual([expected, expected]);
    const calls = root.toJSON().delayed.calls;
    expect(calls.filter(({ fn }) => fn?.kind === "module" && fn.name === "add")).toHaveLength(1);
    expect(calls.find(({ fn }) => fn?.name === "Math.max")?.options).toEqual({
      retries: 1,
      timeoutMs: 10_000,
      priority: 2,
    });
  });

  test("of any depth", () => {
    let chain = delayed(Math.abs)(-1);
    for (let i = 0; i < 20_000; i++) chain = delayed(Math.abs)(chain);
    expect(JSON.stringify(fromJSON(chain.toJSON()))).toBe(JSON.stringify(chain));
  });

  test("are refused where they cannot travel, with what to do", async () => {
    const inline = delayed((x: number) => x, { name: "inline" })(1);
    expect(() => inline.toJSON()).toThrow(PlanError);
    expect(() => inline.toJSON()).toThrow(/calls inline[\s\S]*fromModule/);
    const outer = 1;
    expect(() => delayed((x: number) => x + outer)(1).toJSON()).toThrow(PlanError);
    const kept = await delayed(Math.abs)(-1).persist();
    expect(() => delayed([kept]).toJSON()).toThrow(/before persist/);
    expect(() => delayed([client.submit(Math.abs, -1)]).toJSON()).toThrow(PlanError);
  });

  test.each<[string, (json: Record<string, unknown>) => unknown]>([
    ["abanico", (json) => ({ ...json, abanico: 99 })],
    ["delayed", () => ({ abanico: 1, delayed: [] })],
    ["delayed.root", () => ({ abanico: 1, delayed: { calls: [], root: 0 } })],
    [
      "delayed.calls[0].fn.kind",
      () => call({ fn: { kind: "inline", source: "() => process.exit()", name: "f" }, args: [] }),
    ],
    ["delayed.calls[0].fn.hash", () => call({ fn: { kind: "module", bundle: "file:///a.mjs", name: "f" }, args: [] })],
    ["delayed.calls[0].args", () => call({ args: [] })],
    ["delayed.calls[0].args[0].call", () => call({ args: [{ call: 0 }] })],
    ["delayed.calls[0].args[0].value", () => call({ args: [{}] })],
    ["delayed.calls[0].options.retries", () => call({ args: [{ json: 1 }], options: { retries: -1 } })],
    ["delayed.calls[0].options.key", () => call({ args: [{ json: 1 }], options: { key: "x" } })],
    ["delayed.calls[1].args[0].holes[0].path", () => two({ json: [1], holes: [{ path: [], call: 0 }] })],
    ["delayed.calls[1].args[0].holes[0].path", () => two({ json: [1], holes: [{ path: [0, 1], call: 0 }] })],
    ["delayed.calls[1].args[0].holes[0].call", () => two({ json: [1], holes: [{ path: [0], call: 1 }] })],
  ])("that are not well formed are refused at %s", (path, spoil) => {
    const json = spoil({ ...delayed(Math.abs)(1).toJSON() });
    let fields: unknown;
    try {
      fromJSON(json);
    } catch (error) {
      expect(error).toBeInstanceOf(PlanError);
      fields = (error as PlanError).fields;
    }
    expect(fields).toMatchObject({ path });
  });
});

function call(one: object): unknown {
  return { abanico: 1, delayed: { calls: [one], root: 0 } };
}

function two(argument: object): unknown {
  return { abanico: 1, delayed: { calls: [{ args: [{ json: 1 }] }, { args: [argument] }], root: 1 } };
}
