import { chunkCount, largestChunk, type Chunks } from "../../../collections/array/chunks.ts";
import { infoOf } from "../../../collections/array/dtype.ts";
import { sizeOf } from "../../../collections/array/shape.ts";
import type { ArrayRunParams, ProgramNode, ProgramReduction } from "../../../kernels/array/program.ts";
import { gemmBytes } from "./gemm.ts";
import { peakOfBlocks } from "./peak.ts";
import type { Estimate } from "../../plan.ts";

/** The kernel's code and tables, and the vectors of a tile. */
const KERNEL_BYTES = 2 * 1024 * 1024;

/** Element-wise steps go through the caches; what is not element-wise makes a block, as large as the largest chunk asked for. */
export function estimateArray(params: ArrayRunParams): Estimate {
  const { program, grid, pairs, sink } = params;
  // Of whole arrays every node makes all of itself.
  const chunk = sink.to === "whole" ? Infinity : largestBox(grid, sink);
  const held = pairs === true ? program.reduce((sum, node) => sum + sharedBytes(node, chunk), 0) : 0;
  const blocks =
    held + peakOfBlocks(program, rootsOf(sink), (node) => blockBytes(node, chunk) + pickedBytes(program, node));
  const copies = gemmBytes(params);
  return {
    bytesIn: program.reduce((sum, node) => sum + bytesRead(node), 0),
    peakBytes: {
      kernel: KERNEL_BYTES,
      blocks,
      output: outputBytes(program, chunk, sink),
      ...(copies > 0 ? { copies } : {}),
    },
  };
}

/** Of a pair of chunks the boxes of leaves, which stay until both are reduced. */
function sharedBytes(node: ProgramNode, chunk: number): number {
  return "grid" in node || node.op === "function" ? 2 * chunk * infoOf(node.dtype).bytes : 0;
}

/** Counts of digits, for a few different starts of keys. */
const SELECT_BYTES = 256 * 1024;

/** The nodes of which a task computes boxes. */
function rootsOf(sink: ArrayRunParams["sink"]): readonly number[] {
  if (sink.to === "whole") return sink.roots;
  if (sink.to !== "reduce") return [sink.root];
  return [...new Set(sink.reductions.flatMap(placesOf))];
}

function placesOf(reduction: ProgramReduction): readonly number[] {
  switch (reduction.kind) {
    case "product":
      return [reduction.left, reduction.right];
    case "histogram":
      return [reduction.root, reduction.edges, ...(reduction.weights === undefined ? [] : [reduction.weights])];
    case "bincount":
      return [reduction.root, ...(reduction.weights === undefined ? [] : [reduction.weights])];
    case "digits":
      return [reduction.root, ...(reduction.before === undefined ? [] : [reduction.before])];
    default:
      return [reduction.root];
  }
}

/** Whether a task multiplies boxes of matrices: its grid has the axes rows, columns, summed, and no block has all three. */
export function isProduct(sink: ArrayRunParams["sink"]): boolean {
  return sink.to === "reduce" && sink.reductions.some(({ kind }) => kind === "product");
}

/** Elements of the largest box that is asked for. */
function largestBox(grid: Chunks, sink: ArrayRunParams["sink"]): number {
  if (!isProduct(sink)) return largestChunk(grid);
  const [rows, columns, summed] = grid;
  return Math.max(largestChunk([rows, columns]), largestChunk([rows, summed]), largestChunk([summed, columns]));
}

/** What decompositions hold beside what they are given: factors, vectors, the result as it travels. */
const WHOLE_COPIES = 4;

const NO_BLOCK: ReadonlySet<string> = new Set(["map", "cast", "full", "affine"]);

function blockBytes(node: ProgramNode, chunk: number): number {
  if (NO_BLOCK.has(node.op)) return 0;
  const width = infoOf(node.dtype).bytes;
  const box = Math.min(sizeOf(node.shape), chunk);
  // Chunks are read whole, and what is asked of them cut out.
  const own = "grid" in node ? Math.min(sizeOf(node.shape), largestChunk(node.grid)) : 0;
  const lines =
    node.op === "along" || node.op === "cumulate" || node.op === "matmul" || node.op === "local" || node.op === "blocks"
      ? 2 * Math.min(sizeOf(node.shape), largestChunk(node.chunks))
      : 0;
  return width * (box + own + lines);
}

/** What rows are picked from is whole, and was put together perhaps. */
function pickedBytes(program: ArrayRunParams["program"], node: ProgramNode): number {
  if (node.op !== "local" || node.fn.name !== "pick") return 0;
  return 2 * infoOf(node.dtype).bytes * sizeOf(program[node.inputs[1]].shape);
}

function outputBytes(program: ArrayRunParams["program"], chunk: number, sink: ArrayRunParams["sink"]): number {
  if (sink.to === "whole")
    return sink.roots.reduce((sum, root) => sum + WHOLE_COPIES * 8 * sizeOf(program[root].shape), 0);
  if (sink.to !== "reduce") return 3 * chunk * infoOf(program[sink.root].dtype).bytes;
  return sink.reductions.reduce((sum, { kind, chunks }) => {
    if (kind === "digits") return sum + 8 * chunk + SELECT_BYTES;
    // All values may differ: values and counts, sorted and merged.
    if (kind === "unique") return sum + 48 * chunk;
    return sum + 48 * (chunks.length === 0 ? 1 : largestChunk(chunks));
  }, 0);
}

function bytesRead(node: ProgramNode): number {
  if (node.op !== "file" && node.op !== "kept" && node.op !== "input") return 0;
  return chunkCount(node.grid) === 0 ? 0 : sizeOf(node.shape) * infoOf(node.dtype).bytes;
}
