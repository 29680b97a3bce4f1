import { Grid, type Region } from "../../collections/array/chunks.ts";
import { infoOf, type TypedArray } from "../../collections/array/dtype.ts";
import { sizeOf } from "../../collections/array/shape.ts";
import type { Arena, Block } from "./arena.ts";
import { gathered, layoutOf } from "./boxes.ts";
import { countingFinish, countingMerge, countingState } from "./counting.ts";
import type { Evaluator } from "./evaluate.ts";
import { gramState, matrixFinish, matrixMerge, productState } from "./matrix-states.ts";
import type { Partial, State } from "./partials.ts";
import type { ProgramReduction } from "./program.ts";
import { emptyState, reducerOf, type Reducer } from "./reductions.ts";
import { selectFinish, selectMerge, selectState } from "./digits.ts";
import { forEachTile, releaseSources, type Tile } from "./tiles.ts";

type AxesReduction = Extract<ProgramReduction, { kind: "axes" }>;

/** The states of some reductions for one box. `place`: the chunk that the box is, axis by axis. */
export async function reduceBox(
  evaluator: Evaluator,
  reductions: readonly ProgramReduction[],
  region: Region,
  place: readonly number[],
): Promise<Partial> {
  const states = new Array<State>(reductions.length);
  const groups = new Map<string, number[]>();
  for (const [i, reduction] of reductions.entries()) {
    switch (reduction.kind) {
      case "gram":
        states[i] = await gramState(evaluator, reduction, region);
        break;
      case "product":
        states[i] = await productState(evaluator, reduction, region, place);
        break;
      case "histogram":
      case "bincount":
      case "unique":
        states[i] = await countingState(evaluator, reduction, region);
        break;
      case "digits":
        states[i] = await selectState(evaluator, reduction, region);
        break;
      case "axes": {
        // Those that go through the box the same way go together: what they share is computed once.
        const key = JSON.stringify(reduction.axes);
        groups.set(key, [...(groups.get(key) ?? []), i]);
      }
    }
  }
  for (const members of groups.values()) {
    const chosen = members.map((i) => reductions[i] as AxesReduction); // only those are in groups
    const made = await reduceTogether(evaluator, chosen, region, place);
    for (const [k, i] of members.entries()) states[i] = made[k];
  }
  return states.map((state) => [state]);
}

/** A state in the kernel's memory while blocks are added to it. */
class Accumulator {
  readonly #arena: Arena;
  readonly #reducer: Reducer;
  readonly #state: State;
  readonly #addresses: readonly number[];
  readonly #widths: readonly number[];
  readonly #loops: readonly ((...args: number[]) => void)[];
  readonly #axisStart: number;

  constructor(arena: Arena, { fn, dtype, axes }: AxesReduction, place: number, size: number, region: Region) {
    this.#arena = arena;
    this.#reducer = reducerOf(fn, dtype);
    this.#state = emptyState(place, this.#reducer, size);
    this.#widths = this.#reducer.fields.map((field) => infoOf(field.dtype).bytes);
    this.#addresses = this.#state.fields.map((field) => {
      const address = arena.bytes(field.byteLength);
      bytesAt(arena, address, field.byteLength).set(new Uint8Array(field.buffer, field.byteOffset, field.byteLength));
      return address;
    });
    const { loop } = this.#reducer;
    this.#loops = [loop].flat().map((name) => arena.kernel.loop(`${name}_${infoOf(dtype).code}`));
    this.#axisStart = axes.length === 0 ? 0 : region.start[axes[0]];
  }

  /** A piece [outer][rows][cols] whose results begin at `at`; `row`: its first row in the box. */
  add(address: number, outer: number, rows: number, cols: number, at: number, row: number): void {
    const fields = this.#addresses.map((field, i) => field + at * this.#widths[i]);
    const from = this.#reducer.positioned ? [this.#axisStart + row] : [];
    if (this.#loops.length === 1) this.#loops[0](address, outer, rows, cols, ...from, ...fields);
    else for (const [i, loop] of this.#loops.entries()) loop(address, outer, rows, cols, fields[i]);
  }

  finish(): State {
    const fields = this.#state.fields.map((field, i): TypedArray => {
      new Uint8Array(field.buffer).set(bytesAt(this.#arena, this.#addresses[i], field.byteLength));
      this.#arena.release({ address: this.#addresses[i] });
      return field;
    });
    return { ...this.#state, fields };
  }
}

function bytesAt(arena: Arena, address: number, length: number): Uint8Array {
  return new Uint8Array(arena.kernel.memory.buffer, address, length);
}

async function reduceTogether(
  evaluator: Evaluator,
  reductions: readonly AxesReduction[],
  region: Region,
  place: readonly number[],
): Promise<State[]> {
  const { arena } = evaluator;
  const [{ axes }] = reductions;
  const { size } = region;
  const kept = size.map((_, axis) => axis).filter((axis) => !axes.includes(axis));
  const results = sizeOf(kept.map((axis) => size[axis]));
  const sums = reductions.map((reduction) => {
    const at = new Grid(reduction.chunks).indexOf(kept.map((axis) => place[axis]));
    return new Accumulator(arena, reduction, at, results, region);
  });
  const roots = reductions.map(({ root }) => root);
  const leading = axes.every((axis, i) => axis === i);
  const trailing = axes.every((axis, i) => axis === size.length - axes.length + i);
  if (!region.size.includes(0)) {
    if (leading || trailing) await inTiles(evaluator, roots, sums, region, axes.length, leading);
    else
      for (const [i, root] of roots.entries()) {
        const block = await evaluator.block(root, region);
        addBlock(arena, block, axes, kept, sums[i]);
        arena.release(block);
      }
  }
  return sums.map((sum) => sum.finish());
}

/** Tile by tile, without a block for the whole box. */
async function inTiles(
  evaluator: Evaluator,
  roots: readonly number[],
  sums: readonly Accumulator[],
  region: Region,
  reduced: number,
  leading: boolean,
): Promise<void> {
  const { size } = region;
  const run = await evaluator.tiles(roots, region);
  const all = reduced === size.length;
  // Of what is reduced along the last axes each row is one result; of what is along the first ones each column.
  const columnAxes = all ? undefined : leading ? size.length - reduced : reduced;
  const columns = columnAxes === undefined ? 0 : sizeOf(size.slice(size.length - columnAxes));
  forEachTile(run, columnAxes, (addresses, tile) => {
    for (const [i, sum] of sums.entries()) {
      const address = addresses[run.fusion.roots[i]];
      if (all) sum.add(address, 1, tile.count, 1, 0, tile.offset);
      else if (leading) addRows(sum, address, tile, columns);
      else addLines(sum, address, tile, columns);
    }
  });
  releaseSources(run);
}

function addRows(sum: Accumulator, address: number, { offset, count, column }: Tile, columns: number): void {
  const row = Math.floor(offset / columns);
  if (count < columns) sum.add(address, 1, 1, count, column, row);
  else sum.add(address, 1, count / columns, columns, 0, row);
}

function addLines(sum: Accumulator, address: number, { offset, count, column }: Tile, columns: number): void {
  const line = Math.floor(offset / columns);
  if (count < columns) sum.add(address, 1, count, 1, line, column);
  else sum.add(address, count / columns, columns, 1, line, 0);
}

/** Axes in the middle, or apart: a block, with the reduced axes moved to the end unless they lie together. */
function addBlock(
  arena: Arena,
  block: Block,
  axes: readonly number[],
  kept: readonly number[],
  sum: Accumulator,
): void {
  const { shape } = block;
  const together = axes.every((axis, i) => i === 0 || axis === axes[i - 1] + 1);
  const rows = sizeOf(axes.map((axis) => shape[axis]));
  if (together) {
    const outer = sizeOf(shape.slice(0, axes[0]));
    sum.add(block.address, outer, rows, sizeOf(shape.slice(axes[axes.length - 1] + 1)), 0, 0);
    return;
  }
  const order = [...kept, ...axes];
  const { address, strides } = layoutOf(block);
  const turned = { address, strides: order.map((axis) => strides[axis]) };
  const copy = gathered(
    arena,
    block.dtype,
    order.map((axis) => shape[axis]),
    turned,
  );
  sum.add(copy.address, sizeOf(kept.map((axis) => shape[axis])), rows, 1, 0, 0);
  arena.release(copy);
}

/** Merges two states of a reduction, left before right; the left one may be changed. */
export function mergeOf(reduction: ProgramReduction): (a: State, b: State) => State {
  switch (reduction.kind) {
    case "axes":
      return inPlace(reducerOf(reduction.fn, reduction.dtype).merge);
    case "gram":
    case "product":
      return inPlace(matrixMerge(reduction));
    case "digits":
      return selectMerge;
    default:
      return countingMerge(reduction);
  }
}

/** Whether `mergeOf` gives what writes into its left state, and into nothing else. */
export function mergesInPlace({ kind }: ProgramReduction): boolean {
  return kind === "axes" || kind === "gram" || kind === "product";
}

function inPlace(merge: Reducer["merge"]): (a: State, b: State) => State {
  return (a, b) => {
    merge(a.fields, b.fields);
    return a;
  };
}

/** The elements of a finished chunk. `count`: how many elements each is made of. */
export function finishState(reduction: ProgramReduction, { fields }: State, count: number): TypedArray {
  switch (reduction.kind) {
    case "axes":
      return reducerOf(reduction.fn, reduction.dtype).finish(fields, count, reduction.ddof);
    case "gram":
    case "product":
      return matrixFinish(reduction, fields);
    case "digits":
      return selectFinish(reduction, fields);
    default:
      return countingFinish(reduction, fields);
  }
}
