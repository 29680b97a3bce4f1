import { Grid, intersect, type Region } from "../../collections/array/chunks.ts";
import { sizeOf } from "../../collections/array/shape.ts";
import { InternalError, type JsonObject } from "../../errors.ts";
import type { TaskInput } from "../../plan/plan.ts";
import { besideRef, type Fold, type TaskContext, type TaskOutput } from "../kernel.ts";
import { Arena, type Block } from "./arena.ts";
import { copyBox } from "./boxes.ts";
import { Evaluator } from "./evaluate.ts";
import { encodeNpy } from "./npy.ts";
import { decodePartial, encodePartial, mergeEncoded, mergeStates, type Partial, type State } from "./partials.ts";
import type { ArrayCombineParams, ArrayRunParams, ProgramReduction } from "./program.ts";
import { finishState, mergeOf, mergesInPlace, reduceBox } from "./reduce.ts";
import { encodeSection } from "./sections.ts";
import { SourcesOf } from "./sources.ts";
import { arrayKernel } from "./wasm.ts";

/** `array.run`: computes one chunk of a grid, and hands on what its sink says. */
export async function runArray(params: JsonObject, input: TaskInput, context: TaskContext): Promise<TaskOutput> {
  const { program, grid, order, pairs = false, sink } = params as unknown as ArrayRunParams; // made by plan/lower/array.ts
  const layout = gridOf(grid);
  const places = pairs ? pairAt(context.task ?? 0, layout.counts[0]) : [placeOf(layout, order, context.task ?? 0)];
  const [place] = places;
  const region = layout.regionAt(place);
  const arena = new Arena(arrayKernel());
  try {
    const evaluator = new Evaluator(program, arena, new SourcesOf(input, context), pairs);
    const elements = places.reduce((sum, one) => sum + sizeOf(layout.regionAt(one).size), 0);
    const give = <P>(value: P): TaskOutput<P> => ({ value, recordsIn: elements, recordsOut: elements });
    switch (sink.to) {
      case "block": {
        const block = await evaluator.block(sink.root, region);
        return give(encodeNpy(block.dtype, region.size, arena.copyOut(block)));
      }
      case "whole": {
        const { wholeFunction } = await import("./whole.ts");
        const inputs: Block[] = [];
        for (const root of sink.roots) {
          const { shape } = program[root];
          inputs.push(await evaluator.block(root, { start: shape.map(() => 0), size: shape }));
        }
        const block = wholeFunction(arena, sink.fn, sink.output, inputs);
        return give(encodeNpy(block.dtype, region.size, arena.copyOut(block)));
      }
      case "reduce": {
        const partials: Partial[] = [];
        for (const one of places) partials.push(await reduceBox(evaluator, sink.reductions, layout.regionAt(one), one));
        return give(encodePartial(partials.reduce(mergerOf(sink.reductions))));
      }
      case "sections":
        return give(await sections(evaluator, sink.root, region, gridOf(sink.grid)));
      case "write": {
        const { writeChunk } = await import("./write.ts");
        const block = await evaluator.block(sink.root, region);
        return give(await writeChunk(sink.target, block, region, place, arena, context));
      }
    }
  } finally {
    arena.close();
  }
}

const grids = new WeakMap<object, Grid>();

/** Made once for each stage that a thread works at. */
function gridOf(chunks: Grid["chunks"]): Grid {
  let grid = grids.get(chunks);
  if (grid === undefined) grids.set(chunks, (grid = new Grid(chunks)));
  return grid;
}

function placeOf(grid: Grid, order: readonly number[] | undefined, index: number): number[] {
  if (order === undefined) return grid.placeOf(index);
  const place = new Array<number>(order.length);
  let rest = index;
  for (const axis of [...order].reverse()) {
    place[axis] = rest % grid.counts[axis];
    rest = Math.floor(rest / grid.counts[axis]);
  }
  return place;
}

/** The places of the t-th pair of chunks of a square of n by n, see `ArrayRunParams`. */
function pairAt(t: number, n: number): readonly (readonly [number, number])[] {
  let [i, first] = [0, 0];
  while (t >= first + n - i) first += n - i++;
  const j = i + t - first;
  return i === j ? [[i, i]] : [[i, j], [j, i]]; // prettier-ignore
}

function mergerOf(reductions: readonly ProgramReduction[]): (left: Partial, right: Partial) => Partial {
  const merges = reductions.map(mergeOf);
  return (left, right) => left.map((states, i) => mergeStates(states, right[i], merges[i]));
}

/** For each chunk of the other grid the part of it that lies in the box, with a header that says where. */
async function sections(evaluator: Evaluator, root: number, region: Region, to: Grid): Promise<Uint8Array[]> {
  const { arena } = evaluator;
  const block = await evaluator.block(root, region);
  const parts = Array.from({ length: to.count }, () => new Uint8Array(0));
  for (const chunk of to.touching(region)) {
    const box = intersect(chunk.region, region);
    if (box === undefined) continue;
    const part = arena.block(block.dtype, box.size);
    copyBox(arena, block, region, part, box);
    parts[chunk.index] = encodeSection(box, arena.copyOut(part));
    arena.release(part);
  }
  return parts;
}

/** `array.combine`: merges partials of an earlier stage, in a tree whose shape follows from their places. */
export async function combine(params: JsonObject, input: TaskInput, context: TaskContext): Promise<TaskOutput> {
  const { stage, partials, fan, reduction, count, finish, dtype } = params as unknown as ArrayCombineParams; // made by plan/lower/array.ts
  const task = context.task ?? 0;
  if (input.kind !== "index") throw new InternalError("array.combine runs by index.");
  const groups = Math.ceil(partials / fan);
  const first = Math.floor(task / groups) * partials + (task % groups) * fan;
  const end = Math.min(first + fan, (Math.floor(task / groups) + 1) * partials);
  const merge = mergeOf(reduction);
  let merged: State | undefined;
  for (let i = first; i < end; i++) {
    const [[state]] = decodePartial(await context.fetch(besideRef(context, stage, i)));
    merged = merged === undefined ? state : merge(merged, state);
  }
  if (merged === undefined) throw new InternalError("array.combine has nothing to merge.");
  if (finish === undefined) return { value: encodePartial([[merged]]), recordsIn: end - first, recordsOut: 1 };
  const elements = finishState(reduction, merged, count);
  const { size } = gridOf(finish).region(Math.floor(task / groups));
  const bytes = new Uint8Array(elements.buffer, elements.byteOffset, elements.byteLength);
  return { value: encodeNpy(dtype, size, bytes), recordsIn: end - first, recordsOut: 1 };
}

/** The fold of reductions: states by reduction and place. What it gives is assembled by the client, which knows the shapes. */
export function reduceFold(params: JsonObject): Fold<Partial, Partial> {
  const { reductions } = params as unknown as { readonly reductions: readonly ProgramReduction[] }; // made by plan/lower/array.ts
  const merges = reductions.map(mergeOf);
  const none: Partial = reductions.map(() => []);
  return {
    empty: () => none,
    merge: mergerOf(reductions),
    finish: (partial) => partial,
    encode: encodePartial,
    mergeEncoded: (left, right) => (reductions.every(mergesInPlace) ? mergeEncoded(left, right, merges) : undefined),
    decode: decodePartial,
    // Fields are copied: see there.
    readsShared: true,
  };
}
