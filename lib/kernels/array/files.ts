import type { Region } from "../../collections/array/chunks.ts";
import { infoOf } from "../../collections/array/dtype.ts";
import { sizeOf } from "../../collections/array/shape.ts";
import { FormatError } from "../../errors.ts";
import { readExactly, readExactlySync } from "../../store/read-exactly.ts";
import type { Reader } from "../../store/store.ts";
import { entityOf, withHdf5 } from "../formats/hdf5-file.ts";
import type { TaskContext } from "../kernel.ts";
import type { Arena, Block } from "./arena.ts";
import { byteStrides } from "./strided.ts";
import type { Of } from "./views.ts";
import { readZarrChunk } from "./zarr.ts";

/** Reads a box of a file's array: of Zarr chunk `index` of the file's own grid, of the others any box. */
export async function readFileChunk(
  node: Of<"file">,
  index: number,
  region: Region,
  arena: Arena,
  context: TaskContext,
): Promise<Block> {
  switch (node.file.format) {
    case "npy":
      return readNpyBox(node, node.file, region, arena, context);
    case "zarr":
      return readZarrChunk(node, node.file, index, region, arena, context);
    case "hdf5":
      return readHdf5Box(node, node.file, region, arena, context);
  }
}

type FileOf<Format> = Extract<Of<"file">["file"], { readonly format: Format }>;

async function readNpyBox(
  { shape, dtype }: Of<"file">,
  { url, etag, offset, swapped }: FileOf<"npy">,
  region: Region,
  arena: Arena,
  { store, signal }: TaskContext,
): Promise<Block> {
  const width = infoOf(dtype).bytes;
  const reader = await store.open(url, { etag, signal });
  try {
    const bytes = await readBox(reader, offset, shape, width, region, signal);
    if (swapped) swap(bytes, width);
    await reader.verify?.();
    return arena.copyIn(dtype, region.size, bytes);
  } finally {
    await reader.close();
  }
}

/** A box of an array in C order: the stretches that lie together, one after the other. */
async function readBox(
  reader: Reader,
  offset: number,
  shape: readonly number[],
  width: number,
  { start, size }: Region,
  signal: AbortSignal,
): Promise<Uint8Array> {
  const strides = byteStrides(shape, width);
  const bytes = new Uint8Array(sizeOf(size) * width);
  // The last axes that are wanted whole make one stretch with the axis before them.
  let inner = size.length;
  let stretch = width;
  while (inner > 0) {
    inner--;
    stretch *= size[inner];
    if (size[inner] !== shape[inner]) break;
  }
  const base = strides.reduce((sum, stride, axis) => sum + stride * start[axis], offset);
  const outer = size.slice(0, inner);
  const read = async (axis: number, from: number, to: number): Promise<number> => {
    if (axis === outer.length) {
      if (reader.readSync !== undefined)
        readExactlySync({ info: reader.info, readSync: reader.readSync }, bytes.subarray(to, to + stretch), from);
      else bytes.set(await readExactly(reader, from, from + stretch, signal), to);
      return to + stretch;
    }
    let next = to;
    if (axis === outer.length - 1 && reader.readSync === undefined) {
      // Over a network the rows are read with what lies between them.
      const span = (size[axis] - 1) * strides[axis] + stretch;
      const rows = await readExactly(reader, from, from + span, signal);
      for (let i = 0; i < size[axis]; i++, next += stretch)
        bytes.set(rows.subarray(i * strides[axis], i * strides[axis] + stretch), next);
      return next;
    }
    for (let i = 0; i < size[axis]; i++) next = await read(axis + 1, from + i * strides[axis], next);
    return next;
  };
  await read(0, base, 0);
  return bytes;
}

function swap(bytes: Uint8Array, width: number): void {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (width === 2) buffer.swap16();
  else if (width === 4) buffer.swap32();
  else if (width === 8) buffer.swap64();
}

async function readHdf5Box(
  { dtype }: Of<"file">,
  { url, size, etag, dataset }: FileOf<"hdf5">,
  region: Region,
  arena: Arena,
  { store, signal }: TaskContext,
): Promise<Block> {
  return withHdf5({ url, size, etag }, store, signal, (file) => {
    const entity = entityOf(file, dataset, url);
    const ranges = region.start.map((from, axis): [number, number] => [from, from + region.size[axis]]);
    const values: unknown = "slice" in entity ? (ranges.length === 0 ? entity.value : entity.slice(ranges)) : undefined;
    if (typeof values === "number" || typeof values === "bigint") {
      const block = arena.block(dtype, []);
      arena.kernel.fill(infoOf(dtype).code)(values, block.address, 1);
      return block;
    }
    if (!ArrayBuffer.isView(values))
      throw new FormatError(`The dataset ${dataset} of ${url} holds no plain numbers.`, { fields: { url, dataset } });
    return arena.copyIn(dtype, region.size, new Uint8Array(values.buffer, values.byteOffset, values.byteLength));
  });
}
