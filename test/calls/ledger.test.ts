import { serialize } from "node:v8";
import fc from "fast-check";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { Argument } from "../../lib/callables/arguments.ts";
import type { CallableRef } from "../../lib/callables/reference.ts";
import { CancelledError } from "../../lib/errors.ts";
import type { CallHandle, GraphCall } from "../../lib/runtime/calls/calls.ts";
import { CallGraph } from "../../lib/runtime/calls/call-graph.ts";
import { Handle } from "../../lib/runtime/calls/handle.ts";
import type { CallNode } from "../../lib/runtime/calls/node.ts";
import { Vault } from "../../lib/runtime/vault.ts";
import { encodeValue } from "../../lib/values.ts";
import { checkInvariants, reachable, type Held } from "./invariants.ts";
import { ScriptedExecutor, type Given } from "./script.ts";

/**
 * Random graphs, and whatever may happen to them in any order, against a model: a call gives 1 and the sum of its arguments. After
 * each event the ledger's invariants hold; in the end, once all that failed was retried, all that is held is there and right.
 */
beforeEach(() => void vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] }));
afterEach(() => void vi.useRealTimers());

const SUM: CallableRef = { kind: "builtin", name: "sum" };

type Event =
  | { readonly do: "add"; readonly calls: readonly Call[] }
  | { readonly do: "hold"; readonly value: number }
  | { readonly do: "settle"; readonly which: number; readonly give: "value" | "error" | "more" | "data" }
  | { readonly do: "resolve" | "reject" | "cancel" | "retry" | "release" | "loosen"; readonly which: number }
  | { readonly do: "serve" | "end" | "recall" | "die" | "time out"; readonly which: number }
  | { readonly do: "tick" };

interface Call {
  readonly args: readonly { readonly kind: "value" | "held" | "earlier" | "hole"; readonly at: number }[];
  readonly wanted: boolean;
  readonly isData: boolean;
  readonly key: number;
  readonly retries: number;
  readonly priority: number;
}

const which = fc.nat(50);
const call: fc.Arbitrary<Call> = fc.record({
  args: fc.array(fc.record({ kind: fc.constantFrom("value", "held", "earlier", "hole"), at: which }), { maxLength: 3 }),
  wanted: fc.boolean(),
  isData: fc.boolean(),
  key: fc.nat(12),
  retries: fc.nat(2),
  priority: fc.nat(2),
});
const event: fc.Arbitrary<Event> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({ do: fc.constant("add"), calls: fc.array(call, { minLength: 1, maxLength: 6 }) }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("hold"), value: which }) },
  {
    weight: 8,
    arbitrary: fc.record({
      do: fc.constant("settle"),
      which,
      give: fc.constantFrom("value", "value", "value", "error", "more", "data"),
    }),
  },
  { weight: 6, arbitrary: fc.record({ do: fc.constant("serve"), which }) },
  {
    weight: 8,
    arbitrary: fc.record({
      do: fc.constantFrom(
        "resolve",
        "reject",
        "cancel",
        "retry",
        "release",
        "loosen",
        "end",
        "recall",
        "die",
        "time out",
      ),
      which,
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("tick") }) },
);

class World {
  readonly executor = new ScriptedExecutor(2);
  readonly graph = new CallGraph(this.executor, new Vault(1 << 30));
  readonly holds: Held[] = [];
  readonly handles: Handle[] = [];
  readonly nodes = new Set<CallNode>();
  /** What each call gives. */
  readonly expected = new Map<CallNode, number>();
  rejected = false;
  readonly waits: { readonly wait: PromiseWithResolvers<number>; readonly value: number }[] = [];

  get open(): number[] {
    return this.holds.flatMap(({ state }, i) => (state === "open" ? [i] : []));
  }

  pick(at: number): number | undefined {
    const { open } = this;
    return open.length === 0 ? undefined : open[at % open.length];
  }

  keep(handle: CallHandle, expected: number): void {
    if (!(handle instanceof Handle)) throw new Error("handles are the graph's own");
    this.handles.push(handle);
    this.holds.push({ node: handle.node, state: "open" });
    this.nodes.add(handle.node);
    if (!this.expected.has(handle.node)) this.expected.set(handle.node, expected);
  }

  add(calls: readonly Call[]): void {
    const graph: GraphCall[] = [];
    const values: number[] = [];
    for (const { args, isData, key, retries, priority, wanted } of calls) {
      let sum = isData ? 0 : 1;
      const one = (kind: string, at: number): Argument<number | CallHandle> => {
        const held = this.pick(at);
        if (kind === "held" && held !== undefined) {
          sum += this.expected.get(this.holds[held].node) ?? NaN;
          return { ref: this.handles[held] };
        }
        if (kind === "earlier" && graph.length > 0) {
          sum += values[at % graph.length];
          return { ref: at % graph.length };
        }
        sum += at;
        return at;
      };
      const made = args.map(({ kind, at }): Argument<number | CallHandle> => {
        if (kind !== "hole") return one(kind, at);
        const inner = one("held", at);
        if (typeof inner === "number" || inner.value !== undefined) return inner;
        return { value: encodeValue({ in: [undefined] }), holes: [{ path: ["in", 0], ref: inner.ref }] };
      });
      // Data is its only argument, and here a number.
      const data = isData ? [one(args[0]?.kind ?? "value", args[0]?.at ?? 0)] : [];
      if (isData) sum = valueOf(data[0], values, this);
      const named = wanted && key < 4 && !isData ? { key: `key ${key}` } : {};
      const options = { retries, priority, ...named };
      // A call that is there under its key is that call.
      const known = [...this.nodes].find(
        ({ state, givenKey }) => state !== "dropped" && givenKey === named.key && givenKey !== undefined,
      );
      const before = graph.findIndex((one) => named.key !== undefined && one.options?.key === named.key);
      values.push(before >= 0 ? values[before] : known === undefined ? sum : (this.expected.get(known) ?? NaN));
      graph.push(isData ? { fn: undefined, args: data } : { fn: SUM, args: made, options });
    }
    const wanted = calls.flatMap((one, i) => (one.wanted ? [i] : []));
    this.graph.add(graph, wanted).forEach((handle, i) => this.keep(handle, values[wanted[i]]));
  }

  async hold(value: number): Promise<void> {
    const wait = Promise.withResolvers<number>();
    wait.promise.catch(() => undefined); // the graph hears of it
    this.keep(this.graph.hold(wait.promise, "a promise"), value);
    this.waits.push({ wait, value });
  }

  async happen(event: Event): Promise<void> {
    const { executor } = this;
    if (event.do === "add") return this.add(event.calls);
    if (event.do === "hold") return this.hold(event.value);
    if (event.do === "tick") return void vi.advanceTimersByTime(10_000);
    const held = this.pick(event.which);
    switch (event.do) {
      case "serve":
        return void executor.serve(event.which);
      case "settle":
        return executor.out.length === 0 ? undefined : executor.settle(event.which, (args) => give(args, event.give));
      case "end":
      case "recall":
        return executor.out.length === 0 ? undefined : executor[event.do](event.which);
      case "die":
      case "time out":
        return executor.die(event.which, event.do === "time out");
      case "resolve":
      case "reject":
        return this.answer(event.which, event.do === "resolve");
    }
    if (held === undefined) return;
    if (event.do === "release" || event.do === "loosen")
      this.holds[held].state = event.do === "release" ? "released" : "loose";
    this.handles[held][event.do]();
  }

  answer(at: number, well: boolean): void {
    if (this.waits.length === 0) return;
    const [{ wait, value }] = this.waits.splice(at % this.waits.length, 1);
    this.rejected ||= !well;
    if (well) wait.resolve(value);
    else wait.reject(new Error("rejected"));
  }

  check(): void {
    for (const node of reachable(this.nodes)) this.nodes.add(node);
    checkInvariants(this.nodes, this.holds);
  }

  /** Until nothing is left to do. */
  async drain(): Promise<void> {
    for (let idle = 0; idle < 3; idle++) {
      vi.advanceTimersByTime(10_000);
      await settleDown();
      for (let lane = 0; lane < 2; lane++) if (this.executor.serve(lane)) idle = 0;
      while (this.executor.out.length > 0) this.executor.settle(0, (args) => give(args, "value"));
      this.check();
    }
  }
}

function valueOf(argument: Argument<number | CallHandle>, values: readonly number[], world: World): number {
  if (typeof argument === "number") return argument;
  if (argument.value !== undefined)
    return argument.value[0] === 6 ? new DataView(argument.value.buffer).getFloat64(1, true) : NaN;
  if (typeof argument.ref === "number") return values[argument.ref];
  return argument.ref instanceof Handle ? (world.expected.get(argument.ref.node) ?? NaN) : NaN;
}

function give(args: readonly unknown[], what: "value" | "error" | "more" | "data"): Given {
  const value = args.reduce<number>((sum, arg) => sum + numberIn(arg), 1);
  if (what === "error") return { error: new Error("the script said so") };
  if (what === "value") return { value };
  const graph: GraphCall[] =
    what === "data"
      ? [{ fn: undefined, args: [{ value: encodeValue(value) }] }]
      : [
          { fn: SUM, args: [{ value: encodeValue(value - 2) }], options: { retries: 1 } },
          { fn: SUM, args: [{ value: encodeValue(100) }] }, // culled
          { fn: SUM, args: [{ ref: 0 }], options: { key: `more ${value}` } }, // of others too
        ];
  return { value, bytes: Buffer.concat([Buffer.of(254), serialize({ graph, root: graph.length - 1 })]) };
}

function numberIn(value: unknown): number {
  if (typeof value === "number") return value;
  return typeof value === "object" && value !== null
    ? Object.values(value).reduce((sum: number, inner) => sum + numberIn(inner), 0)
    : NaN;
}

/** What waits as a promise goes on. */
async function settleDown(): Promise<void> {
  for (let i = 0; i < 12; i++) await Promise.resolve();
}

test("whatever happens, each call is kept, made, failed, retried and dropped as it should", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(event, { minLength: 5, maxLength: 60 }), async (events) => {
      const world = new World();
      for (const one of events) {
        await world.happen(one);
        await settleDown();
        world.check();
      }
      while (world.waits.length > 0) world.answer(0, true);
      await world.drain();
      for (const { node, state } of world.holds) if (state === "open") expect(node.over, node.key).toBe(true);
      for (const i of world.open) world.handles[i].retry();
      await world.drain();
      for (const i of world.open) {
        const { node } = world.holds[i];
        // A promise stays rejected, however often it is asked.
        if (world.rejected && node.error?.message === "rejected") expect(world.handles[i].status).toBe("error");
        else expect(await world.handles[i].result(), node.key).toBe(world.expected.get(node));
      }
      for (const i of world.open) world.handles[i].release();
      for (const node of reachable(world.nodes)) expect(node.state, node.key).toBe("dropped");
      world.graph.close(new CancelledError("closed"));
    }),
    { numRuns: Number(process.env["RUNS"] ?? 300) },
  );
});

/** A call's key, and what it gives instead of a value: that its result is that of the call with another key. */
function turnsTo(key: string): Given {
  const graph: GraphCall[] = [{ fn: SUM, args: [{ value: encodeValue(7) }], options: { key } }];
  return { value: undefined, bytes: Buffer.concat([Buffer.of(254), serialize({ graph, root: 0 })]) };
}

/** A call that followed another, was cancelled and made again, and follows a second one now; both are out, on a lane each. */
function turnedAway(world: World): { call: CallNode; first: CallNode; second: CallNode } {
  const { graph, executor } = world;
  const hold = (key: string) => {
    const [handle] = graph.add([{ fn: SUM, args: [{ value: encodeValue(1) }], options: { key } }], [0]);
    world.keep(handle, 2);
  };
  hold("call");
  executor.serve(0);
  executor.settle(0, () => turnsTo("first"));
  // Held, so that it stays when the call turns away from it.
  hold("first");
  executor.serve(0);
  world.handles[0].cancel();
  world.check();
  world.handles[0].retry();
  executor.serve(1);
  executor.settle(1, () => turnsTo("second"));
  hold("second");
  executor.serve(1);
  world.check();
  const [call, first, second] = world.holds.map(({ node }) => node);
  expect([call.state, call.follows]).toEqual(["following", second]);
  expect(first.followers).toContain(call);
  expect([first.state, second.state]).toEqual(["running", "running"]);
  return { call, first, second };
}

test("a call that was made again has nothing to do with the one that it followed before: its value", async () => {
  const world = new World();
  const { call, first } = turnedAway(world);
  world.executor.settle(0, () => ({ value: 10 }));
  world.check();
  expect([first.state, call.state]).toEqual(["done", "following"]);
  world.executor.settle(0, () => ({ value: 20 }));
  world.check();
  expect(await world.handles[0].result()).toBe(20);
  world.graph.close(new CancelledError("closed"));
});

test("a call that was made again has nothing to do with the one that it followed before: its error", async () => {
  const world = new World();
  const { call, first } = turnedAway(world);
  world.executor.settle(0, () => ({ error: new Error("of the first") }));
  world.check();
  expect([first.state, call.state]).toEqual(["failed", "following"]);
  world.executor.settle(0, () => ({ value: 20 }));
  expect(await world.handles[0].result()).toBe(20);
  world.graph.close(new CancelledError("closed"));
});

/** A call that threw, and waits for its second attempt. */
function postponed(world: World): CallNode {
  const [handle] = world.graph.add([{ fn: SUM, args: [{ value: encodeValue(1) }], options: { retries: 1 } }], [0]);
  world.keep(handle, 2);
  world.executor.serve(0);
  world.executor.settle(0, () => ({ error: new Error("at first") }));
  const [{ node }] = world.holds;
  expect([node.state, node.missing]).toEqual(["waiting", 1]);
  return node;
}

test("the delay before another attempt ends in vain where the call has ended", () => {
  const world = new World();
  const node = postponed(world);
  world.handles[0].cancel();
  vi.advanceTimersByTime(10_000);
  world.check();
  expect([node.state, node.missing]).toEqual(["cancelled", 1]);
  expect(world.executor.serve(0)).toBe(false);
  world.graph.close(new CancelledError("closed"));
});

test("the delay of an attempt is not that of the ones after a retry", async () => {
  const world = new World();
  const node = postponed(world);
  world.handles[0].cancel();
  world.handles[0].retry();
  world.executor.serve(0);
  // It fails again before the first delay is over: only the second delay counts.
  expect(node.state).toBe("running");
  world.executor.settle(0, () => ({ error: new Error("again") }));
  expect([node.state, node.missing]).toEqual(["waiting", 1]);
  vi.advanceTimersByTime(10_000);
  world.check();
  expect([node.state, node.missing]).toEqual(["ready", 0]);
  world.executor.serve(0);
  world.executor.settle(0, () => ({ value: 2 }));
  expect(await world.handles[0].result()).toBe(2);
  world.graph.close(new CancelledError("closed"));
});
