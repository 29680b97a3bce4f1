import type { ArrayNode } from "./nodes.ts";

export function inputsOf(node: ArrayNode): readonly ArrayNode[] {
  return "inputs" in node ? node.inputs : [];
}

/** The nodes that `roots` are made of, each once and behind its inputs. Not recursive: graphs may be deep. */
export function inOrder(roots: readonly ArrayNode[], inputs: (node: ArrayNode) => readonly ArrayNode[]): ArrayNode[] {
  const done = new Set<ArrayNode>();
  const begun = new Set<ArrayNode>();
  const stack: { readonly node: ArrayNode; readonly inputs: readonly ArrayNode[]; next: number }[] = [];
  const begin = (node: ArrayNode) => {
    if (begun.has(node)) return;
    begun.add(node);
    stack.push({ node, inputs: inputs(node), next: 0 });
  };
  for (const root of roots) {
    begin(root);
    for (let top = stack.at(-1); top !== undefined; top = stack.at(-1)) {
      if (top.next < top.inputs.length) begin(top.inputs[top.next++]);
      else {
        done.add(top.node);
        stack.pop();
      }
    }
  }
  return [...done];
}

/**
 * The same graphs with other nodes in some places: what `other` gives for a node, its new inputs beside it; undefined: the node itself over these. What is above
 * nothing that was changed stays the same object. What `other` gives without asking for inputs is to be named by `ends`: nothing below it is looked at.
 */
export function rebuilt(
  roots: readonly ArrayNode[],
  other: (node: ArrayNode, inputs: readonly ArrayNode[]) => ArrayNode | undefined,
  ends: (node: ArrayNode) => boolean = () => false,
): ArrayNode[] {
  const made = new Map<ArrayNode, ArrayNode>();
  const below = (node: ArrayNode) => (ends(node) ? [] : inputsOf(node));
  for (const node of inOrder(roots, below)) {
    const before = below(node);
    const inputs = before.map((input) => made.get(input) ?? input);
    const isSame = inputs.every((input, i) => input === before[i]);
    made.set(node, other(node, inputs) ?? (isSame ? node : ({ ...node, inputs } as ArrayNode))); // of as many inputs, of the same shapes
  }
  return roots.map((root) => made.get(root) ?? root);
}
