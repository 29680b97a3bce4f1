import { Bag } from "../collections/bag/bag.ts";
import { BagItem } from "../collections/bag/bag-item.ts";
import type { BagItemNode, BagNode, KeptBagNode } from "../collections/bag/nodes.ts";
import type { KeptNode } from "../collections/dataframe/nodes.ts";
import type { ScalarType, Schema } from "../collections/schema.ts";
import { InternalError, OptionError } from "../errors.ts";
import { loadFold } from "../kernels/registry.ts";
import { explainPlan } from "../plan/explain.ts";
import { lowerBag, type BagEnd } from "../plan/lower/bag.ts";
import type { Plan } from "../plan/plan.ts";
import type { Runtime } from "../runtime/runtime.ts";
import type { WrittenText } from "../kernels/bag/write-text.ts";
import type { Store } from "../store/store.ts";
import { toAddress } from "../store/urls.ts";
import { decodeValue, encodeValue } from "../values.ts";
import type { Runner, RunnerHost } from "./runner.ts";
import { forgetWith } from "./forgotten.ts";

/** How bags, and what is made from them, are run. */
export const bagRunner: Runner<Bag<unknown> | BagItem<unknown>, unknown> = {
  compute: (collection, host, signal) =>
    collection instanceof Bag
      ? runFold(collection.node, { to: "collect" }, host, signal)
      : computeItem(collection.node, host, signal),
  persist: (collection, host, signal) =>
    collection instanceof Bag ? persistBag(collection.node, host, signal) : persistItem(collection.node, host, signal),
  explain: async (collection, { store, runtime }) => {
    const { node } = collection;
    if (node.kind === "keptValue") return "result      one kept value";
    const plan =
      collection instanceof Bag
        ? await lowerBag(collection.node, { to: "collect" }, { store })
        : await planOfItem(collection.node, { store });
    const result = collection instanceof Bag ? "a list of items" : node.kind;
    return explainPlan(plan, result, runtime.explainCost?.(plan));
  },
  release: async ({ node }, { runtime }) => {
    if (node.kind !== "kept" && node.kind !== "keptValue")
      throw new OptionError("release(…) expects a bag that persist() gave.", {
        fix: "release that one, not one made from it.",
      });
    for (const run of runsOf(node)) await runtime.release(run);
  },
};

async function planOfItem(node: BagItemNode, host: Pick<RunnerHost, "store">, signal?: AbortSignal): Promise<Plan> {
  if (node.kind === "keptValue") throw new InternalError("A kept value needs no plan.");
  return lowerBag(node.input, { to: "item", node }, { store: host.store, ...(signal === undefined ? {} : { signal }) });
}

async function computeItem(node: BagItemNode, host: RunnerHost, signal: AbortSignal): Promise<unknown> {
  if (node.kind === "keptValue") return decodeValue(await host.runtime.fetch(node.ref));
  const value = await runFold(node.input, { to: "item", node }, host, signal);
  return node.kind === "write" ? delivered(value as readonly WrittenText[], host.store) : value; // what its tasks give
}

/** Puts what only this side can put, and gives the names. */
async function delivered(written: readonly WrittenText[], store: Store): Promise<string[]> {
  for (const { url, bytes } of written) if (bytes !== undefined) await store.put(url, bytes);
  return written.map(({ url }) => toAddress(url));
}

/** Runs a plan that ends in a fold. */
async function runFold(node: BagNode, end: BagEnd, host: RunnerHost, signal: AbortSignal): Promise<unknown> {
  const { runtime, store, onEvent } = host;
  runtime.prepare(["bag.run"]);
  const plan = await lowerBag(node, end, { store, signal });
  const { output } = plan.stages[plan.stages.length - 1];
  if (output.kind !== "fold") throw new InternalError("A bag's plan does not end in a fold.");
  const { partial } = await runtime.run(plan, { signal, onEvent });
  const fold = await loadFold(output.fold.op, output.fold.params);
  return fold.finish(partial);
}

async function persistBag(node: BagNode, host: RunnerHost, signal: AbortSignal): Promise<Bag<unknown>> {
  return new Bag(await keep(node, host, signal));
}

async function keep(node: BagNode, { runtime, store, onEvent }: RunnerHost, signal: AbortSignal): Promise<KeptBagNode> {
  runtime.prepare(["bag.run"]);
  const plan = await lowerBag(node, { to: "keep" }, { store, signal });
  const { refs = [], report } = await runtime.run(plan, { signal, onEvent });
  const { recordsOut: items, bytesOut: bytes } = report.stages[report.stages.length - 1];
  const kept: KeptBagNode = { kind: "kept", refs, items, bytes };
  watch(kept, runtime);
  return kept;
}

async function persistItem(node: BagItemNode, host: RunnerHost, signal: AbortSignal): Promise<BagItem<unknown>> {
  const value = await computeItem(node, host, signal);
  const kept: BagItemNode = { kind: "keptValue", ref: await host.runtime.keep(encodeValue(value)) };
  watch(kept, host.runtime);
  return new BagItem(kept);
}

function watch(node: KeptBagNode | Extract<BagItemNode, { kind: "keptValue" }>, runtime: Runtime): void {
  for (const run of runsOf(node)) forgetWith(node, run, runtime);
}

function runsOf(node: KeptBagNode | Extract<BagItemNode, { kind: "keptValue" }>): Set<string> {
  return new Set(node.kind === "kept" ? node.refs.map(({ run }) => run) : [node.ref.run]);
}

/**
 * A bag's items as kept rows of a frame. Without `types` for all columns they are found first, from all items; the bag is run once, and
 * what it gave waits with the workers meanwhile.
 */
export async function keepFrame(
  bag: BagNode,
  types: Readonly<Record<string, ScalarType>> | undefined,
  host: RunnerHost,
  signal: AbortSignal,
): Promise<KeptNode> {
  const { runtime, store, onEvent } = host;
  const kept = await keep(bag, host, signal);
  try {
    const found = (await runFold(
      kept,
      { to: "schema", ...(types === undefined ? {} : { types }) },
      host,
      signal,
    )) as Schema; // what that fold gives
    const plan = await lowerBag(kept, { to: "frame", schema: found }, { store, signal });
    const { refs = [], report } = await runtime.run(plan, { signal, onEvent });
    const [{ recordsOut: rows, bytesOut: bytes }] = report.stages;
    return { kind: "kept", schema: found, refs, rows, bytes };
  } finally {
    for (const run of runsOf(kept)) await runtime.release(run);
  }
}

/** What would run for a frame over a bag. */
export async function explainBag(
  bag: BagNode,
  { store, runtime }: Pick<RunnerHost, "store"> & Partial<Pick<RunnerHost, "runtime">>,
): Promise<string> {
  const plan = await lowerBag(bag, { to: "keep" }, { store });
  return explainPlan(plan, "a frame of the items of a bag, which is run first", runtime?.explainCost?.(plan));
}
