import type { ArrayNode } from "../../../collections/array/nodes.ts";
import { inputsOf } from "../../../collections/array/graph.ts";

/** How often an element of the input would be computed if each chunk of the node took what it needs from whole chunks of the input. */
export function amplification(node: ArrayNode): number {
  const [input] = inputsOf(node);
  if (isMade(input)) return 1;
  let factor = 1;
  for (const [axis, wanted] of node.chunks.entries()) {
    const length = node.shape[axis];
    if (length === 0) return 1;
    factor *= touched(wanted, input.chunks[axis]) / length;
  }
  return factor;
}

/** The sum over the chunks of one list of the lengths of those of the other that they touch. */
function touched(wanted: readonly number[], given: readonly number[]): number {
  let sum = 0;
  let start = 0;
  let first = 0;
  let firstEdge = 0;
  for (const length of wanted) {
    while (first < given.length && firstEdge + given[first] <= start) firstEdge += given[first++];
    let edge = firstEdge;
    for (let i = first; i < given.length && edge < start + length; i++) {
      sum += given[i];
      edge += given[i];
    }
    start += length;
  }
  return sum;
}

const MADE_ANYWHERE: ReadonlySet<string> = new Set(["full", "affine", "eye", "data"]);
const MOVES: ReadonlySet<string> = new Set(["cast", "slice", "transpose", "rechunk", "map", "broadcast"]);

/** Whether any box costs no more than its elements. */
function isMade(node: ArrayNode): boolean {
  if (MADE_ANYWHERE.has(node.op)) return true;
  return MOVES.has(node.op) && inputsOf(node).every(isMade);
}

/** Whether computing a box again costs little beside multiplying it: a leaf, or a leaf that is moved or cast. */
export function isLeafLike(node: ArrayNode): boolean {
  const inputs = inputsOf(node);
  if (inputs.length === 0) return node.op !== "function" && node.op !== "file";
  return ["cast", "slice", "transpose"].includes(node.op) && inputs.every(isLeafLike);
}
