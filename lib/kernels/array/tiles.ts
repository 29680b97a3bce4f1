import type { Region } from "../../collections/array/chunks.ts";
import { infoOf } from "../../collections/array/dtype.ts";
import { sizeOf } from "../../collections/array/shape.ts";
import type { Arena, Block } from "./arena.ts";
import { gathered } from "./boxes.ts";
import { TILE, fillWith, type Fusion, type Register } from "./fuse.ts";
import type { Program } from "./program.ts";
import type { StandardStream } from "./random.ts";
import { byteStrides, copyStrided } from "./strided.ts";

/**
 * Goes through a box tile by tile. The box is seen as rows and columns such that each leaf either has all elements, or is one row for all rows, one
 * column for all columns, or one element; a leaf that broadcasts otherwise is spread out before. A tile is a piece of one row, or some whole rows.
 */
export interface Tile {
  /** Elements before it, in C order. */
  readonly offset: number;
  readonly count: number;
  /** In which column it begins. */
  readonly column: number;
}

/** What a leaf's vector of a tile is made from. */
export type LeafSource =
  | { readonly from: "block"; readonly block: Block }
  /** A matrix whose transpose lies in the block. */
  | { readonly from: "turned"; readonly block: Block }
  | { readonly from: "value"; readonly place: number }
  /** Made in order, a vector at a time. */
  | { readonly from: "stream"; readonly stream: StandardStream };

export interface TileRun {
  readonly program: Program;
  readonly fusion: Fusion;
  readonly region: Region;
  /** By leaf, as in `fusion.leaves`. */
  readonly sources: readonly LeafSource[];
  readonly arena: Arena;
}

/** How a leaf gives its vector for a tile: an address, having put there what belongs there. */
type Supply = (tile: Tile) => number;

/**
 * `columnAxes`: how many axes are to be the columns; undefined: as suits the leaves. `into`: where the vector of the first root is wanted; it is there
 * already if the root is a leaf, and then the answer of the leaf stands.
 */
export function forEachTile(
  run: TileRun,
  columnAxes: number | undefined,
  body: (addresses: readonly number[], tile: Tile) => void,
  into?: (tile: Tile) => number,
): void {
  // A task may go through the tiles of many boxes: what these needed goes at once.
  run.arena.within(() => throughTiles(run, columnAxes, body, into));
}

/** Gives back what the leaves were made from. */
export function releaseSources({ sources, arena }: TileRun): void {
  for (const source of sources) {
    if (source.from === "block" || source.from === "turned") arena.release(source.block);
    else if (source.from === "stream") source.stream.release();
  }
}

function throughTiles(
  run: TileRun,
  columnAxes: number | undefined,
  body: (addresses: readonly number[], tile: Tile) => void,
  into?: (tile: Tile) => number,
): void {
  const { fusion, region, sources } = run;
  const sizes = region.size;
  const total = sizeOf(sizes);
  if (total === 0) return;
  const split = sizes.length - (columnAxes ?? chooseColumns(sizes, sources));
  const columns = sizeOf(sizes.slice(split));
  const addresses: number[] = [];
  const supplies = fusion.leaves.map(({ register }, i): readonly [Register, Supply] => [
    register,
    supplyOf(run, sources[i], split, columns),
  ]);
  fusion.place(addresses);
  const tileRows = Math.max(1, Math.floor(TILE / columns));
  for (let offset = 0; offset < total;) {
    const column = offset % columns;
    const count = columns > TILE ? Math.min(TILE, columns - column) : Math.min(tileRows * columns, total - offset);
    const tile = { offset, count, column };
    if (into !== undefined) addresses[fusion.roots[0]] = into(tile);
    for (const [register, supply] of supplies) addresses[register] = supply(tile);
    fusion.run(addresses, count);
    body(addresses, tile);
    offset += count;
  }
}

type Shape = "all" | "row" | "column" | "one" | undefined;

/** How a block lies in the box, cut at an axis into rows and columns. */
function fitOf(block: Block, sizes: readonly number[], split: number): Shape {
  const rank = sizes.length;
  const own = (axis: number) => block.shape[axis - rank + block.shape.length] ?? 1;
  const side = (from: number, to: number): "full" | "one" | undefined => {
    let full = true;
    let one = true;
    for (let axis = from; axis < to; axis++) {
      if (own(axis) !== sizes[axis]) full = false;
      if (own(axis) !== 1) one = false;
    }
    return full ? "full" : one ? "one" : undefined;
  };
  const [rows, columns] = [side(0, split), side(split, rank)];
  if (rows === "full") return columns === "full" ? "all" : columns === "one" ? "column" : undefined;
  return rows === "one" ? (columns === "full" ? "row" : columns === "one" ? "one" : undefined) : undefined;
}

/** The number of axes that are columns: the most for which all leaves fit, or the most leaves. */
function chooseColumns(sizes: readonly number[], sources: readonly LeafSource[]): number {
  let best = sizes.length;
  let fits = -1;
  for (let columns = sizes.length; columns >= 0; columns--) {
    const count = sources.filter((source) => fitsRows(source, sizes, sizes.length - columns)).length;
    if (count > fits) [best, fits] = [columns, count];
  }
  return best;
}

function fitsRows(source: LeafSource, sizes: readonly number[], split: number): boolean {
  if (source.from === "turned") return split === 1;
  return source.from !== "block" || fitOf(source.block, sizes, split) !== undefined;
}

function supplyOf(run: TileRun, source: LeafSource, split: number, columns: number): Supply {
  const { program, region, arena } = run;
  if (source.from === "value") {
    const node = program[source.place];
    const address = arena.bytes(8 * TILE);
    if (node.op === "full") fillWith(arena, node, address, TILE);
    return () => address;
  }
  if (source.from === "stream") {
    const address = arena.bytes(8 * TILE);
    return ({ count }) => {
      source.stream.next(address, count);
      return address;
    };
  }
  if (source.from === "turned") {
    if (split === 1) return turnedSupply(arena, source.block);
    const [columnsOf, rowsOf] = source.block.shape;
    const { bytes } = infoOf(source.block.dtype);
    const from = { address: source.block.address, strides: [bytes, rowsOf * bytes] };
    const block = gathered(arena, source.block.dtype, [rowsOf, columnsOf], from);
    return supplyOf(run, { from: "block", block }, split, columns);
  }
  const { block } = source;
  const width = infoOf(block.dtype).bytes;
  const shape = fitOf(block, region.size, split);
  if (shape === undefined)
    return supplyOf(run, { from: "block", block: spread(arena, block, region.size) }, split, columns);
  switch (shape) {
    case "all":
      return ({ offset }) => block.address + offset * width;
    case "row":
      return rowSupply(arena, block, columns);
    case "column":
    case "one":
      return columnSupply(arena, block, columns, shape === "one");
  }
}

/** Rows of a transposed matrix that are made at once: so many that of each line of the cache that is read all is used. */
const TURNED_ROWS = 16;

/** Some rows at a time are turned into a buffer, which stays in a cache where a transposed block would not. */
function turnedSupply(arena: Arena, { dtype, address, shape: [columns, rows] }: Block): Supply {
  const width = infoOf(dtype).bytes;
  const tileRows = Math.max(1, Math.floor(TILE / columns));
  const most = Math.min(rows, tileRows * Math.ceil(TURNED_ROWS / tileRows));
  const buffer = arena.bytes(most * columns * width);
  let first = -1;
  return ({ offset }) => {
    const row = Math.floor(offset / columns);
    const wanted = row - (row % most);
    if (wanted !== first) {
      first = wanted;
      copyStrided(
        arena.kernel,
        width,
        [Math.min(most, rows - first), columns],
        { address: address + first * width, strides: [width, rows * width] },
        { address: buffer, strides: [columns * width, width] },
      );
    }
    return buffer + (offset - first * columns) * width;
  };
}

/** One row for all: where a tile is a piece of a row, that piece; else as many copies of it as a tile has rows, made once. */
function rowSupply(arena: Arena, { dtype, address }: Block, columns: number): Supply {
  const width = infoOf(dtype).bytes;
  if (columns > TILE) return ({ column }) => address + column * width;
  const rows = Math.max(1, Math.floor(TILE / columns));
  const copies = arena.bytes(rows * columns * width);
  copyStrided(
    arena.kernel,
    width,
    [rows, columns],
    { address, strides: [0, width] },
    { address: copies, strides: [columns * width, width] },
  );
  return () => copies;
}

/** One element for each row, repeated along it. */
function columnSupply(arena: Arena, { dtype, address }: Block, columns: number, one: boolean): Supply {
  const width = infoOf(dtype).bytes;
  const slot = arena.bytes(8 * TILE);
  const to = { address: slot, strides: [columns * width, width] };
  if (one) {
    copyStrided(arena.kernel, width, [1, TILE], { address, strides: [0, 0] }, { address: slot, strides: [0, width] });
    return () => slot;
  }
  return ({ offset, count }) => {
    const row = Math.floor(offset / columns);
    const rows = Math.max(1, Math.floor(count / columns));
    const from = { address: address + row * width, strides: [width, 0] };
    copyStrided(arena.kernel, width, [rows, Math.min(count, columns)], from, to);
    return slot;
  };
}

/** The block with its axes of length 1 stretched to the box. */
export function spread(arena: Arena, block: Block, sizes: readonly number[]): Block {
  const own = byteStrides(block.shape, infoOf(block.dtype).bytes);
  const strides = sizes.map((_, axis) => {
    const at = axis - sizes.length + block.shape.length;
    return at < 0 || block.shape[at] === 1 ? 0 : own[at];
  });
  return gathered(arena, block.dtype, sizes, { address: block.address, strides });
}
