import { inOrder, inputsOf } from "../../../collections/array/graph.ts";
import type { ArrayNode } from "../../../collections/array/nodes.ts";

/**
 * A task computes a box of a node again for each way that leads to it: x + xᵀ asks for two boxes of x, and x = x + xᵀ, done ten times, for a thousand. What is
 * asked for this often is kept by a stage of its own.
 */
const OFTEN = 8;

/** The nodes below `roots` that tasks would compute more than `OFTEN` times for each box, deepest first. `ends`: where a stage's program ends. */
export function computedOften(roots: readonly ArrayNode[], ends: (node: ArrayNode) => boolean): ArrayNode[] {
  const order = inOrder(roots, (node) => (ends(node) ? [] : inputsOf(node)));
  const times = new Map<ArrayNode, number>(roots.map((root) => [root, 1]));
  const often: ArrayNode[] = [];
  // Where steps that are fused are asked for by others too, both are asking for the same.
  const asked = new Set(order.filter((node) => !isFused(node)).flatMap((node) => (ends(node) ? [] : inputsOf(node))));
  const stops = (node: ArrayNode) => ends(node) || asked.has(node);
  for (const node of order.reverse()) {
    const own = times.get(node);
    if (own === undefined || ends(node)) continue;
    const isOften = own > OFTEN && inputsOf(node).length > 0;
    if (isOften) often.push(node);
    const add = isOften ? 1 : own;
    for (const input of fusedInputs(node, stops)) times.set(input, (times.get(input) ?? 0) + add);
  }
  return often.reverse();
}

const isFused = (node: ArrayNode) => node.op === "map" || node.op === "cast";

/** What a box of a node is made from: of element-wise steps, which are fused, all that these lead to, each once. */
function fusedInputs(node: ArrayNode, stops: (node: ArrayNode) => boolean): readonly ArrayNode[] {
  if (!isFused(node)) return inputsOf(node);
  const inner = (one: ArrayNode) => one === node || (isFused(one) && !stops(one));
  return inOrder([node], (one) => (inner(one) ? inputsOf(one) : [])).filter((one) => !inner(one));
}
