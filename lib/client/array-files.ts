import { rm } from "node:fs/promises";
import { Grid, equalChunks, evenly, type Chunks } from "../collections/array/chunks.ts";
import { infoOf } from "../collections/array/dtype.ts";
import type { ArrayWrite, WrittenArray } from "../collections/array/array-write.ts";
import { makeRechunk } from "../collections/array/make.ts";
import type { ArrayNode } from "../collections/array/nodes.ts";
import { sizeOf, type Shape } from "../collections/array/shape.ts";
import { ConflictError, NotFoundError } from "../errors.ts";
import { decodeNpy, npyHeader } from "../kernels/array/npy.ts";
import type { ArrayTarget } from "../kernels/array/program.ts";
import { chunkUrl } from "../kernels/array/write.ts";
import { lowerChunks, lowerTo } from "../plan/lower/array.ts";
import { overCounted } from "./counted-masks.ts";
import { otherGemm } from "./gemm.ts";
import { filePath, schemeOf, toAddress, toUrl } from "../store/urls.ts";
import type { RunResult } from "../runtime/runtime.ts";
import type { RunnerHost } from "./runner.ts";

/** Runs an array and writes it. */
export async function writeArray(
  node: ArrayNode,
  target: ArrayWrite,
  host: RunnerHost,
  signal: AbortSignal,
): Promise<WrittenArray> {
  host.runtime.prepare(["array.run"]);
  const url = toUrl(target.path);
  const own = overCounted(node, host.runtime);
  return target.format === "npy"
    ? writeNpyFile(own, url, target, host, signal)
    : writeZarrArray(own, url, target, host, signal);
}

/** The chunks are made in parallel and kept; the file is one stream of them, in order. It appears whole, or not at all. */
async function writeNpyFile(
  node: ArrayNode,
  url: string,
  { overwrite }: ArrayWrite,
  host: RunnerHost,
  signal: AbortSignal,
): Promise<WrittenArray> {
  const { runtime, store, onEvent } = host;
  if (!overwrite) await refuseExisting(url, host, signal);
  const plan = lowerChunks(makeRechunk(node, inRows(node)), otherGemm(host.gemm));
  const { refs = [], run } = await runtime.run(plan, { signal, onEvent });
  try {
    const { dtype, shape } = node;
    const header = npyHeader(dtype, shape);
    const pieces = async function* () {
      yield header;
      for (const ref of refs) {
        const { elements } = decodeNpy(await runtime.fetch(ref), "a chunk");
        // Those that lie in memory that threads share are copied: a stream may hold on to them.
        if (elements.byteLength > 0) yield elements.slice();
      }
    };
    await store.putStream(url, pieces(), { signal, ...(overwrite ? {} : { ifAbsent: true }) });
    return { path: toAddress(url), bytes: header.byteLength + sizeOf(shape) * infoOf(dtype).bytes };
  } finally {
    await runtime.release(run);
  }
}

/** Now, and not when all is computed. @throws ConflictError */
async function refuseExisting(url: string, { store }: RunnerHost, signal: AbortSignal): Promise<void> {
  try {
    await store.head(url, { signal });
  } catch (error) {
    if (error instanceof NotFoundError) return;
    throw error;
  }
  throw new ConflictError(`${toAddress(url)} is there already.`, {
    fields: { url },
    fix: "write to another place, or pass { overwrite: true }.",
  });
}

/** Whole rows, as many as make a chunk about as large as the array's own: then the chunks' order is the file's. */
function inRows({ shape, chunks }: ArrayNode): Chunks {
  const axis = shape.findIndex((length) => length > 1);
  if (axis < 0) return shape.map((length) => [length]);
  const row = Math.max(1, sizeOf(shape.slice(axis + 1)));
  const own = sizeOf(chunks.map((lengths) => Math.max(1, ...lengths)));
  return shape.map((length, i) => (i === axis ? evenly(length, Math.max(1, Math.floor(own / row))) : [length]));
}

/** Each task puts its own chunk; the metadata come last, so that an array that is not complete is none. */
async function writeZarrArray(
  node: ArrayNode,
  url: string,
  write: ArrayWrite,
  host: RunnerHost,
  signal: AbortSignal,
): Promise<WrittenArray> {
  const { runtime, store, onEvent } = host;
  const { version = 3, compression = "none" } = write;
  const before = await clear(url, write.overwrite, host);
  const chunk = node.chunks.map((lengths) => Math.max(1, ...lengths));
  const regular = node.shape.map((length, axis) => evenly(length, chunk[axis]));
  const target: ArrayTarget = { format: "zarr", url, version, chunk, compression };
  const isHere = url.startsWith("memory:");
  const plan = lowerTo(
    equalChunks(regular, node.chunks) ? node : makeRechunk(node, regular),
    (root) => ({ to: "write", root, target }),
    isHere ? { kind: "keep" } : { kind: "fold", fold: { op: "list", params: {} } },
    otherGemm(host.gemm),
  );
  const result = await runtime.run(plan, { signal, onEvent });
  const grid = new Grid(regular);
  const bytes = isHere
    ? await putChunks(result, target, grid, host, signal)
    : (result.partial as number[]).reduce((sum, one) => sum + one, 0); // the fold's, of what tasks that write give
  const own = new Set(before.length === 0 ? [] : chunksOf(grid, target));
  for (const one of before) if (!own.has(one)) await store.delete(one);
  const { name, text } = version === 3 ? metadata3(node, chunk, compression) : metadata2(node, chunk, compression);
  await store.put(`${url.replace(/\/$/, "")}/${name}`, Buffer.from(text), { signal });
  return { path: toAddress(url), bytes };
}

/** Into memory that each thread has of its own. */
async function putChunks(
  { refs = [], run }: RunResult,
  target: ArrayTarget,
  grid: Grid,
  { runtime, store }: RunnerHost,
  signal: AbortSignal,
): Promise<number> {
  let bytes = 0;
  try {
    for (const [index, ref] of refs.entries()) {
      const given = await runtime.fetch(ref);
      await store.put(chunkUrl(target, grid.placeOf(index)), given.slice(), { signal });
      bytes += given.byteLength;
    }
  } finally {
    await runtime.release(run);
  }
  return bytes;
}

function* chunksOf(grid: Grid, target: ArrayTarget): Generator<string> {
  for (let index = 0; index < grid.count; index++) yield chunkUrl(target, grid.placeOf(index));
}

/** The names of a Zarr array's metadata, and of all its objects: those, and chunks of both versions. */
const METADATA = /^(zarr\.json|\.z(array|attrs|group|metadata))$/;
const OWN = /^(zarr\.json|\.z(array|attrs|group|metadata)|c(\/\d+)*|\d+([./]\d+)*)$/;

/**
 * What is there already is refused, or goes: chunks of a larger array would be taken for this one's. Nothing but an array is ever deleted. Gives the chunks that
 * are to go once the new ones are there: where a planner runs again from its beginning, they lie under the same names by then.
 */
async function clear(url: string, overwrite: boolean, { store }: RunnerHost): Promise<readonly string[]> {
  const prefix = `${url.replace(/\/$/, "")}/`;
  const found: string[] = [];
  try {
    for await (const { url: one } of store.list(prefix)) found.push(one);
  } catch (error) {
    if (!(error instanceof NotFoundError)) throw error;
  }
  const foreign = found.find((one) => !OWN.test(one.slice(prefix.length)));
  const conflict = overwrite ? foreign : found[0];
  if (conflict !== undefined)
    throw new ConflictError(`${toAddress(url)} is not empty: ${toAddress(conflict)} is there.`, {
      fields: { url, found: conflict },
      fix: overwrite
        ? "write to another place: only what belongs to a Zarr array is replaced."
        : "write to another place, or pass { overwrite: true }, which deletes the array there.",
    });
  // A file system keeps the folders, where chunks may have to be.
  if (schemeOf(url) === "file") {
    if (found.length > 0) await rm(filePath(url), { recursive: true, force: true });
    return [];
  }
  const isMetadata = (one: string) => METADATA.test(one.slice(prefix.length));
  for (const one of found) if (isMetadata(one)) await store.delete(one);
  return found.filter((one) => !isMetadata(one));
}

type Compression = ArrayTarget["compression"];

/** Zarr specification version 3. */
function metadata3({ shape, dtype }: ArrayNode, chunk: Shape, compression: Compression) {
  const endian = infoOf(dtype).bytes === 1 ? {} : { configuration: { endian: "little" } };
  const document = {
    zarr_format: 3,
    node_type: "array",
    shape,
    data_type: dtype,
    chunk_grid: { name: "regular", configuration: { chunk_shape: chunk } },
    chunk_key_encoding: { name: "default", configuration: { separator: "/" } },
    fill_value: dtype === "bool" ? false : 0,
    codecs: [
      { name: "bytes", ...endian },
      ...(compression === "gzip" ? [{ name: "gzip", configuration: { level: 5 } }] : []),
    ],
    attributes: {},
  };
  return { name: "zarr.json", text: JSON.stringify(document, null, 2) };
}

/** Zarr specification version 2. */
function metadata2({ shape, dtype }: ArrayNode, chunk: Shape, compression: Compression) {
  const document = {
    zarr_format: 2,
    shape,
    chunks: chunk,
    dtype: infoOf(dtype).descr,
    compressor: compression === "gzip" ? { id: "gzip", level: 5 } : null,
    fill_value: dtype === "bool" ? false : 0,
    order: "C",
    filters: null,
  };
  return { name: ".zarray", text: JSON.stringify(document, null, 2) };
}
