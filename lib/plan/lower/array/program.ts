import { inOrder, inputsOf } from "../../../collections/array/graph.ts";
import type { ArrayNode } from "../../../collections/array/nodes.ts";
import type { ProgramNode } from "../../../kernels/array/program.ts";
import type { OutputsOf } from "../../plan.ts";

/** What stands for a node in the program of a later stage: its chunks, kept by an earlier one. */
export interface Materialised {
  readonly outputs: OutputsOf;
  readonly grid: ArrayNode["chunks"];
}

/** A task's program for some nodes of a graph, and what its tasks read beside. */
export interface MadeProgram {
  readonly program: readonly ProgramNode[];
  /** The places of the nodes asked for. */
  readonly roots: readonly number[];
  readonly beside: readonly OutputsOf[];
}

/** `kept`: the nodes that earlier stages keep; the program ends at them. */
export function makeProgram(roots: readonly ArrayNode[], kept: ReadonlyMap<ArrayNode, Materialised>): MadeProgram {
  const nodes = inOrder(roots, (node) => (kept.has(node) ? [] : inputsOf(node)));
  const places = new Map(nodes.map((node, i) => [node, i]));
  const beside = new Map<string, OutputsOf>();
  const program = nodes.map((node): ProgramNode => {
    const { shape, dtype, chunks } = node;
    const made = kept.get(node);
    if (made !== undefined) {
      beside.set(made.outputs.stage, made.outputs);
      return { op: "input", stage: made.outputs.stage, grid: made.grid, shape, dtype, chunks };
    }
    if (node.op === "data")
      return { op: "data", base64: Buffer.from(node.bytes).toString("base64"), shape, dtype, chunks };
    const inputs = inputsOf(node).map((input) => places.get(input));
    return (inputs.length === 0 ? node : { ...node, inputs }) as ProgramNode; // the same operation over places
  });
  return { program, roots: roots.map((root) => places.get(root) ?? 0), beside: [...beside.values()] };
}
