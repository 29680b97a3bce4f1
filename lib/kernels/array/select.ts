import type { Region } from "../../collections/array/chunks.ts";
import { infoOf } from "../../collections/array/dtype.ts";
import type { Block } from "./arena.ts";
import type { Evaluator } from "./evaluate.ts";
import { byteStrides, copyStrided } from "./strided.ts";
import type { Of } from "./views.ts";

/** A box of the chosen elements: those of chunk c lie in chunk c. */
export async function selected(evaluator: Evaluator, node: Of<"select">, region: Region): Promise<Block> {
  const { arena, program } = evaluator;
  const [input, mask] = node.inputs;
  const { axis, dtype } = node;
  const out = arena.block(dtype, region.size);
  const width = infoOf(dtype).bytes;
  const into = byteStrides(region.size, width);
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
      const own = byteStrides(block.shape, width);
      const line = region.size.with(axis, 1);
      for (let i = Math.max(first, region.start[axis]); i < Math.min(first + count, end); i++)
        copyStrided(
          arena.kernel,
          width,
          line,
          { address: block.address + places[i - first] * own[axis], strides: own },
          { address: out.address + (i - region.start[axis]) * into[axis], strides: into },
        );
      arena.release(block);
    }
    first += count;
    source += length;
  }
  return out;
}

/** Where, within [start, start + length), the mask is true. */
async function truePlaces(evaluator: Evaluator, mask: number, start: number, length: number): Promise<number[]> {
  const { arena } = evaluator;
  const block = await evaluator.block(mask, { start: [start], size: [length] });
  const flags = arena.view("bool", block.address, length);
  const places: number[] = [];
  for (let i = 0; i < length; i++) if (flags[i] !== 0) places.push(i);
  arena.release(block);
  return places;
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
