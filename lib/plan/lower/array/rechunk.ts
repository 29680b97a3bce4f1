import type { ArrayNode } from "../../../collections/array/nodes.ts";
import { inOrder, inputsOf } from "../../../collections/array/graph.ts";

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

const MADE_ANYWHERE: ReadonlySet<string> = new Set(["full", "affine", "eye", "drawn", "data"]);
const MOVES: ReadonlySet<string> = new Set(["cast", "slice", "transpose", "rechunk", "map", "broadcast"]);

/** What is known of nodes: graphs share them, and may be deeper than the stack. */
const made = new WeakMap<ArrayNode, boolean>();
const leafLike = new WeakMap<ArrayNode, boolean>();

/** Whether any box costs no more than its elements. (Of a `.npy` on this machine it is read line by line; over a network each would be a request.) */
export function isMade(node: ArrayNode): boolean {
  const isLocal = (one: ArrayNode) =>
    one.op === "file" && one.file.format === "npy" && one.file.url.startsWith("file:");
  return decided(
    node,
    made,
    (one) => MADE_ANYWHERE.has(one.op) || isLocal(one),
    (one) => MOVES.has(one.op),
  );
}

const MOVED: ReadonlySet<string> = new Set(["cast", "slice", "transpose"]);

/** Whether computing a box again costs little beside multiplying it: a leaf, or a leaf that is moved or cast. */
export function isLeafLike(node: ArrayNode): boolean {
  return decided(
    node,
    leafLike,
    (one) => inputsOf(one).length === 0 && one.op !== "function" && one.op !== "file",
    (one) => MOVED.has(one.op),
  );
}

/** Whether a node is one by itself, or made of such alone by what passes it on. */
function decided(
  node: ArrayNode,
  known: WeakMap<ArrayNode, boolean>,
  itself: (node: ArrayNode) => boolean,
  passes: (node: ArrayNode) => boolean,
): boolean {
  const asked = (one: ArrayNode) => (known.has(one) || itself(one) || !passes(one) ? [] : inputsOf(one));
  for (const one of inOrder([node], asked)) {
    if (known.has(one)) continue;
    const inputs = inputsOf(one);
    const isOne =
      itself(one) || (inputs.length > 0 && passes(one) && inputs.every((input) => known.get(input) === true));
    known.set(one, isOne);
  }
  return known.get(node) === true;
}
