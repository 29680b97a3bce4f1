import { makeTranspose } from "../../collections/array/make-shape.ts";
import { CHUNK_BYTES, checkChunks, evenly, type ChunksOption } from "../../collections/array/chunks.ts";
import { DTYPES, infoOf, type DType } from "../../collections/array/dtype.ts";
import type { ArraySource } from "../../collections/array/files.ts";
import type { ArrayFile, ArrayNode } from "../../collections/array/nodes.ts";
import { sizeOf, type Shape } from "../../collections/array/shape.ts";
import { FormatError } from "../../errors.ts";
import { NPY_HEAD_BYTES, decodeNpyHeader } from "../../kernels/array/npy.ts";
import { openZarr, zarrDType } from "../../kernels/array/zarr.ts";
import { entityOf, withHdf5 } from "../../kernels/formats/hdf5-file.ts";
import { readExactly } from "../../store/read-exactly.ts";
import type { Store } from "../../store/store.ts";
import { toUrl } from "../../store/urls.ts";

/** Reads what a file says of its array: shape, dtype, chunks. No element is read. */
export async function openArray(source: ArraySource, store: Store, signal?: AbortSignal): Promise<ArrayNode> {
  const url = toUrl(source.path);
  switch (source.format) {
    case "npy":
      return openNpy(url, source.chunks, store, signal);
    case "zarr":
      return openZarrArray({ format: "zarr", url, path: source.array ?? "" }, source.chunks, store, signal);
    case "hdf5":
      return openHdf5(url, source.dataset, source.chunks, store, signal);
  }
}

async function openNpy(
  url: string,
  chunks: ChunksOption | undefined,
  store: Store,
  signal?: AbortSignal,
): Promise<ArrayNode> {
  const reader = await store.open(url, signal === undefined ? {} : { signal });
  try {
    const { size, etag } = reader.info;
    const head = await readExactly(reader, 0, Math.min(size, NPY_HEAD_BYTES), signal);
    const { dtype, shape, fortran, swapped, offset } = decodeNpyHeader(head, url);
    const expected = offset + sizeOf(shape) * infoOf(dtype).bytes;
    if (size < expected)
      throw new FormatError(`${url} has ${size} bytes; its header promises ${expected}: it was cut off.`, {
        fields: { url, expected, found: size },
        fix: "copy or write the file again.",
      });
    const file: ArrayFile = { format: "npy", url, etag, offset, swapped };
    // Fortran's order is C's with the axes the other way round.
    const stored = fortran ? [...shape].reverse() : shape;
    const option = fortran && Array.isArray(chunks) ? [...chunks].reverse() : chunks;
    const own = checkChunks(option ?? wholeRows(stored, dtype), stored, dtype);
    const node: ArrayNode = { op: "file", file, grid: own, shape: stored, dtype, chunks: own };
    return fortran
      ? makeTranspose(
          node,
          shape.map((_, axis) => shape.length - 1 - axis),
        )
      : node;
  } finally {
    await reader.close();
  }
}

/** Chunks of whole rows, each one stretch of the file. */
function wholeRows(shape: Shape, dtype: DType): ChunksOption {
  const row = Math.max(1, sizeOf(shape.slice(1)) * infoOf(dtype).bytes);
  if (shape.length === 0 || row > CHUNK_BYTES) return "auto";
  return [evenly(shape[0], Math.max(1, Math.floor(CHUNK_BYTES / row))), ...shape.slice(1).map((length) => [length])];
}

async function openZarrArray(
  file: Extract<ArrayFile, { format: "zarr" }>,
  chunks: ChunksOption | undefined,
  store: Store,
  signal?: AbortSignal,
): Promise<ArrayNode> {
  const array = await openZarr(file, store, signal);
  const dtype = zarrDType(array, file);
  const { shape } = array;
  const grid = shape.map((length, axis) => evenly(length, Math.max(1, array.chunks[axis])));
  const own = chunks === undefined ? joined(shape, array.chunks, dtype) : checkChunks(chunks, shape, dtype);
  return { op: "file", file, grid, shape, dtype, chunks: own };
}

/** The file's chunks; small ones several together, along the last axes first, so that a task has something to do. */
function joined(shape: Shape, chunk: readonly number[], dtype: DType): number[][] {
  const size = chunk.map((length, axis) => Math.max(1, Math.min(length, shape[axis])));
  for (let axis = size.length - 1; axis >= 0; axis--) {
    const bytes = sizeOf(size) * infoOf(dtype).bytes;
    const times = Math.floor(CHUNK_BYTES / Math.max(1, bytes));
    if (times > 1) size[axis] = Math.min(shape[axis], size[axis] * times);
  }
  return shape.map((length, axis) => evenly(length, Math.max(1, size[axis])));
}

async function openHdf5(
  url: string,
  dataset: string,
  chunks: ChunksOption | undefined,
  store: Store,
  signal?: AbortSignal,
): Promise<ArrayNode> {
  const { size, etag } = await store.head(url, signal === undefined ? {} : { signal });
  const found = await withHdf5({ url, size, etag }, store, signal, (file) => {
    const entity = entityOf(file, dataset, url);
    if (!("dtype" in entity)) return undefined;
    return { shape: entity.shape ?? [], descr: String(entity.dtype) };
  });
  if (found === undefined)
    throw new FormatError(`${dataset} of ${url} is a group, no dataset.`, {
      fields: { url, dataset },
      fix: "name a dataset in it.",
    });
  const dtype = LETTERS[found.descr.replace(/^[<|=]/, "")];
  if (dtype === undefined)
    throw new FormatError(
      `${dataset} of ${url} holds elements of type ${found.descr}; read are ${DTYPES.join(", ")}.`,
      {
        fields: { url, dataset, found: found.descr },
      },
    );
  const own = checkChunks(chunks ?? wholeRows(found.shape, dtype), found.shape, dtype);
  return {
    op: "file",
    file: { format: "hdf5", url, size, etag, dataset },
    grid: own,
    shape: found.shape,
    dtype,
    chunks: own,
  };
}

/** h5wasm's letters, as Python's struct module has them. */
const LETTERS: Readonly<Record<string, DType | undefined>> = {
  b: "int8",
  B: "uint8",
  h: "int16",
  H: "uint16",
  i: "int32",
  I: "uint32",
  q: "int64",
  Q: "uint64",
  l: "int64",
  L: "uint64",
  f: "float32",
  d: "float64",
};
