import type { ProgramNode } from "../../../kernels/array/program.ts";

type Program = readonly ProgramNode[];

const inputsOf = (node: ProgramNode): readonly number[] => ("inputs" in node ? node.inputs : []);
const isFused = ({ op }: ProgramNode) => op === "map" || op === "cast";

const ROOM_FIRST: ReadonlySet<string> = new Set(["concat", "matmul", "select", "take"]);

/**
 * The most bytes of blocks that lie in memory at once while boxes of `roots` are computed, one after the other and all kept: inputs are made in their order, and
 * let go when what is made of them is there. `bytes`: of a node's own block.
 */
export function peakOfBlocks(program: Program, roots: readonly number[], bytes: (node: ProgramNode) => number): number {
  const sizes = program.map(bytes);
  const peaks = new Array<number>(program.length).fill(0);
  const inTurn = (places: readonly number[]): number => {
    let held = 0;
    let most = 0;
    for (const place of places) {
      most = Math.max(most, held + peaks[place]);
      held += sizes[place];
    }
    return Math.max(most, held);
  };
  const asked = new Set([...roots, ...program.filter((node) => !isFused(node)).flatMap(inputsOf)]);
  for (const [place, node] of program.entries()) {
    // Steps that are fused make no blocks but where something else asks for one.
    if (isFused(node) && !asked.has(place)) continue;
    const inputs = isFused(node) ? leavesOf(program, place) : inputsOf(node);
    const made = inTurn(inputs);
    const held = inputs.reduce((sum, input) => sum + sizes[input], 0);
    // What joins blocks, or adds to one, makes room for all before it asks for the first.
    peaks[place] = ROOM_FIRST.has(node.op) ? sizes[place] + made : Math.max(made, held + sizes[place]);
  }
  return inTurn(roots);
}

/** What the element-wise steps that end here begin with. */
function leavesOf(program: Program, root: number): number[] {
  const leaves = new Set<number>();
  const seen = new Set<number>([root]);
  for (const place of seen)
    for (const input of inputsOf(program[place])) {
      if (isFused(program[input])) seen.add(input);
      else leaves.add(input);
    }
  return [...leaves];
}
