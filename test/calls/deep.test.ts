import { describe, expect, test } from "vitest";
import type { CallableRef } from "../../lib/callables/reference.ts";
import type { GraphCall } from "../../lib/runtime/calls/calls.ts";
import { createInlineRuntime } from "../../lib/runtime/inline.ts";
import { createLocalRuntime } from "../../lib/runtime/local/local.ts";
import type { Runtime } from "../../lib/runtime/runtime.ts";
import { defaultStore } from "../../lib/store/default-store.ts";
import { encodeValue } from "../../lib/values.ts";

const inc: CallableRef = { kind: "inline", source: "(x) => x + 1", name: "inc" };
const add: CallableRef = { kind: "inline", source: "(x, y) => x + y", name: "add" };
const fail: CallableRef = { kind: "inline", source: "() => { throw new RangeError('at the bottom'); }", name: "fail" };

function chain(length: number, first: GraphCall): GraphCall[] {
  return Array.from({ length }, (_, i) => (i === 0 ? first : { fn: inc, args: [{ ref: i - 1 }] }));
}

/** Depth first: each right behind what it needs. */
function tree(leaves: number, graph: GraphCall[] = []): GraphCall[] {
  if (leaves === 1) graph.push({ fn: inc, args: [{ value: encodeValue(0) }] });
  else {
    tree(leaves / 2, graph);
    const left = graph.length - 1;
    tree(leaves / 2, graph);
    graph.push({ fn: add, args: [{ ref: left }, { ref: graph.length - 1 }] });
  }
  return graph;
}

describe.each<[string, () => Runtime]>([
  ["inline", () => createInlineRuntime({ store: defaultStore() })],
  ["on two threads", () => createLocalRuntime({ workers: 2 })],
])("deep graphs %s", (_, make) => {
  async function resultOf(graph: GraphCall[]): Promise<unknown> {
    const runtime = make();
    try {
      const [handle] = runtime.calls.add(graph, [graph.length - 1]);
      return await handle.result();
    } finally {
      await runtime.close();
    }
  }

  test("a chain of 100,000 calls", async () => {
    expect(await resultOf(chain(100_000, { fn: inc, args: [{ value: encodeValue(0) }] }))).toBe(100_000);
  });

  test("a failure at the bottom of it comes up", async () => {
    await expect(resultOf(chain(100_000, { fn: fail, args: [] }))).rejects.toThrow("at the bottom");
  });

  test("a tree of 131,072 leaves", async () => {
    expect(await resultOf(tree(131_072))).toBe(131_072);
  });

  test("20,000 calls that each give the next one", async () => {
    const source = `async function count(left, sum) {
      if (left === 0) return sum;
      const { delayed } = await import(${JSON.stringify(new URL("../../lib/index.ts", import.meta.url).href)});
      return delayed(count)(left - 1, sum + 1);
    }`;
    const args = [{ value: encodeValue(20_000) }, { value: encodeValue(0) }];
    expect(await resultOf([{ fn: { kind: "inline", source, name: "count" }, args }])).toBe(20_000);
  }, 120_000);
});
