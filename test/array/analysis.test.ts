import fc from "fast-check";
import { afterAll, describe, expect, test } from "vitest";
import { Client } from "../../lib/index.ts";
import type { NDArray } from "../../lib/collections/array/ndarray.ts";
import { arrayOf, cases, computed, type Case } from "./analysis.ts";

/** Statistics, linear algebra and Fourier transforms: what NumPy says, in any chunks. */

const client = await Client.local({ workers: 0, progress: false });
afterAll(() => client.close());

/** Differences that are due to another order of the same operations. */
function tolerance(one: Case): { readonly rtol: number; readonly atol: number } {
  if (one.arrays.every(({ dtype }) => dtype === "float32")) return { rtol: 1e-4, atol: 1e-5 };
  // Relative to the largest: the small ones are what rounding left.
  if (["singular", "triangle", "lstsq", "eigvals"].includes(one.fn)) return { rtol: 1e-9, atol: 1e-12 };
  if (one.fn === "cov" && Number(one.arrays[0].data[0]) > 1e7) return { rtol: 1e-7, atol: 1e-7 };
  return { rtol: 1e-9, atol: 1e-11 };
}

/** NumPy counts a matrix of one element, and one of integers, as what it is; here all of linear algebra is float64. */
function sameDType(found: NDArray, expected: NDArray): boolean {
  return found.dtype === expected.dtype;
}

async function check(one: Case, sizes: readonly number[]): Promise<void> {
  const found = await computed(one, sizes);
  const expected = one.results.map(arrayOf);
  const scale = expected.some(({ data }) => data.length > 0);
  expect(found.length).toBe(expected.length);
  for (const [i, array] of found.entries()) {
    const wanted = expected[i];
    const shown = () =>
      `${one.fn} ${JSON.stringify(one.options)} of ${one.arrays.map(({ shape, dtype }) => `${dtype}[${shape.join()}]`).join()} in chunks of ${sizes.join()}: result ${i} is\n${array.dtype} ${String(array)}\nand was expected to be\n${wanted.dtype} ${String(wanted)}`;
    expect(array.shape, shown()).toEqual(wanted.shape);
    if (scale) expect(sameDType(array, wanted), shown()).toBe(true);
    expect(array.allClose(wanted, { ...tolerance(one), equalNaN: true }), shown()).toBe(true);
  }
}

const names = [...new Set(cases.map(({ fn }) => fn))];

describe.each(names)("%s", (name) => {
  const own = cases.filter(({ fn }) => fn === name);
  test.each([
    ["one chunk", [1000, 1000, 1000]],
    ["chunks of 3, 2, 4", [3, 2, 4]],
  ])("is as NumPy's, in %s", async (_, sizes) => {
    for (const one of own) await check(one, sizes);
  });

  test("is the same in any chunks", async () => {
    const sizes = fc.array(fc.integer({ min: 1, max: 20 }), { minLength: 3, maxLength: 3 });
    // Chunks of one element make many tasks: of large arrays there would be thousands.
    const few = own.filter(({ arrays }) => arrays.every(({ data }) => data.length <= 150));
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...few), sizes, (one, chunks) => check(one, chunks)),
      { numRuns: 12 },
    );
  });
});
