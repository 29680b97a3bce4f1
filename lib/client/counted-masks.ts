import { inOrder, inputsOf, rebuilt } from "../collections/array/graph.ts";
import type { ArrayNode } from "../collections/array/nodes.ts";
import { sizeOf } from "../collections/array/shape.ts";
import { isMade } from "../plan/lower/array/rechunk.ts";
import type { Runtime } from "../runtime/runtime.ts";
import type { RunnerHost } from "./runner.ts";
import { keptNode } from "./shared-arrays.ts";

/**
 * What `select` counts is kept for the array that it gives: a byte an element, as long as that array is there. The description does not know of it, so that it
 * can still be written as JSON, or run by another client, which then computes the mask itself.
 */
const counted = new WeakMap<ArrayNode, { readonly kept: ArrayNode; readonly runtime: Runtime }>();

/** The node, or a count of a mask over the mask kept, where there is room for it and another reading would cost more than that. */
export async function countedOnce(node: ArrayNode, host: RunnerHost, signal: AbortSignal): Promise<ArrayNode> {
  if (node.op !== "counts") return node;
  const { runtime } = host;
  const [mask] = node.inputs;
  const isWorth = mask.op !== "kept" && !isMade(mask) && sizeOf(mask.shape) <= runtime.taskBytes;
  // What a cloud keeps is paid for.
  if (!isWorth || runtime.explainCost !== undefined) return node;
  const kept = await keptNode(overCounted(mask, runtime), host, signal);
  counted.set(mask, { kept, runtime });
  return { ...node, inputs: [kept] };
}

/** The same graph over the masks that this runtime keeps. */
export function overCounted(root: ArrayNode, runtime: Runtime): ArrayNode {
  const keptFor = (node: ArrayNode) => {
    const known = counted.get(node);
    return known?.runtime === runtime ? known.kept : undefined;
  };
  const ends = (node: ArrayNode) => keptFor(node) !== undefined;
  if (!inOrder([root], (node) => (ends(node) ? [] : inputsOf(node))).some(ends)) return root;
  const [own] = rebuilt([root], keptFor, ends);
  return own;
}
