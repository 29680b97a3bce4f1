import { intersect, type Region } from "../../collections/array/chunks.ts";
import { infoOf } from "../../collections/array/dtype.ts";
import { stridesOf } from "../../collections/array/shape.ts";
import type { Block } from "./arena.ts";
import { broadcastRegion, copyBox, gathered } from "./boxes.ts";
import type { Evaluator } from "./evaluate.ts";
import type { ProgramNode } from "./program.ts";
import { byteStrides, copyStrided } from "./strided.ts";
import { spread } from "./tiles.ts";

/** A program's node of one of these operations. */
export type Of<Op extends ProgramNode["op"]> = Extract<ProgramNode, { readonly op: Op }>;

type View = Of<"slice" | "transpose" | "reshape" | "broadcast" | "concat" | "take" | "rechunk">;

/** A box of what only moves elements: the boxes of the inputs that it needs, and where their elements go. */
export async function regionInput(evaluator: Evaluator, node: View, region: Region): Promise<Block> {
  const { arena } = evaluator;
  switch (node.op) {
    case "rechunk":
      return evaluator.block(node.inputs[0], region);
    case "slice":
      return sliced(evaluator, node, region);
    case "transpose":
      return transposed(evaluator, node, region);
    case "reshape":
      return reshaped(evaluator, node, region);
    case "broadcast": {
      const input = evaluator.program[node.inputs[0]];
      const block = await evaluator.block(node.inputs[0], broadcastRegion(input.shape, region));
      const out = spread(arena, block, region.size);
      arena.release(block);
      return out;
    }
    case "concat":
      return concatenated(evaluator, node, region);
    case "take":
      return taken(evaluator, node, region);
  }
}

/** The same elements under another shape. */
function renamed(block: Block, shape: readonly number[]): Block {
  return { ...block, shape };
}

async function sliced(evaluator: Evaluator, node: Of<"slice">, region: Region): Promise<Block> {
  const { arena } = evaluator;
  const start = [...node.at];
  const size = new Array<number>(start.length).fill(1);
  for (const [i, axis] of node.axes.entries()) {
    if (axis < 0) continue;
    const first = node.start[i] + region.start[i] * node.step[i];
    const reach = (region.size[i] - 1) * node.step[i];
    start[axis] = Math.min(first, first + reach);
    size[axis] = Math.abs(reach) + 1;
  }
  const block = await evaluator.block(node.inputs[0], { start, size });
  if (node.step.every((step, i) => step === 1 || region.size[i] === 1)) return renamed(block, region.size);
  const width = infoOf(block.dtype).bytes;
  const own = byteStrides(size, width);
  let address = block.address;
  const strides = node.axes.map((axis, i) => {
    if (axis < 0) return 0;
    if (node.step[i] < 0) address += (size[axis] - 1) * own[axis];
    return node.step[i] * own[axis];
  });
  const out = gathered(arena, block.dtype, region.size, { address, strides });
  arena.release(block);
  return out;
}

async function transposed(evaluator: Evaluator, node: Of<"transpose">, region: Region): Promise<Block> {
  const { arena } = evaluator;
  const rank = node.axes.length;
  const box = { start: new Array<number>(rank).fill(0), size: new Array<number>(rank).fill(0) };
  for (const [i, axis] of node.axes.entries()) {
    box.start[axis] = region.start[i];
    box.size[axis] = region.size[i];
  }
  const block = await evaluator.block(node.inputs[0], box);
  // Axes of length 1 may go anywhere without an element moving.
  const long = node.axes.filter((axis) => box.size[axis] > 1);
  if (long.every((axis, i) => i === 0 || axis > long[i - 1])) return renamed(block, region.size);
  const own = byteStrides(box.size, infoOf(block.dtype).bytes);
  const strides = node.axes.map((axis) => own[axis]);
  const out = gathered(arena, block.dtype, region.size, { address: block.address, strides });
  arena.release(block);
  return out;
}

/** Through the stretch of elements, in C order, that the box spans: read as rows of the input. */
async function reshaped(evaluator: Evaluator, node: Of<"reshape">, region: Region): Promise<Block> {
  const { arena } = evaluator;
  const strides = stridesOf(node.shape);
  const first = strides.reduce((sum, stride, axis) => sum + stride * region.start[axis], 0);
  const last = strides.reduce((sum, stride, axis) => sum + stride * (region.start[axis] + region.size[axis] - 1), 0);
  const box = stretchBox(evaluator.program[node.inputs[0]].shape, first, last);
  const block = await evaluator.block(node.inputs[0], box.region);
  const width = infoOf(node.dtype).bytes;
  const address = block.address + (first - box.first) * width;
  const from = { address, strides: strides.map((stride) => stride * width) };
  const out = gathered(arena, node.dtype, region.size, from);
  arena.release(block);
  return out;
}

/** The smallest box of whole rows that holds the elements first … last in C order, and which element it begins with. */
function stretchBox(
  shape: readonly number[],
  first: number,
  last: number,
): { readonly region: Region; readonly first: number } {
  const strides = stridesOf(shape);
  const start: number[] = [];
  const size: number[] = [];
  let base = 0;
  for (const axis of shape.keys()) {
    const from = Math.floor((first - base) / strides[axis]);
    const to = Math.floor((last - base) / strides[axis]);
    start.push(from);
    size.push(to - from + 1);
    base += from * strides[axis];
    if (from === to) continue;
    for (const rest of shape.slice(axis + 1)) {
      start.push(0);
      size.push(rest);
    }
    break;
  }
  return { region: { start, size }, first: base };
}

/** The lengths of what is joined, by node: there may be thousands, of which a box needs few. */
const joined = new WeakMap<Of<"concat">, readonly (readonly number[])[]>();

async function concatenated(evaluator: Evaluator, node: Of<"concat">, region: Region): Promise<Block> {
  const { arena, program } = evaluator;
  const { axis, inputs } = node;
  const lengths = joined.get(node) ?? [inputs.map((place) => program[place].shape[axis])];
  joined.set(node, lengths);
  const out = arena.block(node.dtype, region.size);
  const line = { start: [region.start[axis]], size: [region.size[axis]] };
  for (const { index, region: own } of evaluator.gridOf(lengths).touching(line)) {
    const shared = intersect(own, line);
    if (shared === undefined) continue;
    const size = region.size.with(axis, shared.size[0]);
    const box = { start: region.start.with(axis, shared.start[0] - own.start[0]), size };
    const block = await evaluator.block(inputs[index], box);
    copyBox(arena, block, { start: region.start.with(axis, shared.start[0]), size }, out, region);
    arena.release(block);
  }
  return out;
}

/** The elements at places along an axis: of one chunk of the input after the other, so that of places far apart what lies between is not computed. */
async function taken(evaluator: Evaluator, node: Of<"take">, region: Region): Promise<Block> {
  const { arena, program } = evaluator;
  const { axis } = node;
  const [input] = node.inputs;
  const wanted = node.indices.slice(region.start[axis], region.start[axis] + region.size[axis]);
  const order = [...wanted.keys()].sort((a, b) => wanted[a] - wanted[b]);
  const grid = evaluator.gridOf([program[input].chunks[axis]]);
  const width = infoOf(node.dtype).bytes;
  const out = arena.block(node.dtype, region.size);
  const to = byteStrides(region.size, width);
  const line = region.size.with(axis, 1);
  for (let first = 0; first < order.length;) {
    const least = wanted[order[first]];
    const [chunk] = grid.touching({ start: [least], size: [1] });
    const edge = chunk.region.start[0] + chunk.region.size[0];
    let end = first;
    while (end < order.length && wanted[order[end]] < edge) end++;
    const length = wanted[order[end - 1]] - least + 1;
    const block = await evaluator.block(input, {
      start: region.start.with(axis, least),
      size: region.size.with(axis, length),
    });
    const from = byteStrides(block.shape, width);
    for (const i of order.slice(first, end))
      copyStrided(
        arena.kernel,
        width,
        line,
        { address: block.address + (wanted[i] - least) * from[axis], strides: from },
        { address: out.address + i * to[axis], strides: to },
      );
    arena.release(block);
    first = end;
  }
  return out;
}
