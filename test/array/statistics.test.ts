import fc from "fast-check";
import { afterAll, describe, expect, test } from "vitest";
import { Client, OptionError, ShapeError } from "../../lib/index.ts";
import { ChunkedArray, type AnyArray } from "../../lib/collections/array/chunked-array.ts";
import { arange, ones, zeros } from "../../lib/collections/array/create.ts";
import { fromArray } from "../../lib/collections/array/from-array.ts";
import { quantilesByPasses } from "../../lib/collections/array/digits.ts";
import type { DType } from "../../lib/collections/array/dtype.ts";
import { fft, ifft, irfft } from "../../lib/collections/array/fourier.ts";
import { cumsum, median, quantile, sort } from "../../lib/collections/array/order.ts";
import * as linalg from "../../lib/collections/array/linalg.ts";
import type { NDArray } from "../../lib/collections/array/ndarray.ts";
import { matmul, tensordot } from "../../lib/collections/array/products.ts";
import { random } from "../../lib/collections/array/random.ts";
import { cov } from "../../lib/collections/array/covariance.ts";
import { average, bincount, digitize, histogram, unique } from "../../lib/collections/array/statistics.ts";

/** How statistics run, and what they refuse. Their answers are NumPy's: analysis.test.ts. */

const client = await Client.local({ workers: 0, progress: false });
afterAll(() => client.close());

const METHODS = ["linear", "lower", "higher", "nearest", "midpoint"] as const;
const DTYPES: readonly DType[] = ["float64", "float32", "int64", "uint64", "int32", "uint32", "int8", "uint8"];

describe("quantiles of what does not fit into one place", () => {
  const float = fc.double({ noNaN: true });
  const whole = fc.integer({ min: 0, max: 127 });

  test("are those of the sorted elements, of any dtype", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...DTYPES),
        fc.array(fc.tuple(float, whole, fc.boolean()), { minLength: 1, maxLength: 60 }),
        fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { minLength: 1, maxLength: 4 }),
        fc.constantFrom(...METHODS),
        fc.integer({ min: 1, max: 20 }),
        async (dtype, rows, q, method, size) => {
          const values = rows.map(([real, small, negative]) => {
            if (dtype.startsWith("float")) return real;
            return dtype.startsWith("u") || !negative ? small : -small;
          });
          const x = fromArray(Float64Array.from(values)).astype(dtype).rechunk([size]);
          const found = await client.compute(new ChunkedArray(quantilesByPasses(x.node, q, method)));
          const expected = await client.compute(quantile(x, q, { method }));
          expect(found.toArray()).toEqual(expected.toArray().map(Number));
        },
      ),
      { numRuns: 60 },
    );
  });

  test("of 64-bit integers that no float holds, the nearest; NaN wherever an element is NaN", async () => {
    const wide = fromArray(BigInt64Array.of(2n ** 62n, -(2n ** 62n) + 1n, 5n, -7n), { chunks: 2 });
    const found = await client.compute(new ChunkedArray(quantilesByPasses(wide.node, [0, 1], "lower")));
    expect(found.toArray()).toEqual([-(2 ** 62), 2 ** 62]);
    const holes = fromArray([1, NaN, -Infinity, -NaN], { chunks: 2 });
    const none = await client.compute(new ChunkedArray(quantilesByPasses(holes.node, [0.5], "linear")));
    expect(none.toArray()).toEqual([NaN]);
  });

  test("go that way by themselves where the array is large", async () => {
    const large = random.normal([30_000, 1_000], { seed: 1 });
    const plan = await median(large).explain();
    expect(plan.match(/partials-/g)).toHaveLength(6);
    expect(await median(large.slice([0, 10])).explain()).not.toMatch(/partials-/);
  });
});

describe("how statistics run", () => {
  test("the covariances of columns take one pass over the chunks as they are", async () => {
    const x = random.normal([10_000, 1_000], { chunks: [1_000, 1_000], seed: 1 });
    const c = cov(x.T);
    expect(c.node).toMatchObject({ op: "gram", centred: true, divisor: 9_999 });
    const json = JSON.stringify(c);
    expect(json).not.toMatch(/transpose/);
    const plan = await c.explain();
    expect(plan).toMatch(/reduce-1: 10 shards.*folded/s);
    expect(x.T.T.node).toBe(x.node);
  });

  test("a product's memory is that of its boxes, whatever the length of the axis that is summed", async () => {
    const x = random.normal([4_000, 4_000], { chunks: [2_000, 1_000], seed: 1 });
    const y = random.normal([4_000, 4_000], { chunks: [1_000, 2_000], seed: 2 });
    const plan = await x.matmul(y).explain();
    expect(plan).toMatch(/reduce-1: 16 shards/);
    // Two operands of 2,000 by 1,000, which their own chunks hold, and a state of 2,000².
    const [, megabytes] = /at most ([\d.]+) MB a task/.exec(plan) ?? [];
    expect(Number(megabytes)).toBeLessThan(400);
    expect(plan).not.toMatch(/far too/);
  });

  test("running sums go through chunks side by side, and give the same for any chunks", async () => {
    const x = arange(1_000, { chunks: 7, dtype: "int32" });
    const found = await client.compute(cumsum(x));
    expect(found.dtype).toBe("int64");
    expect(found.get(999)).toBe(499_500n);
    expect((await cumsum(x).explain()).split("\n").filter((line) => line.startsWith("stage"))).toHaveLength(3);
  });

  test("a sum that wraps in 64 bits wraps in running sums too", async () => {
    const x = fromArray(BigInt64Array.of(2n ** 62n, 2n ** 62n, 1n), { chunks: 1 });
    expect((await client.compute(cumsum(x))).toArray()).toEqual([2n ** 62n, -(2n ** 63n), -(2n ** 63n) + 1n]);
  });

  test("histograms without a range look for it first; counts are the same for any chunks", async () => {
    const x = random.normal([2_000], { seed: 4, chunks: 100 });
    const [counts, edges] = histogram(x, { bins: 20 });
    const all = await counts.compute();
    expect(all.toArray().reduce<number>((sum, count) => sum + Number(count), 0)).toBe(2_000);
    const [other] = histogram(x.rechunk([333]), { bins: 20 });
    expect((await client.compute(other)).equals(all)).toBe(true);
    expect((await client.compute(edges)).get(-1)).toBe(await client.compute(x.max()));
  });

  test("unique values of many chunks, and nothing lazy is made of them", async () => {
    const x = random.integers(0, 50, [10_000], { seed: 2, chunks: 999 });
    const { values, counts } = await client.compute(unique(x));
    expect(values.toArray()).toEqual(Array.from({ length: 50 }, (_, i) => BigInt(i)));
    expect(counts.toArray().reduce((sum, count) => sum + count, 0n)).toBe(10_000n);
    const lazy = unique(x) as unknown as AnyArray;
    await expect(client.compute(lazy.add(1))).rejects.toThrow(/length that is known only when it has run/);
  });

  test("lines are transformed wherever chunks are cut, and back again", async () => {
    const x = random.normal([30, 47], { seed: 5, chunks: [7, 11] });
    const there = await client.compute(fft(x, { axis: 0 }));
    expect(there.shape).toEqual([30, 47, 2]);
    const back = await client.compute(ifft(fft(x)).slice("...", 0));
    expect(back.allClose(await client.compute(x), { atol: 1e-14 })).toBe(true);
  });
});

describe("arrays without elements", () => {
  const none = zeros([0, 3]);
  const list = async (array: AnyArray) => ((await client.compute(array)) as NDArray).toNested();

  test("have the answers that NumPy gives", async () => {
    expect(await list(cov(none, { rowvar: false }))).toEqual([0, 1, 2].map(() => [NaN, NaN, NaN]));
    expect(await list(quantile(none, 0.5, { axis: 0 }))).toEqual([NaN, NaN, NaN]);
    expect(await client.compute(quantile(none, 0.5))).toBeNaN();
    expect((await client.compute(quantile(none, [0.5], { axis: 1 }))).shape).toEqual([1, 0]);
    expect((await client.compute(sort(none, { axis: 0 }))).shape).toEqual([0, 3]);
    expect((await client.compute(cumsum(none))).shape).toEqual([0]);
    expect((await client.compute(unique(none))).values.shape).toEqual([0]);
    expect(await list(bincount(none.astype("int8"), { length: 2 }))).toEqual([0n, 0n]);
    expect((await client.compute(fft(zeros([0, 4])))).shape).toEqual([0, 4, 2]);
    expect(await list(matmul(zeros([2, 2, 0]), zeros([0, 1])))).toEqual([
      [[0], [0]],
      [[0], [0]],
    ]);
    expect((await client.compute(matmul(zeros([0, 2, 2]), ones([2, 3])))).shape).toEqual([0, 2, 3]);
  });
});

describe("the same bits", () => {
  test("inline and with two threads", async () => {
    await using threads = await Client.local({ workers: 2, progress: false });
    const x = random.normal([900, 20], { seed: 7, chunks: [90, 20] });
    const [q, r] = linalg.qr(x);
    const [counts] = histogram(x, { weights: x.abs(), bins: 9 });
    for (const array of [cov(x.T), q, r, counts, cumsum(x, { axis: 0 }), quantile(x, [0.2, 0.7]), x.matmul(x.T)]) {
      const found = (await threads.compute(array)) as NDArray;
      expect([...(found.data as Float64Array)]).toEqual([
        ...(((await client.compute(array)) as NDArray).data as Float64Array),
      ]);
    }
  });

  test("x xᵀ is the product that it is, of half the work", async () => {
    const x = random.normal([30, 50], { chunks: [10, 20], seed: 3 });
    expect(x.matmul(x.T).node.op).toBe("gram");
    const whole = await client.compute(x.matmul(x.T.add(0)));
    expect((await client.compute(x.matmul(x.T))).allClose(whole, { rtol: 1e-13 })).toBe(true);
  });
});

describe("what is refused", () => {
  test("when described", () => {
    const x = ones([4, 3]);
    expect(() => cov(ones([2, 2, 2]))).toThrow(ShapeError);
    expect(() => quantile(x, 1.5)).toThrow(/parts from 0 to 1/);
    expect(() => quantile(x, 0.5, { method: "hazen" as "linear" })).toThrow(/linear, lower/);
    expect(() => sort(x, { axis: 2 })).toThrow(OptionError);
    expect(() => histogram(x, { bins: 0 })).toThrow(OptionError);
    expect(() => histogram(x, { bins: [1, 0] })).toThrow(/edges that ascend/);
    expect(() => histogram(x, { range: [1, 0] })).toThrow(/finite numbers that ascend/);
    expect(() => histogram(x, { weights: ones(3) })).toThrow(/weights of the elements' shape, \(4, 3\); found \(3,\)/);
    expect(() => bincount(x, { length: 3 })).toThrow(/whole numbers; found float64/);
    expect(() => digitize(x, [1, 3, 2])).toThrow(/ascend or descend/);
    expect(() => average(x, { weights: ones(5), axis: 0 })).toThrow(ShapeError);
    expect(() => tensordot(x, x, 1)).toThrow(/axes of equal lengths; found \(3,\) of \(4, 3\) and \(4,\) of \(4, 3\)/);
    expect(() => matmul(ones([2, 3, 4]), ones([2, 3, 4]))).toThrow(/last two axes/);
    expect(() => ifft(x)).toThrow(/last axis of length 2/);
    expect(() => irfft(ones([3, 1, 2]))).toThrow(/at least one element/);
    expect(() => fft(zeros([0]))).toThrow(/at least one element/);
    expect(() => cov(x, { rowVar: true } as object)).toThrow(/did you mean "rowvar"/);
  });

  test("when run: elements that no bin can be found for", async () => {
    await expect(client.compute(histogram(fromArray([1, NaN]))[0])).rejects.toThrow(
      /cannot find its range[\s\S]*range: \[0, 1\]/,
    );
    const counted = bincount(fromArray(Int32Array.of(1, 5)), { length: 5 });
    await expect(client.compute(counted)).rejects.toThrow(/from 0 to 4; found 5/);
    await expect(client.compute(bincount(fromArray(Int32Array.of(-1)), { length: 5 }))).rejects.toThrow(/found -1/);
  });
});
