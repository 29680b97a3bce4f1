import { ChunkedArray, type AnyArray } from "../collections/array/chunked-array.ts";
import { Grid } from "../collections/array/chunks.ts";
import { infoOf, viewOf, type DType, type TypedArray, type TypedArrayOf } from "../collections/array/dtype.ts";
import { NDArray, makeTyped } from "../collections/array/ndarray.ts";
import type { ArrayNode } from "../collections/array/nodes.ts";
import { sizeOf } from "../collections/array/shape.ts";
import { ArraysTogether } from "../collections/array/together.ts";
import type { UniqueValues } from "../collections/array/statistics.ts";
import { InternalError, OptionError } from "../errors.ts";
import { copyInto } from "../kernels/array/assemble.ts";
import { decodeNpy } from "../kernels/array/npy.ts";
import type { Partial } from "../kernels/array/partials.ts";
import { finishState } from "../kernels/array/reduce.ts";
import { explainPlan } from "../plan/explain.ts";
import { lowerChunks, lowerReductions, type ReducedPlan } from "../plan/lower/array.ts";
import { reductionOf } from "../plan/lower/array/reducing.ts";
import { countedOnce, overCounted } from "./counted-masks.ts";
import type { Runner, RunnerHost } from "./runner.ts";
import { otherGemm } from "./gemm.ts";
import { keepChunks, keptNode, withShared } from "./shared-arrays.ts";

/** How arrays are run: reductions end in a fold; of all else the chunks are kept, and put together here. */
export const arrayRunner: Runner<AnyArray | ArraysTogether, unknown> = {
  compute: async (arrays, host, signal) => {
    if (arrays instanceof ArraysTogether) return computeTogether(arrays.arrays, host, signal);
    const [result] = await computeTogether([arrays], host, signal);
    return result;
  },
  persist: async (arrays, host, signal) => {
    const { node, isScalar } = single(arrays);
    host.runtime.prepare(["array.run"]);
    return new ChunkedArray<DType, unknown>(await keptNode(overCounted(node, host.runtime), host, signal), isScalar);
  },
  explain: (arrays, { runtime, gemm }) => {
    const node = overCounted(single(arrays).node, runtime);
    const reduced = lowerReductions([node], otherGemm(gemm));
    const { shape, dtype } = node;
    const plan = reduced?.plan ?? lowerChunks(node, otherGemm(gemm));
    const result = `an array of shape [${shape.join(", ")}], ${dtype}`;
    return Promise.resolve(explainPlan(plan, result, runtime.explainCost?.(plan)));
  },
  release: async (arrays, { runtime }) => {
    const { node } = single(arrays);
    if (node.op !== "kept")
      throw new OptionError("release(…) expects an array that persist() gave.", {
        fix: "release that one, not one made from it.",
      });
    await runtime.release(node.run);
  },
};

/** Several are only ever computed. */
function single(arrays: AnyArray | ArraysTogether): AnyArray {
  if (arrays instanceof ArraysTogether) throw new InternalError("Several arrays were asked for what only one has.");
  return arrays;
}

/** What each of some arrays computes to. The first that fails stops the others. */
async function computeTogether(arrays: readonly AnyArray[], host: RunnerHost, signal: AbortSignal): Promise<unknown[]> {
  const results = new Array<unknown>(arrays.length);
  const plain: number[] = [];
  const runs: Promise<void>[] = [];
  for (const [i, { node }] of arrays.entries())
    if (node.op === "unique") runs.push(computeUnique(node, host, signal).then((values) => void (results[i] = values)));
    else plain.push(i);
  const made = computeArrays(
    plain.map((i) => arrays[i].node),
    host,
    signal,
  );
  await Promise.all([...runs, made]);
  for (const [k, array] of (await made).entries())
    results[plain[k]] = arrays[plain[k]].isScalar ? scalarOf(array) : array;
  return results;
}

/** The values that occur, and how often. */
async function computeUnique(
  node: ArrayNode,
  { runtime, onEvent, gemm }: RunnerHost,
  signal: AbortSignal,
): Promise<UniqueValues> {
  runtime.prepare(["array.run"]);
  const reduced = lowerReductions([overCounted(node, runtime)], otherGemm(gemm));
  if (reduced === undefined) throw new InternalError("unique is no reduction.");
  const { partial } = await runtime.run(reduced.plan, { signal, onEvent });
  const [[state]] = partial as unknown as Partial; // what the fold of this plan gives
  const [values, counts] = state.fields;
  return {
    values: new NDArray(node.dtype, [values.length], values as TypedArrayOf[DType]), // of the node's dtype
    counts: new NDArray("int64", [counts.length], BigInt64Array.from(counts as Float64Array, BigInt)), // see kernels/array/counting.ts
  };
}

/** Several at once: reductions over the same chunks go through them together, and what they share is computed once where that is dear. */
export async function computeArrays(
  nodes: readonly ArrayNode[],
  host: RunnerHost,
  signal: AbortSignal,
): Promise<NDArray[]> {
  host.runtime.prepare(["array.run"]);
  const own: ArrayNode[] = [];
  for (const node of nodes) own.push(overCounted(await countedOnce(node, host, signal), host.runtime));
  return withShared(own, groupsOf, host, signal, (over) => computeGroups(over, host, signal));
}

/** The places of those that are run together. */
function groupsOf(nodes: readonly ArrayNode[]): number[][] {
  const groups = new Map<string, number[]>();
  for (const [i, node] of nodes.entries()) {
    const reducing = reductionOf(node);
    const key = reducing === undefined ? `chunks ${i}` : JSON.stringify(reducing.grid);
    groups.set(key, [...(groups.get(key) ?? []), i]);
  }
  return [...groups.values()];
}

async function computeGroups(nodes: readonly ArrayNode[], host: RunnerHost, signal: AbortSignal): Promise<NDArray[]> {
  const results = new Array<NDArray>(nodes.length);
  const abort = new AbortController();
  const either = AbortSignal.any([signal, abort.signal]);
  const runs = groupsOf(nodes).map(async (places) => {
    const members = places.map((i) => nodes[i]);
    const reduced = lowerReductions(members, otherGemm(host.gemm));
    const made =
      reduced === undefined
        ? await Promise.all(members.map((node) => gather(node, host, either)))
        : await finishReductions(members, reduced, host, either);
    for (const [k, i] of places.entries()) results[i] = made[k];
  });
  try {
    await Promise.all(runs);
  } catch (error) {
    abort.abort(error);
    throw error;
  }
  return results;
}

async function finishReductions(
  nodes: readonly ArrayNode[],
  { plan, reductions, counts }: ReducedPlan,
  { runtime, onEvent }: RunnerHost,
  signal: AbortSignal,
): Promise<NDArray[]> {
  const { partial } = await runtime.run(plan, { signal, onEvent });
  if (!Array.isArray(partial)) throw new InternalError("A reduction of arrays gave no states.");
  const states = partial as unknown as Partial; // what the fold of these plans gives
  return nodes.map((node, i) => {
    const reduction = reductions[i];
    // Chunks of the result without the axes that are kept with length 1: their elements are the same.
    const grid = new Grid(reduction.chunks);
    const [only] = states[i];
    if (grid.count === 1 && only !== undefined)
      return new NDArray(node.dtype, node.shape, finishState(reduction, only, counts[i]) as TypedArrayOf[DType]); // of the node's dtype
    const data = makeTyped(node.dtype, sizeOf(node.shape)) as TypedArray;
    for (const state of states[i]) {
      const region = grid.region(state.place);
      const elements = finishState(reduction, state, counts[i]);
      copyInto(data, grid.shape, elements, region);
    }
    return new NDArray(node.dtype, node.shape, data);
  });
}

/** The chunks of an array, put together. */
async function gather(node: ArrayNode, host: RunnerHost, signal: AbortSignal): Promise<NDArray> {
  const { runtime } = host;
  const { refs, run } = await keepChunks(lowerChunks(node, otherGemm(host.gemm)), host, signal);
  try {
    const grid = new Grid(node.chunks);
    const data = makeTyped(node.dtype, sizeOf(node.shape)) as TypedArray;
    for (const [index, ref] of refs.entries()) {
      const { dtype, elements } = decodeNpy(await runtime.fetch(ref), `chunk ${index}`);
      const region = grid.region(index);
      const size = sizeOf(region.size);
      const aligned = elements.byteOffset % infoOf(dtype).bytes === 0 ? elements : elements.slice();
      copyInto(data, node.shape, viewOf(dtype, aligned.buffer, aligned.byteOffset, size), region);
    }
    return new NDArray(node.dtype, node.shape, data);
  } finally {
    await runtime.release(run);
  }
}

/** Whole numbers beyond 2^53 stay bigints. */
function scalarOf(array: NDArray): number | bigint | boolean {
  const value = array.item();
  return typeof value === "bigint" && Number.isSafeInteger(Number(value)) ? Number(value) : value;
}
