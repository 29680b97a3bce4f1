import { inOrder, inputsOf } from "../../../collections/array/graph.ts";
import { infoOf } from "../../../collections/array/dtype.ts";
import type { ArrayNode } from "../../../collections/array/nodes.ts";
import { sizeOf } from "../../../collections/array/shape.ts";

/** What gives little of much. As a result it is folded, as a step on the way combined, with other last bits: so a result is not made of what is kept. */
const REDUCED: ReadonlySet<string> = new Set(["reduce", "gram", "histogram", "bincount", "digits"]);
/** What takes more to be computed again than to be kept, where there is room for it. */
const DEAR: ReadonlySet<string> = new Set(["matmul", "blocks", "function", "local", "along", "cumulate", "rechunk"]);

/**
 * The nodes that several runs would each compute, and that are dear, those that others are made of first: each is to be kept by a run of its own. `runs`: the roots of
 * each. `roomBytes`: no larger arrays are kept, but for what their kind says.
 */
export function sharedNodes(runs: readonly (readonly ArrayNode[])[], roomBytes: number): ArrayNode[] {
  const roots = new Set(runs.flat());
  /** The runs that compute a node, those of what is kept too. */
  const runsOf = new Map<ArrayNode, Set<object>>();
  const ask = (node: ArrayNode, by: Iterable<object>) => {
    const known = runsOf.get(node);
    if (known === undefined) runsOf.set(node, new Set(by));
    else for (const run of by) known.add(run);
  };
  for (const run of runs) for (const root of run) ask(root, [run]);
  const shared: ArrayNode[] = [];
  const inputs = new Set<ArrayNode>();
  for (const node of inOrder([...roots], inputsOf).reverse()) {
    const own = runsOf.get(node) ?? new Set();
    // A result that another result is made of: in one run too it would be computed for each of both.
    const isBoth = roots.has(node) && inputs.has(node);
    const isFolded = roots.has(node) && REDUCED.has(node.op);
    const isShared = (own.size > 1 || isBoth) && !isFolded && isDear(node, roomBytes);
    if (isShared) shared.push(node);
    for (const input of inputsOf(node)) {
      inputs.add(input);
      ask(input, isShared ? [node] : own);
    }
  }
  return shared.reverse();
}

function isDear({ op, shape, dtype }: ArrayNode, roomBytes: number): boolean {
  // What is in one place is small enough for it.
  return op === "whole" || REDUCED.has(op) || (DEAR.has(op) && sizeOf(shape) * infoOf(dtype).bytes <= roomBytes);
}
