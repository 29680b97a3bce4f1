import { inOrder, inputsOf, rebuilt } from "../../../collections/array/graph.ts";
import type { ArrayNode } from "../../../collections/array/nodes.ts";
import { sizeOf } from "../../../collections/array/shape.ts";

type Whole = Extract<ArrayNode, { readonly op: "whole" }>;

/** Several outputs of one function of the same inputs: asked for together, and where in all of them each begins. */
interface Outputs {
  readonly numbers: number[];
  readonly starts: Map<number, number>;
  size: number;
  made: ArrayNode | undefined;
}

/** The same graphs, in which a decomposition of which several outputs are asked for (Q and R, say) runs once: each output is then a part of one node. */
export function outputsTogether(roots: readonly ArrayNode[]): readonly ArrayNode[] {
  const groups = new Map<string, Outputs>();
  const groupOf = new Map<ArrayNode, Outputs>();
  const names = new Map<ArrayNode, number>();
  const name = (node: ArrayNode) => names.get(node) ?? (names.set(node, names.size), names.size - 1);
  for (const node of inOrder(roots, inputsOf)) {
    if (node.op !== "whole" || typeof node.output !== "number") continue;
    const key = `${JSON.stringify(node.fn)} of ${node.inputs.map(name).join(", ")}`;
    let group = groups.get(key);
    if (group === undefined) groups.set(key, (group = { numbers: [], starts: new Map(), size: 0, made: undefined }));
    groupOf.set(node, group);
    if (group.starts.has(node.output)) continue;
    group.numbers.push(node.output);
    group.starts.set(node.output, group.size);
    group.size += sizeOf(node.shape);
  }
  if ([...groups.values()].every(({ numbers }) => numbers.length === 1)) return roots;
  return rebuilt(roots, (node, inputs) => {
    const group = groupOf.get(node);
    if (group === undefined || group.numbers.length === 1 || node.op !== "whole") return undefined;
    group.made ??= { ...node, inputs, output: group.numbers, shape: [group.size], chunks: [[group.size]] };
    return partOf(group.made, group.starts.get(Number(node.output)) ?? 0, node);
  });
}

/** As many elements as `node` has, from `start` on, in its shape. */
function partOf(all: ArrayNode, start: number, { shape, dtype, chunks }: Whole): ArrayNode {
  const size = sizeOf(shape);
  const own = { inputs: [all], axes: [0], start: [start], step: [1], at: [-1] } as const;
  const part: ArrayNode = { op: "slice", ...own, shape: [size], dtype, chunks: [[size]] };
  return { op: "reshape", inputs: [part], shape, dtype, chunks };
}
