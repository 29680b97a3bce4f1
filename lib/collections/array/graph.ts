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
