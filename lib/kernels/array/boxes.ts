import { intersect, type Region } from "../../collections/array/chunks.ts";
import { infoOf, type DType } from "../../collections/array/dtype.ts";
import type { Arena, Block } from "./arena.ts";
import { byteStrides, copyStrided, type Layout } from "./strided.ts";

/** How a block lies in memory; `start`: from which element on. */
export function layoutOf({ dtype, shape, address }: Block, start?: readonly number[]): Layout {
  const strides = byteStrides(shape, infoOf(dtype).bytes);
  const offset = start?.reduce((sum, index, axis) => sum + index * strides[axis], 0) ?? 0;
  return { address: address + offset, strides };
}

/** A block of its own, in C order, of elements that lie elsewhere in the kernel's memory. */
export function gathered(arena: Arena, dtype: DType, size: readonly number[], from: Layout): Block {
  const made = arena.block(dtype, size);
  copyStrided(arena.kernel, infoOf(dtype).bytes, size, from, layoutOf(made));
  return made;
}

/** The part of a block that begins at `start`, as a block of its own; the other one is given back. */
export function cutOut(arena: Arena, block: Block, start: readonly number[], size: readonly number[]): Block {
  const made = gathered(arena, block.dtype, size, layoutOf(block, start));
  arena.release(block);
  return made;
}

/** Copies what two boxes of the same array share from one block to the other. */
export function copyBox(arena: Arena, from: Block, fromBox: Region, to: Block, toBox: Region): void {
  const shared = intersect(fromBox, toBox);
  if (shared === undefined) return;
  const within = (box: Region) => shared.start.map((at, axis) => at - box.start[axis]);
  const { bytes } = infoOf(from.dtype);
  copyStrided(arena.kernel, bytes, shared.size, layoutOf(from, within(fromBox)), layoutOf(to, within(toBox)));
}

/** The box of an operand that broadcasts into a box of the result. */
export function broadcastRegion(shape: readonly number[], { start, size }: Region): Region {
  const first = size.length - shape.length;
  return {
    start: shape.map((length, axis) => (length === 1 ? 0 : start[first + axis])),
    size: shape.map((length, axis) => (length === 1 ? 1 : size[first + axis])),
  };
}
