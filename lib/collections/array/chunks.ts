import { OptionError } from "../../errors.ts";
import { DTYPES, infoOf, type DType } from "./dtype.ts";
import { shapeText, sizeOf, type Shape } from "./shape.ts";

/** How an array is cut: the lengths of its chunks along each axis. */
export type Chunks = readonly (readonly number[])[];

/**
 * What a user gives: "auto"; one length for all axes; for each axis a length, a list of lengths, or -1 for the whole axis. The last chunk of an
 * axis is shorter where the length does not divide it.
 */
export type ChunksOption = "auto" | number | readonly (number | readonly number[] | "auto")[];

/** Bytes of a chunk where the user does not say: enough work for a task, little memory. */
export const CHUNK_BYTES = 16 * 1024 * 1024;

/** @throws OptionError */
export function checkChunks(option: ChunksOption | undefined, shape: Shape, dtype: DType): number[][] {
  if (option === undefined || option === "auto")
    return autoChunks(
      shape,
      dtype,
      shape.map(() => true),
    );
  const list = typeof option === "number" ? shape.map(() => option) : option;
  if (!Array.isArray(list) || list.length !== shape.length)
    throw new OptionError(
      `chunks expects one entry for each axis of the shape ${shapeText(shape)}; found ${JSON.stringify(option)}.`,
      { fields: { shape: [...shape] }, fix: `give ${shape.length} of them, one number for all, or "auto".` },
    );
  const open = list.map((entry) => entry === "auto");
  const fixed = shape.map((length, axis) => (open[axis] ? [length] : axisChunks(list[axis], length, axis)));
  return open.includes(true) ? autoChunks(shape, dtype, open, fixed) : fixed;
}

function axisChunks(entry: unknown, length: number, axis: number): number[] {
  if (Array.isArray(entry)) {
    const sum = entry.reduce((total: number, one: unknown) => total + whole(one, axis), 0);
    // An axis of length 0 has one empty chunk.
    if (sum === length) return entry.length === 0 ? [0] : entry.map((one) => whole(one, axis));
    throw new OptionError(
      `chunks[${axis}] expects lengths that add up to ${length}, the axis's; those given add up to ${sum}.`,
      {
        fields: { axis, expected: length, found: sum },
      },
    );
  }
  if (entry === -1) return [length];
  return evenly(length, Math.max(1, whole(entry, axis, 1)));
}

function whole(entry: unknown, axis: number, least = 0): number {
  if (typeof entry === "number" && Number.isSafeInteger(entry) && entry >= least) return entry;
  throw new OptionError(
    `chunks[${axis}] expects whole numbers of at least ${least} (or -1, the whole axis); found ${String(entry)}.`,
    {
      fields: { axis, found: String(entry) },
    },
  );
}

/** Chunks of `size`, the last one shorter. An axis of length 0 has one empty chunk. */
export function evenly(length: number, size: number): number[] {
  if (length <= size) return [length];
  const count = Math.ceil(length / size);
  return Array.from({ length: count }, (_, i) => Math.min(size, length - i * size));
}

/** Cuts the open axes so that a chunk has about `CHUNK_BYTES`: as near to a cube as their lengths allow. */
function autoChunks(shape: Shape, dtype: DType, open: readonly boolean[], fixed?: number[][]): number[][] {
  const held = shape.reduce((size, _, axis) => (open[axis] ? size : size * Math.max(1, ...(fixed?.[axis] ?? []))), 1);
  let room = Math.max(1, CHUNK_BYTES / infoOf(dtype).bytes / held);
  const axes = shape.map((_, axis) => axis).filter((axis) => open[axis]);
  const sizes = new Map<number, number>();
  // The shortest first: what they do not use is left to the others.
  axes
    .sort((a, b) => shape[a] - shape[b])
    .forEach((axis, i) => {
      const size = Math.max(1, Math.min(shape[axis], Math.floor(room ** (1 / (axes.length - i)))));
      sizes.set(axis, size);
      room /= size;
    });
  return shape.map((length, axis) =>
    open[axis] ? levelled(length, sizes.get(axis) ?? length) : (fixed?.[axis] ?? [length]),
  );
}

/** The lengths of chunks that "auto" gives an array of this shape, whose elements have `width` bytes. */
export function autoLengths(shape: Shape, width: number): number[] {
  const dtype = DTYPES.find((name) => infoOf(name).bytes === width) ?? "float64";
  const all = shape.map(() => true);
  return autoChunks(shape, dtype, all).map((axis) => axis[0]);
}

/** Chunks of at most `size`, all nearly alike. */
function levelled(length: number, size: number): number[] {
  const count = Math.max(1, Math.ceil(length / Math.max(1, size)));
  return evenly(length, Math.ceil(length / count));
}

export function chunkCount(chunks: Chunks): number {
  return chunks.reduce((count, axis) => count * axis.length, 1);
}

/** The largest chunk's elements. */
export function largestChunk(chunks: Chunks): number {
  return sizeOf(chunks.map((axis) => axis.reduce((most, length) => Math.max(most, length), 0)));
}

export function equalChunks(a: Chunks, b: Chunks): boolean {
  return (
    a.length === b.length &&
    a.every((axis, i) => axis.length === b[i].length && axis.every((length, j) => length === b[i][j]))
  );
}

/** A box in an array: [start, start + size) along each axis. */
export interface Region {
  readonly start: readonly number[];
  readonly size: readonly number[];
}

/** Finds chunks by index (C order) and by place. Made once for a list of chunks. */
export class Grid {
  readonly chunks: Chunks;
  readonly counts: readonly number[];
  readonly count: number;
  /** For each axis where its chunks begin, and the axis's length at the end. */
  readonly #edges: readonly (readonly number[])[];

  constructor(chunks: Chunks) {
    this.chunks = chunks;
    this.counts = chunks.map(({ length }) => length);
    this.count = chunkCount(chunks);
    this.#edges = chunks.map((axis) => {
      const edges = [0];
      for (const length of axis) edges.push(edges[edges.length - 1] + length);
      return edges;
    });
  }

  get shape(): number[] {
    return this.#edges.map((edges) => edges[edges.length - 1]);
  }

  /** Where in the grid the chunk is, axis by axis. */
  placeOf(index: number): number[] {
    const place = new Array<number>(this.counts.length);
    let rest = index;
    for (let axis = this.counts.length - 1; axis >= 0; axis--) {
      place[axis] = rest % this.counts[axis];
      rest = Math.floor(rest / this.counts[axis]);
    }
    return place;
  }

  indexOf(place: readonly number[]): number {
    return place.reduce((index, at, axis) => index * this.counts[axis] + at, 0);
  }

  regionAt(place: readonly number[]): Region {
    return {
      start: place.map((at, axis) => this.#edges[axis][at]),
      size: place.map((at, axis) => this.chunks[axis][at]),
    };
  }

  region(index: number): Region {
    return this.regionAt(this.placeOf(index));
  }

  /** The chunks that a region touches, in C order. */
  *touching(region: Region): Generator<{ readonly index: number; readonly region: Region }> {
    const spans = this.#edges.map((edges, axis) => spanOf(edges, region.start[axis], region.size[axis]));
    if (spans.some(([first, end]) => end <= first)) return;
    const place = spans.map(([first]) => first);
    for (;;) {
      yield { index: this.indexOf(place), region: this.regionAt(place) };
      let axis = place.length - 1;
      while (axis >= 0 && ++place[axis] === spans[axis][1]) {
        place[axis] = spans[axis][0];
        axis--;
      }
      if (axis < 0) return;
    }
  }
}

/** The chunks [first, end) of an axis that [start, start + size) touches. */
function spanOf(edges: readonly number[], start: number, size: number): readonly [number, number] {
  if (size === 0) return [0, 0];
  let low = 0;
  let high = edges.length - 2;
  while (low < high) {
    const middle = (low + high + 1) >>> 1;
    if (edges[middle] <= start) low = middle;
    else high = middle - 1;
  }
  let end = low + 1;
  while (end < edges.length - 1 && edges[end] < start + size) end++;
  return [low, end];
}

/** What two boxes share; undefined where they do not meet. */
export function intersect(a: Region, b: Region): Region | undefined {
  const start = a.start.map((from, axis) => Math.max(from, b.start[axis]));
  const size = start.map((from, axis) => Math.min(a.start[axis] + a.size[axis], b.start[axis] + b.size[axis]) - from);
  return size.some((length) => length <= 0) ? undefined : { start, size };
}

export function equalRegions(a: Region, b: Region): boolean {
  return a.start.every((from, axis) => from === b.start[axis] && a.size[axis] === b.size[axis]);
}
