import type { Region } from "../../collections/array/chunks.ts";
import { infoOf } from "../../collections/array/dtype.ts";
import type { Boundary } from "../../collections/array/nodes.ts";
import { sizeOf } from "../../collections/array/shape.ts";
import type { Block } from "./arena.ts";
import { cutOut } from "./boxes.ts";
import type { Evaluator } from "./evaluate.ts";
import { byteStrides, copyStrided } from "./strided.ts";
import type { Of } from "./views.ts";

/** A stretch along one axis of an extended block, and which elements of the array it repeats: forward, backward, or one of them. */
interface Stretch {
  readonly to: number;
  readonly length: number;
  readonly from: number;
  readonly step: 1 | -1 | 0;
}

/** A box with `depth` elements of its neighbours on either side; beyond the array's edges those that the boundary says. */
export async function extended(
  evaluator: Evaluator,
  input: number,
  box: Region,
  depth: readonly number[],
  boundary: Boundary,
): Promise<Block> {
  const { arena, program } = evaluator;
  const { shape, dtype } = program[input];
  const axes = shape.map((length, axis) => stretchesOf(box, axis, depth[axis], length, boundary));
  const size = axes.map(({ length }) => length);
  const out = arena.block(dtype, size);
  const width = infoOf(dtype).bytes;
  if (typeof boundary === "number") {
    const fill = arena.kernel.fill(infoOf(dtype).code);
    const value = dtype === "int64" || dtype === "uint64" ? BigInt(boundary) : boundary;
    fill(value, out.address, sizeOf(size));
  }
  const into = byteStrides(size, width);
  for (const stretches of combinations(axes.map((axis) => axis.stretches))) {
    const start = stretches.map(({ from, step, length }) => (step === -1 ? from - length + 1 : from));
    const part = await evaluator.block(input, {
      start,
      size: stretches.map((one) => (one.step === 0 ? 1 : one.length)),
    });
    const own = byteStrides(part.shape, width);
    const first = stretches.reduce(
      (sum, { step, length }, axis) => sum + (step === -1 ? (length - 1) * own[axis] : 0),
      part.address,
    );
    copyStrided(
      arena.kernel,
      width,
      stretches.map(({ length }) => length),
      { address: first, strides: own.map((stride, axis) => stride * stretches[axis].step) },
      { address: stretches.reduce((sum, { to }, axis) => sum + to * into[axis], out.address), strides: into },
    );
    arena.release(part);
  }
  return out;
}

/** How many elements a block has before its own, and behind. */
function margins(
  start: number,
  size: number,
  depth: number,
  length: number,
  boundary: Boundary,
): readonly [number, number] {
  if (boundary !== "none") return [depth, depth];
  return [Math.min(depth, start), Math.min(depth, length - start - size)];
}

function stretchesOf(
  { start, size }: Region,
  axis: number,
  depth: number,
  length: number,
  boundary: Boundary,
): { readonly length: number; readonly stretches: readonly Stretch[] } {
  const [before, behind] = margins(start[axis], size[axis], depth, length, boundary);
  const [first, end] = [start[axis] - before, start[axis] + size[axis] + behind];
  const inner = { to: Math.max(0, -first), from: Math.max(0, first), step: 1 } as const;
  const stretches: Stretch[] = [{ ...inner, length: Math.min(end, length) - inner.from }];
  if (first < 0) {
    const missing = { to: 0, length: -first };
    if (boundary === "reflect") stretches.push({ ...missing, from: -first - 1, step: -1 });
    if (boundary === "periodic") stretches.push({ ...missing, from: length + first, step: 1 });
    if (boundary === "nearest") stretches.push({ ...missing, from: 0, step: 0 });
  }
  if (end > length) {
    const missing = { to: length - first, length: end - length };
    if (boundary === "reflect") stretches.push({ ...missing, from: length - 1, step: -1 });
    if (boundary === "periodic") stretches.push({ ...missing, from: 0, step: 1 });
    if (boundary === "nearest") stretches.push({ ...missing, from: length - 1, step: 0 });
  }
  return { length: end - first, stretches };
}

function combinations(axes: readonly (readonly Stretch[])[]): Stretch[][] {
  return axes.reduce<Stretch[][]>(
    (made, axis) => made.flatMap((one) => axis.map((stretch) => [...one, stretch])),
    [[]],
  );
}

/** The result without what was added. */
export function trimmed(
  { arena, program }: Evaluator,
  block: Block,
  node: Of<"blocks">,
  { start, size }: Region,
): Block {
  const { shape } = program[node.inputs[0]];
  const before = shape.map(
    (length, axis) => margins(start[axis], size[axis], node.depth?.[axis] ?? 0, length, node.boundary ?? "none")[0],
  );
  if (size.every((length, axis) => length === block.shape[axis])) return block;
  return cutOut(arena, block, before, size);
}
