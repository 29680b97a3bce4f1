import type { Region } from "../../collections/array/chunks.ts";
import { infoOf } from "../../collections/array/dtype.ts";
import { sizeOf } from "../../collections/array/shape.ts";
import type { Arena, Block } from "./arena.ts";
import type { Evaluator } from "./evaluate.ts";
import type { Of } from "./views.ts";

/** A box of the chosen elements: those of chunk c lie in chunk c. */
export async function selected(evaluator: Evaluator, node: Of<"select">, region: Region): Promise<Block> {
  const { arena, program } = evaluator;
  const [input, mask] = node.inputs;
  const { axis, dtype } = node;
  const out = arena.block(dtype, region.size);
  const end = region.start[axis] + region.size[axis];
  let [first, source] = [0, 0];
  for (const [chunk, count] of node.chunks[axis].entries()) {
    const length = program[input].chunks[axis][chunk];
    if (count > 0 && first < end && first + count > region.start[axis]) {
      const places = await truePlaces(evaluator, mask, source, length);
      const block = await evaluator.block(input, {
        start: region.start.with(axis, source),
        size: region.size.with(axis, length),
      });
      const chosen = places.subarray(Math.max(0, region.start[axis] - first), end - first);
      copyPlaces(arena, block, chosen, out, Math.max(0, first - region.start[axis]), axis);
      arena.release(block);
    }
    first += count;
    source += length;
  }
  return out;
}

/** The places along the axis go to `at` and behind it in the other block. */
function copyPlaces(arena: Arena, from: Block, places: Int32Array, to: Block, at: number, axis: number): void {
  const { kernel } = arena;
  const { bytes } = infoOf(from.dtype);
  const outer = sizeOf(from.shape.slice(0, axis));
  const inner = sizeOf(from.shape.slice(axis + 1)) * bytes;
  const [source, target] = [from.shape[axis] * inner, to.shape[axis] * inner];
  if (inner === bytes) {
    const list = arena.copyIn("int32", [places.length], new Uint8Array(places.buffer, places.byteOffset, places.byteLength)); // prettier-ignore
    const take = kernel.loop(`take_${bytes}`);
    for (let i = 0; i < outer; i++)
      take(from.address + i * source, list.address, to.address + i * target + at * bytes, places.length);
    arena.release(list);
    return;
  }
  const copy = kernel.copy2d(bytes);
  for (const [i, place] of places.entries())
    copy(
      from.address + place * inner,
      source,
      bytes,
      to.address + (at + i) * inner,
      target,
      bytes,
      outer,
      inner / bytes,
    );
}

/** Where, within [start, start + length), the mask is true. */
async function truePlaces(evaluator: Evaluator, mask: number, start: number, length: number): Promise<Int32Array> {
  const { arena } = evaluator;
  const block = await evaluator.block(mask, { start: [start], size: [length] });
  const flags = arena.view("bool", block.address, length);
  const places = new Int32Array(length);
  let count = 0;
  for (let i = 0; i < length; i++) if (flags[i] !== 0) places[count++] = i;
  arena.release(block);
  return places.subarray(0, count);
}

/** How many elements of each of these chunks are true. */
export async function countedChunks(evaluator: Evaluator, node: Of<"counts">, region: Region): Promise<Block> {
  const { arena, program } = evaluator;
  const [lengths] = program[node.inputs[0]].chunks;
  const counts: number[] = [];
  let start = 0;
  for (const [chunk, length] of lengths.entries()) {
    if (chunk >= region.start[0] && chunk < region.start[0] + region.size[0])
      counts.push((await truePlaces(evaluator, node.inputs[0], start, length)).length);
    start += length;
  }
  const out = arena.block("int64", region.size);
  arena.view("int64", out.address, counts.length).set(counts.map(BigInt));
  return out;
}
