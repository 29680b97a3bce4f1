import type { Region } from "../../collections/array/chunks.ts";
import { sizeOf, stridesOf } from "../../collections/array/shape.ts";
import type { Arena, Block } from "./arena.ts";
import type { Of } from "./views.ts";

/** Orders of as many elements are made whole, each of all orders as likely as the next; beyond, an element is found by itself. */
const SHUFFLED = 1 << 16;

/** A box of numbers that depend on the seed and on their own index alone: stretch by stretch of those that follow each other in C order. */
export function drawnBox(arena: Arena, node: Of<"drawn">, region: Region): Block {
  const block = arena.block(node.dtype, region.size);
  const { length, starts } = stretchesOf(node.shape, region);
  arena.within(() => {
    const draw = drawOf(arena, node);
    for (const [i, from] of starts.entries()) draw(from, block.address + 8 * i * length, length);
  });
  return block;
}

type Stretch = (from: number, address: number, n: number) => void;

function drawOf(arena: Arena, { draw, seed }: Of<"drawn">): Stretch {
  const { wasm } = arena.kernel;
  const [low, high] = [(seed % 2 ** 32) | 0, Math.floor(seed / 2 ** 32)];
  switch (draw.kind) {
    case "uniform":
      return (from, address, n) => wasm.uniformat(low, high, from, address, n);
    case "below":
      return (from, address, n) => wasm.belowat(low, high, draw.count, from, address, n);
    case "permuted": {
      if (draw.count > SHUFFLED) return (from, address, n) => wasm.permutedat(low, high, draw.count, from, address, n);
      const order = arena.bytes(8 * draw.count);
      wasm.shuffle(low, high, order, draw.count);
      const copy = arena.kernel.copy2d(8);
      return (from, address, n) => copy(order + 8 * from, 0, 8, address, 0, 8, 1, n);
    }
  }
}

/** The box as stretches of one length, and the index in C order that each begins with. */
function stretchesOf(shape: readonly number[], { start, size }: Region): { length: number; starts: number[] } {
  const strides = stridesOf(shape);
  // Axes that are there whole lie in one stretch with the one before them.
  let axis = shape.length - 1;
  while (axis > 0 && size[axis] === shape[axis]) axis--;
  const length = sizeOf(size.slice(Math.max(0, axis)));
  const first = start.reduce((sum, at, i) => sum + at * strides[i], 0);
  let starts = [first];
  for (let outer = 0; outer < axis; outer++)
    starts = starts.flatMap((from) => Array.from({ length: size[outer] }, (_, i) => from + i * strides[outer]));
  return { length, starts };
}
