import { readFile } from "node:fs/promises";
import fc from "fast-check";
import { expect, test } from "vitest";
import { compileArrayKernels } from "../../lib/kernels/array/build.ts";
import * as signatures from "../../lib/kernels/array/signatures.ts";
import { ArrayKernel, arrayKernel } from "../../lib/kernels/array/wasm.ts";

test("the committed modules are what their sources compile to", { timeout: 300_000 }, async () => {
  for (const [name, source] of Object.entries(await compileArrayKernels())) {
    const committed = await readFile(new URL(`../../lib/kernels/array/${name}`, import.meta.url), "utf8");
    expect(committed === source, name).toBe(true);
  }
});

test("the module exports every operation of the tables, and no other", () => {
  const { BINARY, UNARY, COMPARISONS, TESTS, CHOICES, FILLS, RAMPS, FOLDS, EXTREMES, MOMENTS, POSITIONS, RUNNING } =
    signatures;
  const named = [
    ...[BINARY, UNARY, COMPARISONS, TESTS, CHOICES, FILLS, RAMPS, FOLDS, EXTREMES, MOMENTS, POSITIONS, RUNNING],
    ...[signatures.COPIES, signatures.GATHERS],
  ].flatMap((table: Readonly<Record<string, readonly (string | number)[]>>) =>
    Object.entries(table).flatMap(([operation, types]) => types.map((type) => `${operation}_${type}`)),
  );
  const types = signatures.ELEMENT_TYPES;
  const casts = types.flatMap((from) => types.map((to) => `cast_${from}_${to}`));
  const draws = ["uniform", "normal", "exponential"].flatMap((name) => [`${name}_f32`, `${name}_f64`]);
  const others = [
    "allocate",
    "release",
    "mergemoments",
    "seedstream",
    "bits_u64",
    "integers_i64",
    "belowat",
    "permutedat",
    "shuffle",
    "uniformat",
  ];
  expect(Object.keys(arrayKernel().wasm).sort()).toEqual([...named, ...casts, ...draws, ...others].sort());
});

test("both modules for products of matrices export the same", () => {
  for (const relaxed of [true, false])
    expect(Object.keys(arrayKernel().matrixOf(relaxed)).sort()).toEqual(
      ["matrixscratch", "gemm_f32", "gemm_f64", "mirror_f32", "mirror_f64", "syrk_f32", "syrk_f64"].sort(),
    );
});

test("blocks do not overlap, keep what is written, and are used again", () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.nat(300_000), fc.nat()), { minLength: 1, maxLength: 60 }), (steps) => {
      const kernel = new ArrayKernel();
      const held: { address: number; bytes: number; mark: number }[] = [];
      const free = (at: number) => {
        const [{ address, bytes, mark }] = held.splice(at, 1);
        const written = new Uint8Array(kernel.memory.buffer, address, bytes);
        expect(written.every((byte) => byte === mark)).toBe(true);
        kernel.release(address);
      };
      for (const [bytes, other] of steps) {
        const address = kernel.allocate(bytes);
        expect(address % 16).toBe(0);
        const mark = other % 251;
        new Uint8Array(kernel.memory.buffer, address, bytes).fill(mark);
        held.push({ address, bytes, mark });
        if (other % 3 === 0) free(other % held.length);
      }
      while (held.length > 0) free(0);
      const before = kernel.memory.buffer.byteLength;
      kernel.release(kernel.allocate(before - 65_536 - 65_536));
      expect(kernel.memory.buffer.byteLength).toBe(before);
    }),
    { numRuns: 50 },
  );
});

test("blocks of like sizes that come and go in any order do not make the memory grow", () => {
  const kernel = new ArrayKernel();
  const bytes = 8_000_008;
  let held = Array.from({ length: 8 }, () => kernel.allocate(bytes));
  const before = kernel.memory.buffer.byteLength;
  for (let turn = 0; turn < 100; turn++) {
    for (const address of held.filter((_, i) => (i + turn) % 3 === 0)) kernel.release(address);
    held = held.map((address, i) => ((i + turn) % 3 === 0 ? kernel.allocate(bytes) : address));
  }
  expect(new Set(held).size).toBe(8);
  expect(kernel.memory.buffer.byteLength).toBe(before);
});

test("a block that cannot be is refused with its size", () => {
  const kernel = new ArrayKernel();
  expect(() => kernel.allocate(2 ** 32 - 100_000)).toThrow(/no room for 4294867296 bytes/);
  expect(() => kernel.allocate(2 ** 33)).toThrow(RangeError);
  const address = kernel.allocate(3 * 2 ** 30);
  expect(address).toBeGreaterThan(0);
  expect(() => kernel.allocate(2 ** 30)).toThrow(RangeError);
  kernel.release(address);
  kernel.wasm.fill_u8(7, kernel.allocate(2 ** 30), 100);
});
