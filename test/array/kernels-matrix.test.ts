import fc from "fast-check";
import { expect, test } from "vitest";
import { arrayKernel } from "../../lib/kernels/array/wasm.ts";

/** Products of matrices against three nested loops, for both modules, with odd sizes and strides of any kind. */

const kernel = arrayKernel();
const types = { f64: Float64Array, f32: Float32Array } as const;
type Type = keyof typeof types;
const viewOf = (type: Type, address: number, length: number) =>
  type === "f64"
    ? new Float64Array(kernel.memory.buffer, address, length)
    : new Float32Array(kernel.memory.buffer, address, length);

interface Layout {
  readonly rows: number;
  readonly cols: number;
  /** Elements between neighbours, and whether it lies by columns, and backwards. */
  readonly gap: number;
  readonly byColumns: boolean;
  readonly backwards: boolean;
}

interface Placed {
  readonly block: number;
  readonly address: number;
  readonly row: number;
  readonly col: number;
  readonly at: (i: number, j: number) => number;
}

function place(type: Type, { rows, cols, gap, byColumns, backwards }: Layout, seed: number): Placed {
  const size = types[type].BYTES_PER_ELEMENT;
  const inner = (byColumns ? rows : cols) + gap;
  const count = inner * (byColumns ? cols : rows) + 1;
  const block = kernel.allocate(count * size);
  const values = viewOf(type, block, count);
  // Small whole numbers: products and sums are exact, in whatever order they are added.
  for (let i = 0; i < count; i++) values[i] = ((i * 7919 + seed * 104_729) % 23) - 11;
  const sign = backwards ? -1 : 1;
  const start = backwards ? count - 1 : 0;
  const [row, col] = (byColumns ? [1, inner] : [inner, 1]).map((stride) => stride * sign);
  return {
    block,
    address: block + start * size,
    row: row * size,
    col: col * size,
    at: (i, j) => values[start + i * row + j * col],
  };
}

const small = fc.integer({ min: 0, max: 20 });
const dimension = fc.oneof(small, fc.constantFrom(95, 96, 97, 130));
const inner = fc.oneof(small, fc.constantFrom(255, 256, 257, 300));
const wide = fc.oneof(small, fc.constantFrom(511, 512, 515));
/** m, n and k, around the edges of what is packed at once, two of them small: all three at once are an example. */
const sizes = fc.oneof(fc.tuple(dimension, small, small), fc.tuple(small, wide, small), fc.tuple(small, small, inner));
const crosswise = { gap: 1, byColumns: true, backwards: false };
const layout = fc.record({ gap: fc.nat(3), byColumns: fc.boolean(), backwards: fc.boolean() });

test.each([
  ["f64", true],
  ["f64", false],
  ["f32", true],
  ["f32", false],
] as const)("C += A B in %s (relaxed: %s) is three nested loops'", { timeout: 60_000 }, (type, relaxed) => {
  const matrix = kernel.matrixOf(relaxed);
  const scratch = kernel.allocate(matrix.matrixscratch());
  const size = types[type].BYTES_PER_ELEMENT;
  fc.assert(
    fc.property(sizes, layout, layout, fc.nat(2), ([m, n, k], ofA, ofB, gap) => {
      const a = place(type, { rows: m, cols: k, ...ofA }, 1);
      const b = place(type, { rows: k, cols: n, ...ofB }, 2);
      const row = n + gap;
      const c = kernel.allocate(m * row * size);
      const found = viewOf(type, c, m * row);
      const wanted = new types[type](m * row);
      for (let i = 0; i < m * row; i++) found[i] = wanted[i] = (i % 5) - 2;
      for (let i = 0; i < m; i++)
        for (let j = 0; j < n; j++) for (let l = 0; l < k; l++) wanted[i * row + j] += a.at(i, l) * b.at(l, j);
      matrix[`gemm_${type}`](a.address, a.row, a.col, b.address, b.row, b.col, c, row * size, m, n, k, scratch);
      expect(Buffer.compare(Buffer.from(new types[type](found).buffer), Buffer.from(wanted.buffer))).toBe(0);
      for (const address of [a.block, b.block, c]) kernel.release(address);
    }),
    { numRuns: 40, examples: [[[97, 515, 257], crosswise, crosswise, 1]] },
  );
  kernel.release(scratch);
});

test.each([
  ["f64", true],
  ["f64", false],
  ["f32", true],
  ["f32", false],
] as const)("Xᵀ X in %s (relaxed: %s), in pieces and mirrored, is three nested loops'", (type, relaxed) => {
  const matrix = kernel.matrixOf(relaxed);
  const scratch = kernel.allocate(matrix.matrixscratch());
  const size = types[type].BYTES_PER_ELEMENT;
  fc.assert(
    fc.property(inner, dimension, fc.nat(3), fc.nat(300), (rows, cols, gap, cut) => {
      const x = place(type, { rows, cols, gap, byColumns: false, backwards: false }, 3);
      const c = kernel.allocate(cols * cols * size);
      const found = viewOf(type, c, cols * cols).fill(0);
      const first = Math.min(cut, rows);
      matrix[`syrk_${type}`](x.address, x.row, first, cols, c, cols * size, scratch);
      matrix[`syrk_${type}`](x.address + first * x.row, x.row, rows - first, cols, c, cols * size, scratch);
      matrix[`mirror_${type}`](c, cols);
      const wanted = new types[type](cols * cols);
      for (let l = 0; l < rows; l++)
        for (let i = 0; i < cols; i++) for (let j = 0; j < cols; j++) wanted[i * cols + j] += x.at(l, i) * x.at(l, j);
      expect(Array.from(found)).toEqual(Array.from(wanted));
      for (const address of [x.block, c]) kernel.release(address);
    }),
    { numRuns: 30 },
  );
  kernel.release(scratch);
});
