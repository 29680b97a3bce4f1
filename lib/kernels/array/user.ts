import { loadCallable, type Loaded } from "../../callables/load.ts";
import type { CallableRef } from "../../callables/reference.ts";
import { sourceLineOf } from "../../callables/source-line.ts";
import { Grid, type Region } from "../../collections/array/chunks.ts";
import { viewOf, type TypedArray } from "../../collections/array/dtype.ts";
import { NDArray, makeTyped } from "../../collections/array/ndarray.ts";
import { shapeText, sizeOf } from "../../collections/array/shape.ts";
import { formatCallable } from "../../collections/bag/format.ts";
import { TaskError, toErrorRecord } from "../../errors.ts";
import { valueFromJson } from "../../values-json.ts";
import type { Arena, Block } from "./arena.ts";
import type { Evaluator } from "./evaluate.ts";
import { extended, trimmed } from "./overlap.ts";
import { blockOfResult, elementOf } from "./user-results.ts";
import type { Of } from "./views.ts";

/** A chunk that a user's function makes. */
export async function functionChunk(node: Of<"function">, index: number, region: Region, arena: Arena): Promise<Block> {
  const { fn, args, dtype, chunks } = node;
  const where = placeText(new Grid(chunks).placeOf(index));
  const step = `fromFunction(${formatCallable(fn)})`;
  const loaded = await loadCallable(fn);
  const given = args.map(valueFromJson);
  const result = await guarded({ fn, step, where }, () =>
    node.of === "chunk"
      ? loaded([...region.start], [...region.size], ...given)
      : eachElement(loaded, given, node, region, `${step}, ${where},`),
  );
  return blockOfResult(arena, result, { dtype, shape: region.size, what: `${step}, ${where},` });
}

/** Calls the function with the indices of each element. */
async function eachElement(
  loaded: Loaded,
  args: readonly unknown[],
  { dtype }: Of<"function">,
  { start, size }: Region,
  what: string,
): Promise<TypedArray> {
  const made = makeTyped(dtype, sizeOf(size)) as TypedArray;
  const index = [...start];
  for (let i = 0; i < made.length; i++) {
    const value = loaded(...index, ...args);
    made[i] = elementOf(value instanceof Promise ? await value : value, dtype, `${what} element ${shapeText(index)},`);
    for (let axis = size.length - 1; axis >= 0; axis--) {
      if (++index[axis] < start[axis] + size[axis]) break;
      index[axis] = start[axis];
    }
  }
  return made;
}

/** A chunk that a user's function makes of blocks. */
export async function mappedChunk(
  node: Of<"blocks">,
  index: number,
  region: Region,
  evaluator: Evaluator,
): Promise<Block> {
  const { arena } = evaluator;
  const { fn, args, dtype, depth } = node;
  const place = evaluator.gridOf(node.chunks).placeOf(index);
  const boxes = node.inputs.map((input) => boxOf(evaluator, input, place));
  const blocks: NDArray[] = [];
  for (const [i, input] of node.inputs.entries()) {
    const made =
      depth === undefined
        ? await evaluator.block(input, boxes[i])
        : await extended(evaluator, input, boxes[i], depth, node.boundary ?? "none");
    blocks.push(handedOver(arena, made));
  }
  const step = `${depth === undefined ? "mapBlocks" : "mapOverlap"}(${formatCallable(fn)})`;
  const where = placeText(place);
  const loaded = await loadCallable(fn);
  const info = { index: place, start: [...region.start], shape: [...region.size] };
  const result = await guarded({ fn, step, where }, () => loaded(...blocks, ...args.map(valueFromJson), info));
  const shape = depth === undefined ? region.size : blocks[0].shape;
  const block = blockOfResult(arena, result, { dtype, shape, what: `${step}, ${where},` });
  return depth === undefined ? block : trimmed(evaluator, block, node, region);
}

/** The chunk of an input that goes with a chunk of the result: their last axes align. */
function boxOf(evaluator: Evaluator, input: number, place: readonly number[]): Region {
  const grid = evaluator.gridOf(evaluator.program[input].chunks);
  const first = place.length - grid.counts.length;
  return grid.regionAt(grid.counts.map((count, axis) => (count === 1 ? 0 : place[first + axis])));
}

/** The block as an array of its own, which the function may change. */
function handedOver(arena: Arena, block: Block): NDArray {
  const { buffer } = arena.copyOut(block);
  arena.release(block);
  return new NDArray(block.dtype, [...block.shape], viewOf(block.dtype, buffer, 0, sizeOf(block.shape)));
}

function placeText(place: readonly number[]): string {
  return `chunk ${shapeText(place)}`;
}

interface Call {
  readonly fn: CallableRef;
  readonly step: string;
  readonly where: string;
}

async function guarded({ fn, step, where }: Call, body: () => unknown): Promise<unknown> {
  try {
    return await body();
  } catch (error) {
    const { name, message } = toErrorRecord(error);
    const line = sourceLineOf(error, fn);
    throw new TaskError(
      `${step} failed on ${where}: ${name}: ${message}${line === undefined ? "" : `\n  line: ${line}`}`,
      {
        cause: error,
        fields: { step, chunk: where, ...(line === undefined ? {} : { line }) },
        fix: "handle such blocks in the function.",
      },
    );
  }
}
