import { gzipSync } from "node:zlib";
import type { Region } from "../../collections/array/chunks.ts";
import { infoOf } from "../../collections/array/dtype.ts";
import type { TaskContext } from "../kernel.ts";
import type { Arena, Block } from "./arena.ts";
import { layoutOf } from "./boxes.ts";
import type { ArrayTarget } from "./program.ts";
import { copyStrided } from "./strided.ts";

/** Puts one chunk of a Zarr array under its own key, whole. The task gives how many bytes, for a list; or the bytes, where only the client can put them. */
export async function writeChunk(
  target: ArrayTarget,
  block: Block,
  { size }: Region,
  place: readonly number[],
  arena: Arena,
  { store, signal }: TaskContext,
): Promise<Uint8Array | number[]> {
  // Zarr stores chunks at the edges whole; what lies beyond the array is zero.
  let whole = block;
  if (size.some((length, axis) => length !== target.chunk[axis])) {
    whole = arena.zeros(block.dtype, target.chunk);
    copyStrided(arena.kernel, infoOf(block.dtype).bytes, size, layoutOf(block), layoutOf(whole));
  }
  const elements = arena.copyOut(whole);
  const bytes = target.compression === "gzip" ? gzipSync(elements, { level: 5 }) : elements;
  // memory:// is each thread's own: the client puts it.
  if (target.url.startsWith("memory:")) return bytes;
  await store.put(chunkUrl(target, place), bytes, { signal });
  return [bytes.byteLength];
}

/** Where a chunk belongs (Zarr specification, v2: separator ".", v3: "default" key encoding). */
export function chunkUrl({ url, version }: Pick<ArrayTarget, "url" | "version">, place: readonly number[]): string {
  const key = version === 3 ? ["c", ...place].join("/") : place.length === 0 ? "0" : place.join(".");
  return `${url.replace(/\/$/, "")}/${key}`;
}
