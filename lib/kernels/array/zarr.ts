import type { Array as ZarrArray, DataType } from "zarrita";
import { Grid, type Region } from "../../collections/array/chunks.ts";
import { infoOf, type DType } from "../../collections/array/dtype.ts";
import type { ArrayFile } from "../../collections/array/nodes.ts";
import { sizeOf } from "../../collections/array/shape.ts";
import { AbanicoError, FormatError, NotFoundError } from "../../errors.ts";
import { readExactly } from "../../store/read-exactly.ts";
import type { Store } from "../../store/store.ts";
import type { TaskContext } from "../kernel.ts";
import type { Arena, Block } from "./arena.ts";
import { byteStrides } from "./strided.ts";
import { gathered } from "./boxes.ts";
import type { Of } from "./views.ts";

type ZarrFile = Extract<ArrayFile, { readonly format: "zarr" }>;
type Open = ZarrArray<DataType>;

/** Opened once a thread for all tasks of a stage. */
const opened = new WeakMap<ZarrFile, Promise<Open>>();

/** The array in a Zarr store of version 2 or 3. @throws FormatError, NotFoundError */
export async function openZarr(file: ZarrFile, store: Store, signal?: AbortSignal): Promise<Open> {
  const zarr = await import("zarrita");
  const location = zarr.root(readable(store, file.url, signal));
  try {
    const array = await zarr.open(file.path === "" ? location : location.resolve(file.path), { kind: "array" });
    checkLengths(array, file);
    return array;
  } catch (error) {
    if (error instanceof AbanicoError) throw error;
    const where = file.path === "" ? file.url : `${file.url} at ${file.path}`;
    if (error instanceof zarr.NotFoundError)
      throw new NotFoundError(`There is no Zarr array in ${where}: neither zarr.json nor .zarray is there.`, {
        fields: { url: file.url, path: file.path },
        fix: `give the folder that holds the array's metadata; of an array within a group its path: readZarr(url, { path: "group/array" }).`,
        cause: error,
      });
    throw damaged(file, error);
  }
}

/** zarrita takes metadata as they are. @throws FormatError */
function checkLengths({ shape, chunks }: Pick<Open, "shape" | "chunks">, file: ZarrFile): void {
  const areLengths = (list: unknown, least: number) =>
    Array.isArray(list) && list.every((length) => Number.isSafeInteger(length) && Number(length) >= least);
  if (areLengths(shape, 0) && areLengths(chunks, 1) && shape.length === chunks.length) return;
  const found = `found the shape ${JSON.stringify(shape) ?? "undefined"} and chunks of ${JSON.stringify(chunks) ?? "undefined"}`;
  throw damaged(file, new Error(`its metadata must give a length, and one of a chunk, for each axis; ${found}`));
}

function damaged({ url, path }: ZarrFile, cause: unknown): FormatError {
  return new FormatError(`${url} cannot be read as Zarr: ${cause instanceof Error ? cause.message : String(cause)}.`, {
    fields: { url, path, format: "zarr" },
    cause,
    fix: "see the reason; write the array again if it is damaged.",
  });
}

/** Our store as zarrita asks for it. What is not there is a chunk of fill values. */
function readable(store: Store, url: string, signal: AbortSignal | undefined) {
  const base = url.replace(/\/$/, "");
  const options = signal === undefined ? {} : { signal };
  const ifThere = async <T>(read: Promise<T>): Promise<T | undefined> => {
    try {
      return await read;
    } catch (error) {
      if (error instanceof NotFoundError) return undefined;
      throw error;
    }
  };
  return {
    get: (key: string) => ifThere(store.get(base + key, options)),
    getRange: (key: string, range: { offset: number; length: number } | { suffixLength: number }) =>
      ifThere(
        (async () => {
          const reader = await store.open(base + key, options);
          try {
            const { size } = reader.info;
            const from = "offset" in range ? range.offset : Math.max(0, size - range.suffixLength);
            const to = "offset" in range ? Math.min(size, range.offset + range.length) : size;
            return await readExactly(reader, from, to, signal);
          } finally {
            await reader.close();
          }
        })(),
      ),
  };
}

const DTYPE_NAMES: Readonly<Record<string, DType | undefined>> = {
  bool: "bool",
  int8: "int8",
  uint8: "uint8",
  int16: "int16",
  uint16: "uint16",
  int32: "int32",
  uint32: "uint32",
  int64: "int64",
  uint64: "uint64",
  float32: "float32",
  float64: "float64",
};

/** @throws FormatError for texts, half floats and the like */
export function zarrDType(array: Open, file: ZarrFile): DType {
  const dtype = DTYPE_NAMES[array.dtype];
  if (dtype !== undefined) return dtype;
  throw new FormatError(
    `${file.url} holds elements of type ${array.dtype}; read are ${Object.keys(DTYPE_NAMES).join(", ")}.`,
    {
      fields: { url: file.url, found: array.dtype },
      fix: "convert it to one of these dtypes.",
    },
  );
}

export async function readZarrChunk(
  node: Of<"file">,
  file: ZarrFile,
  index: number,
  region: Region,
  arena: Arena,
  { store, signal }: TaskContext,
): Promise<Block> {
  let open = opened.get(file);
  if (open === undefined) {
    opened.set(file, (open = openZarr(file, store)));
    open.catch(() => opened.delete(file));
  }
  const array = await open;
  let chunk: { readonly data: unknown; readonly shape: number[]; readonly stride: number[] };
  try {
    chunk = await array.getChunk(new Grid(node.grid).placeOf(index), { signal });
  } catch (error) {
    throw error instanceof AbanicoError ? error : damaged(file, error);
  }
  const elements = elementsOf(chunk.data, file);
  const width = infoOf(node.dtype).bytes;
  // What is not compressed has nothing else that would tell.
  const expected = sizeOf(chunk.shape) * width;
  if (elements.byteLength !== expected) {
    const place = new Grid(node.grid).placeOf(index);
    const found = `the chunk (${place.join(", ")}) has ${elements.byteLength} bytes, expected ${expected}`;
    throw damaged(file, new Error(found));
  }
  // Chunks at the edges are stored whole; what lies beyond the array is cut off.
  const whole = arena.copyIn(node.dtype, chunk.shape, elements);
  const dense = byteStrides(chunk.shape, width);
  const isDense = chunk.stride.every((stride, axis) => stride * width === dense[axis]);
  if (isDense && region.size.every((length, axis) => length === chunk.shape[axis])) return whole;
  const strides = chunk.stride.map((stride) => stride * width);
  const out = gathered(arena, node.dtype, region.size, { address: whole.address, strides });
  arena.release(whole);
  return out;
}

/** The bytes of a chunk's elements, whatever zarrita holds them in. */
function elementsOf(data: unknown, { url }: ZarrFile): Uint8Array {
  if (ArrayBuffer.isView(data)) return new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
  // zarrita's array of booleans: one byte each behind a class of its own.
  if (typeof data === "object" && data !== null && Symbol.iterator in data)
    return Uint8Array.from(data as Iterable<boolean>, Number);
  throw new FormatError(`${url} has a chunk that holds no plain numbers.`, { fields: { url } });
}
