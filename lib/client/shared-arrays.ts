import { inOrder, inputsOf, rebuilt } from "../collections/array/graph.ts";
import type { ArrayNode } from "../collections/array/nodes.ts";
import { lowerChunks } from "../plan/lower/array.ts";
import { outputsTogether } from "../plan/lower/array/outputs.ts";
import { sharedNodes } from "../plan/lower/array/shared.ts";
import type { Plan } from "../plan/plan.ts";
import { forgetWith } from "./forgotten.ts";
import { otherGemm } from "./gemm.ts";
import { keptIn } from "./kept.ts";
import type { RunnerHost } from "./runner.ts";

/**
 * Runs `work` over the same graphs, in which what several of its runs would compute is kept already, where that is dear: the factors of a decomposition of which U, the
 * singular values and V are asked for. What is kept goes when the work has ended. `runsOf`: the places of the nodes that are lowered together.
 */
export async function withShared<T>(
  nodes: readonly ArrayNode[],
  runsOf: (nodes: readonly ArrayNode[]) => readonly (readonly number[])[],
  host: RunnerHost,
  signal: AbortSignal,
  work: (nodes: readonly ArrayNode[]) => Promise<T>,
): Promise<T> {
  if (nodes.length < 2) return work(nodes);
  const { runtime } = host;
  const roots = outputsTogether(nodes);
  const runs = runsOf(roots).map((places) => places.map((i) => roots[i]));
  const shared = sharedNodes(runs, runtime.taskBytes);
  const kept = new Map<ArrayNode, Promise<ArrayNode>>();
  const begun = new AbortController();
  const either = AbortSignal.any([signal, begun.signal]);
  try {
    for (const node of shared) {
      const made = keptOver(node, new Map(kept), host, either);
      // Awaited by what is made of it, perhaps after it has failed.
      made.catch(() => undefined);
      kept.set(node, made);
    }
    return await work(await overKept(roots, kept));
  } catch (error) {
    begun.abort(error);
    throw error;
  } finally {
    for (const made of await Promise.allSettled(kept.values()))
      if (made.status === "fulfilled" && made.value.op === "kept") await runtime.release(made.value.run);
  }
}

/** Keeps a node that is made of others that are kept, or are about to be. */
async function keptOver(
  node: ArrayNode,
  kept: ReadonlyMap<ArrayNode, Promise<ArrayNode>>,
  host: RunnerHost,
  signal: AbortSignal,
): Promise<ArrayNode> {
  const inputs = await overKept(inputsOf(node), kept);
  const own = { ...node, inputs } as ArrayNode; // the same operation over as many inputs
  return keptNode(inputs.length === 0 ? node : own, host, signal);
}

/** The same graphs over what is kept, once that is there. */
async function overKept(
  roots: readonly ArrayNode[],
  kept: ReadonlyMap<ArrayNode, Promise<ArrayNode>>,
): Promise<ArrayNode[]> {
  const ends = (node: ArrayNode) => kept.has(node);
  const known = new Map<ArrayNode, ArrayNode>();
  for (const node of inOrder(roots, (one) => (ends(one) ? [] : inputsOf(one)))) {
    const made = await kept.get(node);
    if (made !== undefined) known.set(node, made);
  }
  return rebuilt(roots, (node) => known.get(node), ends);
}

/** Runs an array, whose chunks stay with the runtime until nothing mentions the node any more. */
export async function keptNode(node: ArrayNode, host: RunnerHost, signal: AbortSignal): Promise<ArrayNode> {
  const plan = lowerChunks(node, otherGemm(host.gemm));
  const { run } = await keepChunks(plan, host, signal);
  const { id } = plan.stages[plan.stages.length - 1];
  const { shape, dtype, chunks } = node;
  const kept: ArrayNode = { op: "kept", run, stage: id, grid: chunks, shape, dtype, chunks };
  forgetWith(kept, run, host.runtime);
  return kept;
}

export async function keepChunks(plan: Plan, { runtime, onEvent }: RunnerHost, signal: AbortSignal) {
  return keptIn(await runtime.run(plan, { signal, onEvent }));
}
