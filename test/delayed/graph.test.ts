import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Delayed } from "../../lib/index.ts";
import { GraphError, OptionError, delayed } from "../../lib/index.ts";
import type { Argument } from "../../lib/callables/arguments.ts";
import { fill } from "../../lib/callables/holes.ts";
import { buildGraph, type Graph } from "../../lib/collections/delayed/graph.ts";
import { heldSource } from "../../lib/collections/delayed/held.ts";
import { walk } from "../../lib/collections/delayed/walk.ts";
import { decodeValue } from "../../lib/values.ts";
import { failureOf } from "./failure.ts";

const inc = delayed((x: number) => x + 1, { name: "inc" });
const add = delayed((a: number, b: number) => a + b, { name: "add" });
const sum = delayed((xs: number[]) => xs.reduce((a, b) => a + b, 0), { name: "sum" });
const pure = delayed((x: number) => x + 1, { name: "pure", pure: true });
const join = delayed((...parts: unknown[]) => JSON.stringify(parts), { name: "join" });
const pureJoin = delayed((...parts: unknown[]) => JSON.stringify(parts), { name: "join", pure: true });

function graphOf(...roots: Delayed<unknown>[]): Graph<unknown> {
  return buildGraph(roots, walk(roots), (value) => heldSource(value));
}

/** Makes the calls of a graph one after the other: each may name only those before it. */
function evaluate(
  { calls, wanted }: Graph<unknown>,
  functions: Readonly<Record<string, (...args: never[]) => unknown>>,
) {
  const results: unknown[] = [];
  const resolve = (ref: unknown, at: number): unknown => {
    if (typeof ref === "number" && ref < at) return results[ref];
    throw new Error(`Call ${at} needs ${String(ref)}, which is not before it.`);
  };
  calls.forEach(({ fn, args }, at) => {
    const values = args.map((argument: Argument<unknown>) => {
      if (typeof argument === "number") return argument;
      if (argument.value === undefined) return resolve(argument.ref, at);
      const value = decodeValue(argument.value);
      for (const { path, ref } of argument.holes ?? []) fill(value, path, resolve(ref, at));
      return value;
    });
    results.push(fn === undefined ? values[0] : functions[fn.name](...(values as never[])));
  });
  return wanted.map((index) => results[index]);
}

const FUNCTIONS = {
  inc: (x: number) => x + 1,
  pure: (x: number) => x + 1,
  add: (a: number, b: number) => a + b,
  sum: (xs: number[]) => xs.reduce((a, b) => a + b, 0),
  join: (...parts: unknown[]) => JSON.stringify(parts),
};

describe("graphs of calls", () => {
  test("list each call right behind what it needs, and nothing that is not needed", () => {
    inc(99);
    const { calls, wanted } = graphOf(add(inc(1), add(inc(2), 3)));
    expect(calls.map(({ fn }) => fn?.name)).toEqual(["inc", "inc", "add", "add"]);
    expect(wanted).toEqual([3]);
  });

  test("compute what the same calls give at once, shared parts and nested values too", () => {
    // A node is made from earlier ones; beside it is kept what it is worth, by plain JavaScript.
    const step = fc.record({
      op: fc.constantFrom("inc", "add", "sum", "value"),
      picks: fc.array(fc.nat(), { minLength: 1, maxLength: 4 }),
    });
    fc.assert(
      fc.property(fc.array(step, { minLength: 1, maxLength: 60 }), (steps) => {
        const made: { readonly node: Delayed<number>; readonly worth: number }[] = [{ node: delayed(1), worth: 1 }];
        for (const { op, picks } of steps) {
          const chosen = picks.map((pick) => made[pick % made.length]);
          const [first, second = first] = chosen;
          if (op === "inc") made.push({ node: inc(first.node), worth: (first.worth + 1) % 1e6 });
          else if (op === "add") made.push({ node: add(first.node, second.worth), worth: first.worth + second.worth });
          else if (op === "value")
            made.push({ node: sum(delayed([first.node, second.node])), worth: first.worth + second.worth });
          else
            made.push({
              node: sum([...chosen.map(({ node }) => node), 5]),
              worth: chosen.reduce((s, { worth }) => s + worth, 5),
            });
        }
        const roots = made.slice(-3);
        const graph = graphOf(...roots.map(({ node }) => node));
        expect(evaluate(graph, FUNCTIONS)).toEqual(roots.map(({ worth }) => worth));
        expect(graph.calls.length).toBeLessThanOrEqual(made.length * 2);
      }),
    );
  });

  test("hold a shared node once", () => {
    const shared = inc(1);
    const { calls } = graphOf(sum([shared, add(shared, shared), shared]), add(shared, 1));
    expect(calls.map(({ fn }) => fn?.name)).toEqual(["inc", "add", "sum", "add"]);
  });

  test("hold equal calls of a pure function once, of another each", () => {
    expect(graphOf(sum([inc(1), inc(1), inc(2)])).calls).toHaveLength(4);
    const graph = graphOf(sum([pure(pure(1)), pure(pure(1)), pure(2)]));
    expect(graph.calls.map(({ fn }) => fn?.name)).toEqual(["pure", "pure", "pure", "sum"]);
    expect(graph.merged).toBe(2);
  });

  test("tell pure calls apart by every part of their arguments", () => {
    const calls: unknown[][] = [
      [0], [-0], ["0"], [1, 2], [12], ["1|2"], ["1", "2"], ["1|", "2"], [[1, 2]], [[1], 2], [{ a: 1 }], [{ b: 1 }], [null], [undefined], [],
      [true], [NaN], [1n], [new Date(0)], [new Map([[1, 2]])], ["x".repeat(100)], ["x".repeat(99) + "y"], [new Uint8Array(3)],
      [inc(1)], [[inc(1)]], [{ a: inc(1) }], [{ b: inc(1) }], [[0, inc(1)]], ["|#0"], ["#0"],
    ]; // prettier-ignore
    const distinct = calls.map((args) => pureJoin(...args));
    const again = calls.map((args) => pureJoin(...args));
    const graph = graphOf(join(distinct, again));
    expect(graph.merged).toBe(calls.length);
  });

  test("go through arrays and plain objects, not through others", () => {
    const node = inc(1);
    const graph = graphOf(join({ a: [{ b: node }], c: 2 }, node));
    expect(evaluate(graph, FUNCTIONS)).toEqual(['[{"a":[{"b":2}],"c":2},2]']);
  });

  test("read arguments when they are made, and keep options", () => {
    const items = [1];
    const node = delayed((xs: number[]) => xs.length, { name: "count", retries: 2, timeout: "1.5s", priority: -1 })(
      items,
    );
    items.push(2);
    const { calls } = graphOf(node);
    expect(calls[0].options).toEqual({ retries: 2, timeoutMs: 1500, priority: -1 });
    expect(evaluate(graphOf(node), { count: (xs: number[]) => xs.length })).toEqual([2]);
  });

  test("that are deep or wide need no stack", () => {
    let chain: Delayed<number> = inc(0);
    for (let i = 1; i < 100_000; i++) chain = inc(chain);
    expect(evaluate(graphOf(chain), FUNCTIONS)).toEqual([100_000]);
    let level: Delayed<number>[] = Array.from({ length: 131_072 }, (_, i) => delayed(i));
    while (level.length > 1)
      level = Array.from({ length: level.length / 2 }, (_, i) => add(level[2 * i], level[2 * i + 1]));
    const fold = graphOf(level[0]);
    expect(fold.calls).toHaveLength(262_143);
    expect(evaluate(fold, FUNCTIONS)).toEqual([(131_072 * 131_071) / 2]);
    expect(evaluate(graphOf(sum(Array.from({ length: 200_000 }, (_, i) => inc(i)))), FUNCTIONS)).toEqual([
      20_000_100_000,
    ]);
    let nested: unknown = inc(0);
    for (let i = 0; i < 500; i++) nested = [nested];
    expect(graphOf(join(nested)).calls).toHaveLength(2);
  });
});

describe("cycles", () => {
  test("are refused with their names", async () => {
    const parts: Delayed<number>[] = [];
    const total = sum(parts);
    const more = inc(add(total, 1));
    parts.push(inc(5), more);
    const error = await failureOf(() => graphOf(join(more)));
    expect(error).toBeInstanceOf(GraphError);
    expect(error.message).toContain("inc → add → sum → inc");
    expect(error).toMatchObject({ tag: "Graph", fields: { cycle: ["inc", "add", "sum", "inc"] } });
    await expect(sum(parts).visualize()).rejects.toThrow(GraphError);
  });

  test("of one call are refused, long ones are cut", async () => {
    const own: Record<string, unknown> = {};
    own["self"] = join(own);
    expect((await failureOf(() => graphOf(join(own)))).message).toContain("join → join");
    const items: unknown[] = [];
    let chain = join(items);
    for (let i = 0; i < 1_000; i++) chain = join(chain);
    items.push(chain);
    const { message } = await failureOf(() => graphOf(chain));
    expect(message.length).toBeLessThan(500);
    expect(message).toContain("more … → join");
  });

  test("of plain data are none", () => {
    const ring: unknown[] = [inc(1)];
    ring.push(ring);
    expect(graphOf(join(ring)).calls).toHaveLength(2);
  });
});

describe("a Delayed", () => {
  test("is no promise, and says what it is", async () => {
    const node = add(inc(1), 3);
    expect("then" in node).toBe(false);
    expect(await (async () => node)()).toBe(node);
    expect(String(node)).toBe("Delayed (lazy)\n  add(inc(1), 3)");
    expect(String(join([1, 2, 3, 4, 5, 6, 7, 8], { a: node }, "text", null, 2n, new Map()))).toBe(
      'Delayed (lazy)\n  join([1, 2, 3, 4, 5, 6, … 2 more], { a: add(…) }, "text", null, 2n, Map)'.replace(
        "add(…)",
        "add(inc(1), 3)",
      ),
    );
    expect(node.key).toMatch(/^add-\d+$/);
    expect(node.key).not.toBe(add(inc(1), 3).key);
    expect(delayed(node)).toBe(node);
  });

  test("prints deep graphs without end in sight", () => {
    let chain: Delayed<number> = inc(0);
    for (let i = 1; i < 100_000; i++) chain = inc(chain);
    expect(String(chain)).toBe("Delayed (lazy)\n  inc(inc(inc(inc(inc(…)))))");
  });

  test("refuses options that cannot be", () => {
    const wrap = (options: object) => () => delayed((x: number) => x, options);
    expect(wrap({ timeOut: 3 })).toThrow(/no option "timeOut"[\s\S]*did you mean "timeout"/);
    for (const options of [
      { retries: -1 },
      { retries: 1.5 },
      { timeout: 0 },
      { timeout: "soon" },
      { timeout: "3 days" },
      { pure: 1 },
      { priority: NaN },
      { name: "" },
    ])
      expect(wrap(options), JSON.stringify(options)).toThrow(OptionError);
    expect(wrap({ timeout: "2h" })).not.toThrow();
  });
});
