import fc from "fast-check";
import { expect, test } from "vitest";
import { arrayKernel } from "../../lib/kernels/array/wasm.ts";
import { Blocks, list, viewOf, type Elements } from "./kernel-arrays.ts";

/** Copies between layouts, and gathers, against plain loops. */

const kernel = arrayKernel();
const TYPES = { 1: "u8", 2: "u16", 4: "u32", 8: "u64" } as const;
const sizes = fc.constantFrom(1, 2, 4, 8);

const numbered = (size: keyof typeof TYPES, count: number): Elements => {
  const made = viewOf(TYPES[size], new ArrayBuffer(size * count), 0, count);
  for (let i = 0; i < count; i++) made[i] = size === 8 ? BigInt(i + 1) << 20n : (i + 1) * 40_503;
  return made;
};

interface Side {
  readonly order: "rows" | "columns" | "apart" | "square";
  readonly gap: number;
  readonly flipRows: boolean;
  readonly flipCols: boolean;
}

/** Strides in elements, where element [0, 0] is, and how many elements that spans. */
function layoutOf({ order, gap, flipRows, flipCols }: Side, rows: number, cols: number) {
  const strides = {
    rows: [cols + gap, 1],
    columns: [1, rows + gap],
    apart: [2 * (cols + gap), 2],
    square: [1 + gap, 1 + gap + (rows - 1) * (1 + gap)],
  }[order];
  const [row, col] = [strides[0] * (flipRows ? -1 : 1), strides[1] * (flipCols ? -1 : 1)];
  const start = (flipRows ? (rows - 1) * strides[0] : 0) + (flipCols ? (cols - 1) * strides[1] : 0);
  return { row, col, start, span: (rows - 1) * strides[0] + (cols - 1) * strides[1] + 1 };
}

const length = fc.oneof(fc.integer({ min: 1, max: 40 }), fc.constantFrom(16, 32, 48, 64));
const side = fc.record({
  order: fc.constantFrom("rows" as const, "columns" as const, "apart" as const, "square" as const),
  gap: fc.oneof({ weight: 3, arbitrary: fc.constant(0) }, fc.nat(3)),
  flipRows: fc.oneof({ weight: 4, arbitrary: fc.constant(false) }, fc.boolean()),
  flipCols: fc.oneof({ weight: 4, arbitrary: fc.constant(false) }, fc.boolean()),
});

test("copy2d writes what belongs there, and nothing else", () => {
  fc.assert(
    fc.property(
      sizes,
      length,
      length,
      side,
      side,
      fc.constantFrom("none", "row", "col", "both"),
      (size, rows, cols, from, to, repeated) => {
        using blocks = new Blocks(kernel);
        const type = TYPES[size];
        const source = layoutOf(from, rows, cols);
        const target = layoutOf(to, rows, cols);
        const row = repeated === "row" || repeated === "both" ? 0 : source.row;
        const col = repeated === "col" || repeated === "both" ? 0 : source.col;
        const values = numbered(size, source.span);
        const src = blocks.put(values);
        const before = viewOf(type, new ArrayBuffer(size * (target.span + 8)), 0, target.span + 8);
        const dst = blocks.put(before);
        const first = dst + (4 + target.start) * size;
        kernel.copy2d(size)(
          src + source.start * size,
          row * size,
          col * size,
          first,
          target.row * size,
          target.col * size,
          rows,
          cols,
        );
        for (let r = 0; r < rows; r++)
          for (let c = 0; c < cols; c++)
            before[4 + target.start + r * target.row + c * target.col] = values[source.start + r * row + c * col];
        expect(list(blocks.get(type, dst, before.length))).toEqual(list(before));
      },
    ),
    { numRuns: 1_000 },
  );
});

test("take gathers", () => {
  fc.assert(
    fc.property(sizes, fc.integer({ min: 1, max: 50 }), fc.array(fc.nat()), (size, count, places) => {
      using blocks = new Blocks(kernel);
      const values = numbered(size, count);
      const indices = Int32Array.from(places, (place) => place % count);
      const out = blocks.room(size * indices.length);
      kernel.loop(`take_${size}`)(blocks.put(values), blocks.put(indices), out, indices.length);
      const wanted = Array.from(indices, (index) => values[index]);
      expect(list(blocks.get(TYPES[size], out, indices.length))).toEqual(wanted);
    }),
  );
});
