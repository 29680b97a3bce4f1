import { ChunkedArray } from "./chunked-array.ts";
import { CHUNK_BYTES, largestChunk } from "./chunks.ts";
import { makeLocal, makeWhole } from "./make-local.ts";
import { makeRechunk } from "./make.ts";
import type { ArrayNode } from "./nodes.ts";

/** Stacks of triangular factors up to this size are worked on in one place; larger ones as the matrix itself. Bytes. */
const STACK_BYTES = 64 * 1024 * 1024;

export interface Factored {
  /** [m, k] */
  readonly q: ArrayNode;
  /** [k, n] */
  readonly r: ArrayNode;
}

/**
 * QR of a float64 matrix. A tall and skinny one by blocks of rows: each one's triangular factor, the QR of these stacked, and each block's orthonormal factor times
 * its part of that one's (direct TSQR: Benson, Gleich and Demmel 2013). So nothing but triangles is ever in one place, and Q is orthonormal however badly
 * conditioned the matrix is. Blocks are factored once for R and again for Q, rather than kept. Others as a whole.
 */
export function factored(x: ArrayNode, stackBytes = STACK_BYTES): Factored {
  const [m, n] = x.shape;
  const blocks = rowBlocks(x);
  const [heights] = blocks.chunks;
  const sizes = heights.map((height) => Math.min(height, n));
  const stack = sizes.reduce((sum, size) => sum + size, 0);
  if (heights.length === 1 || m < n || 2 * stack > m) {
    const k = Math.min(m, n);
    const whole = (output: number, rows: number, cols: number) => makeWhole([x], { name: "qr" }, output, [rows, cols]);
    return { q: whole(0, m, k), r: whole(1, k, n) };
  }
  const triangles = makeLocal(
    [blocks],
    { name: "qr", output: "r" },
    { dtype: "float64", chunks: [sizes, [n]], apart: true },
  );
  const { q, r } = stack * n * 8 > stackBytes ? factored(triangles, stackBytes) : inOnePlace(triangles);
  const own = makeLocal([blocks], { name: "qr", output: "q" }, { dtype: "float64", chunks: [heights, [n]] });
  const turned = new ChunkedArray(q).rechunk([sizes, [n]]).node;
  // A block of fewer rows than columns has an orthonormal factor of fewer columns: its part of `turned` has as few rows.
  const product = makeLocal([own, turned], { name: "multiply" }, { dtype: "float64", chunks: [heights, [n]] });
  return { q: product, r };
}

function inOnePlace(x: ArrayNode): Factored {
  const [m, n] = x.shape;
  const fn = { name: "qr" } as const;
  return { q: makeWhole([x], fn, 0, [m, n]), r: makeWhole([x], fn, 1, [n, n]) };
}

/** All columns in each chunk, and several times as many rows as columns. */
function rowBlocks(x: ArrayNode): ArrayNode {
  const [m, n] = x.shape;
  const tallest = Math.max(1, ...x.chunks[0]);
  if (x.chunks[1].length === 1 && (x.chunks[0].length === 1 || x.chunks[0].every((rows) => rows >= 4 * n))) return x;
  const room = Math.max(largestChunk(x.chunks), CHUNK_BYTES / 8);
  const fitting = x.chunks[1].length === 1 ? tallest : Math.floor(room / Math.max(1, n));
  const rows = Math.min(m, Math.max(4 * n, fitting));
  // A last block that is not as tall as it is wide goes to its neighbour.
  const count = Math.max(1, Math.floor(m / Math.max(1, rows)));
  const heights = Array.from({ length: count }, (_, i) => (i < count - 1 ? rows : m - rows * (count - 1)));
  return makeRechunk(x, [heights, -1]);
}
