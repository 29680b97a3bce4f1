import { equalChunks, type Chunks } from "../../../collections/array/chunks.ts";
import type { ProgramNode, ProgramReduction } from "../../../kernels/array/program.ts";

const LEAVES: ReadonlySet<string> = new Set(["random", "file", "kept", "input", "function"]);

/**
 * Whether chunk [i, j] of a matrix is made of the same boxes of leaves as chunk [j, i], as in x + xᵀ: one task for both then makes each of them once. So it is
 * where element-wise steps ask for a leaf both as it lies and transposed, and rows and columns have the same chunks.
 */
export function isMirrored(
  program: readonly ProgramNode[],
  reductions: readonly ProgramReduction[],
  grid: Chunks,
): boolean {
  if (grid.length !== 2 || grid[0].length < 2 || !equalChunks([grid[0]], [grid[1]])) return false;
  const roots: number[] = [];
  for (const reduction of reductions) {
    if (reduction.kind !== "axes") return false;
    roots.push(reduction.root);
  }
  const [straight, turned] = [new Set<number>(roots), new Set<number>()];
  // Inputs come before what is made of them.
  for (let place = program.length - 1; place >= 0; place--) {
    const node = program[place];
    const ways = [straight, turned].map((places) => places.has(place));
    if (LEAVES.has(node.op) && ways[0] && ways[1]) return true;
    const turns = node.op === "transpose" && node.axes.length === 2;
    if (node.op !== "map" && node.op !== "cast" && !turns) continue;
    for (const input of node.inputs) {
      if (program[input].shape.length !== 2) continue;
      if (ways[0]) (turns ? turned : straight).add(input);
      if (ways[1]) (turns ? straight : turned).add(input);
    }
  }
  return false;
}
