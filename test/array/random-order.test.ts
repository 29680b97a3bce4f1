import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { AbanicoError, Client, arange, fromArray, random, type AnyArray, type ChunkedArray } from "../../lib/index.ts";
import { fromJSON } from "../../lib/collections/from-json.ts";
import { arrayKernel } from "../../lib/kernels/array/wasm.ts";
import { Blocks, list } from "./kernel-arrays.ts";
import type { NDArray } from "../../lib/collections/array/ndarray.ts";

/** Choices and orders by chance: against their definition in integers of any size, chances against chi-square, and the same whatever the chunks. */

let inline: Client;
let threads: Client;
beforeAll(async () => {
  inline = await Client.local({ workers: 0 });
  threads = await Client.local({ workers: 3 });
});
afterAll(async () => {
  await inline.shutdown();
  await threads.shutdown();
});

const numbersOf = async (array: AnyArray): Promise<number[]> => {
  const made = (await inline.compute(array)) as NDArray;
  return [...(made.data as BigInt64Array)].map(Number);
};

const MASK = 2n ** 64n - 1n;
const GOLDEN = 0x9e3779b97f4a7c15n;
function mix(z: bigint): bigint {
  z = ((z ^ (z >> 30n)) * 0xbf58476d1ce4e5b9n) & MASK;
  z = ((z ^ (z >> 27n)) * 0x94d049bb133111ebn) & MASK;
  return z ^ (z >> 31n);
}
const keyOf = (seed: bigint, use: bigint) => mix(mix((seed + GOLDEN) & MASK) ^ ((use * 0xa0761d6478bd642fn) & MASK));
const bitsAt = (key: bigint, i: number) => mix((key + BigInt(i + 1) * GOLDEN) & MASK);
function below(bits: bigint, range: bigint): number {
  for (;;) {
    const product = bits * range;
    if ((product & MASK) >= 2n ** 64n % range) return Number(product >> 64n);
    bits = mix((bits + GOLDEN) & MASK);
  }
}

describe("as defined", () => {
  const seed = 2 ** 40 + 7;

  test.each([1, 3, 1000, 2 ** 53 - 1])("whole numbers below %d are Lemire's, of SplitMix64", async (count) => {
    const key = keyOf(BigInt(seed), 2n);
    const expected = Array.from({ length: 200 }, (_, i) => below(bitsAt(key, i), BigInt(count)));
    expect(await numbersOf(random.choice(count, 200, { seed }))).toEqual(expected);
  });

  test("short orders are Fisher and Yates's", async () => {
    const key = keyOf(BigInt(seed), 3n);
    const order: number[] = [];
    for (let i = 0; i < 100; i++) {
      const j = below(bitsAt(key, i), BigInt(i + 1));
      order[i] = order[j];
      order[j] = i;
    }
    expect(await numbersOf(random.permutation(100, { seed }))).toEqual(order);
  });

  test("long ones are a Feistel network's, gone through until they are in range", async () => {
    const [count, key] = [100_000, keyOf(BigInt(seed), 4n)];
    const keys = Array.from({ length: 8 }, (_, round) => bitsAt(key, round));
    const step = (x: bigint): bigint => {
      let [left, right] = [x >> 8n, x & 0xffn];
      for (let round = 0; round < 8; round += 2) {
        left ^= mix((right + keys[round]) & MASK) & 0x1ffn;
        right ^= mix((left + keys[round + 1]) & MASK) & 0xffn;
      }
      return (left << 8n) | right;
    };
    const at = (i: number) => {
      let x = step(BigInt(i));
      while (x >= BigInt(count)) x = step(x);
      return Number(x);
    };
    const found = await numbersOf(random.permutation(count, { seed }));
    for (const i of [0, 1, 2, 999, 65_536, 99_999]) expect(found[i]).toBe(at(i));
  });

  test("for good", async () => {
    expect(await numbersOf(random.choice(1000, 6, { seed: 1 }))).toMatchInlineSnapshot(`
      [
        583,
        980,
        856,
        744,
        3,
        835,
      ]
    `);
    expect(await numbersOf(random.permutation(8, { seed: 1 }))).toMatchInlineSnapshot(`
      [
        1,
        6,
        4,
        2,
        3,
        0,
        5,
        7,
      ]
    `);
    expect(await numbersOf(random.permutation(10 ** 12, { seed: 1, chunks: 10 ** 6 }).slice([5, 8])))
      .toMatchInlineSnapshot(`
      [
        40601790196,
        120431557175,
        753672136952,
      ]
    `);
    expect(await numbersOf(random.choice(5, 8, { seed: 1, p: [0.1, 0.2, 0.3, 0.4, 0] }))).toMatchInlineSnapshot(`
      [
        1,
        3,
        1,
        3,
        3,
        3,
        3,
        3,
      ]
    `);
    expect(await numbersOf(random.choice(5, 4, { seed: 1, p: [0.1, 0.2, 0.3, 0.4, 0], replace: false })))
      .toMatchInlineSnapshot(`
      [
        2,
        3,
        0,
        1,
      ]
    `);
  });
});

test("the same in any chunks, after JSON, and on any number of workers", async () => {
  const p = [0.5, 0.25, 0.125, 0.125];
  const made: ((chunks: number | undefined) => ChunkedArray)[] = [
    (chunks) => random.choice(9, [30, 7], { seed: 3, ...(chunks === undefined ? {} : { chunks }) }),
    (chunks) => random.choice(300, [30, 7], { seed: 3, replace: false, ...(chunks === undefined ? {} : { chunks }) }),
    (chunks) => random.choice([1.5, 2.5, 3.5, NaN], 50, { seed: 3, p, ...(chunks === undefined ? {} : { chunks }) }),
    (chunks) => random.choice(4, 3, { seed: 3, p, replace: false, ...(chunks === undefined ? {} : { chunks }) }),
    (chunks) => random.permutation(100_000, { seed: 3, chunks: chunks === undefined ? -1 : 1_000 * chunks }),
    (chunks) =>
      random.permutation(arange(60, { chunks: 7 }).reshape(20, 3), {
        seed: 3,
        ...(chunks === undefined ? {} : { chunks }),
      }),
  ];
  for (const make of made) {
    const whole = (await inline.compute(make(undefined))) as NDArray;
    for (const chunks of [1, 4, 13]) {
      const array = make(chunks);
      const copy = fromJSON(JSON.parse(JSON.stringify(array))) as ChunkedArray;
      for (const one of [await inline.compute(array), await threads.compute(array), await threads.compute(copy)])
        expect(one).toEqual(whole);
    }
  }
});

test("a permutation holds each once", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.oneof(fc.nat(300), fc.integer({ min: 65_530, max: 65_545 }), fc.integer({ min: 65_537, max: 200_000 })),
      fc.nat({ max: Number.MAX_SAFE_INTEGER }),
      async (count, seed) => {
        const seen = new Uint8Array(count);
        for (const at of await numbersOf(random.permutation(count, { seed }))) seen[at]++;
        expect(seen.every((times) => times === 1)).toBe(true);
      },
    ),
    { numRuns: 20 },
  );
  const first = await numbersOf(random.choice(Number.MAX_SAFE_INTEGER, 20_000, { replace: false, seed: 5 }));
  expect(new Set(first).size).toBe(20_000);
  expect(Math.max(...first)).toBeLessThan(Number.MAX_SAFE_INTEGER);
});

/** Standard deviations from what chi-square is on average, nearly normal for many degrees of freedom (Wilson and Hilferty 1931). */
function surprise(found: readonly number[], chances: readonly number[]): number {
  const total = found.reduce((sum, n) => sum + n, 0);
  const chi = found.reduce((sum, n, i) => sum + (n - total * chances[i]) ** 2 / (total * chances[i]), 0);
  const k = found.length - 1;
  return ((chi / k) ** (1 / 3) - (1 - 2 / (9 * k))) / Math.sqrt(2 / (9 * k));
}
const tally = (values: readonly number[], length: number) => {
  const counts = new Array<number>(length).fill(0);
  for (const value of values) counts[value]++;
  return counts;
};
const alike = (count: number) => new Array<number>(count).fill(1 / count);

describe("chances", () => {
  test("of a choice with replacing, and of neighbours together", async () => {
    const values = await numbersOf(random.choice(12, 240_000, { seed: 11 }));
    expect(Math.abs(surprise(tally(values, 12), alike(12)))).toBeLessThan(4);
    const pairs = values.slice(1).map((value, i) => 12 * values[i] + value);
    expect(Math.abs(surprise(tally(pairs, 144), alike(144)))).toBeLessThan(4);
    const other = await numbersOf(random.choice(12, 240_000, { seed: 12 }));
    const across = values.map((value, i) => 12 * other[i] + value);
    expect(Math.abs(surprise(tally(across, 144), alike(144)))).toBeLessThan(4);
  });

  test("of a choice by p", async () => {
    const p = [0.05, 0, 0.6, 0.25, 0.1];
    const counts = tally(await numbersOf(random.choice(5, 200_000, { seed: 4, p })), 5);
    expect(counts[1]).toBe(0);
    const there = [0, 2, 3, 4];
    expect(surprise(there.map((i) => counts[i]), there.map((i) => p[i]))).toBeLessThan(4); // prettier-ignore
  });

  test("of orders of four, all 24", () => {
    const orders: number[] = [];
    using blocks = new Blocks(arrayKernel());
    const out = blocks.room(32);
    for (let seed = 0; seed < 24_000; seed++) {
      arrayKernel().wasm.shuffle(seed, 0, out, 4);
      const [a, b, c] = list(blocks.get("i64", out, 4)).map(Number);
      const left = [0, 1, 2, 3].filter((one) => one !== a);
      orders.push(6 * a + 2 * left.indexOf(b) + left.filter((one) => one !== b).indexOf(c));
    }
    expect(Math.abs(surprise(tally(orders, 24), alike(24)))).toBeLessThan(4);
  });

  test("of two by p without replacing, in order", async () => {
    const p = [0.5, 0.3, 0.2];
    const pairs: number[] = [];
    for (let seed = 0; seed < 1_000; seed++) {
      const [a, b] = await numbersOf(random.choice(3, 2, { seed, p, replace: false }));
      pairs.push(3 * a + b);
    }
    const counts = tally(pairs, 9);
    const different = [1, 2, 3, 5, 6, 7];
    expect([0, 4, 8].map((i) => counts[i])).toEqual([0, 0, 0]);
    const chances = different.map((i) => (p[Math.floor(i / 3)] * p[i % 3]) / (1 - p[Math.floor(i / 3)]));
    expect(surprise(different.map((i) => counts[i]), chances)).toBeLessThan(4); // prettier-ignore
  });

  test("of where a long permutation leads, and of what is beside what", async () => {
    const count = 400_000;
    const order = await numbersOf(random.permutation(count, { seed: 9 }));
    const cell = (i: number) => Math.floor((20 * i) / count);
    const cells = order.map((to, from) => 20 * cell(from) + cell(to));
    // Rows and columns of this table are fixed: less freedom than it has cells.
    expect(surprise(tally(cells, 400), alike(400))).toBeLessThan(4);
    const pairs = order.slice(1).map((to, i) => 20 * cell(order[i]) + cell(to));
    expect(Math.abs(surprise(tally(pairs, 400), alike(400)))).toBeLessThan(4);
    const rises = order.slice(1).filter((to, i) => to > order[i]).length;
    expect(Math.abs(rises - count / 2) / Math.sqrt(count / 12)).toBeLessThan(4);
    const fixed = order.filter((to, i) => to === i).length;
    expect(fixed).toBeLessThan(8);
  });
});

test("rows of arrays, of every dtype and in any shape", async () => {
  const rows = fromArray([[1, 2], [3, 4], [5, 6]], { dtype: "int16", chunks: [2, 1] }); // prettier-ignore
  const picked = random.choice(rows, [4, 5], { seed: 2, chunks: [3, 2] });
  expect([picked.shape, picked.dtype, picked.chunks]).toEqual([[4, 5, 2], "int16", [[3, 1], [2, 2, 1], [2]]]); // prettier-ignore
  const indices = (await threads.compute(random.choice(3, [4, 5], { seed: 2 }))).toNested() as bigint[][];
  const expected = indices.map((line) => line.map((i) => [1 + 2 * Number(i), 2 + 2 * Number(i)]));
  expect(((await threads.compute(picked)) as NDArray).toNested()).toEqual(expected);
  const computed = random.normal([500, 3], { chunks: [100, 3], seed: 1 }).mul(2);
  const shuffled = (await threads.compute(random.permutation(computed, { seed: 1, chunks: 50 }))) as NDArray<"float64">;
  const plain = await inline.compute(computed);
  const keys = (array: NDArray<"float64">) => (array.toNested() as number[][]).map(String).sort();
  expect(keys(shuffled)).toEqual(keys(plain as NDArray<"float64">));
  expect(shuffled).not.toEqual(plain);
  expect((await inline.compute(random.permutation([true, false, true], { seed: 1 }))).dtype).toBe("bool");
  expect((await inline.compute(random.choice(BigUint64Array.of(2n ** 63n), 2, { seed: 1 }))).toNested()).toEqual([
    2n ** 63n,
    2n ** 63n,
  ]);
  expect((await inline.compute(random.permutation(0))).shape).toEqual([0]);
  expect((await inline.compute(random.choice(0, 0))).shape).toEqual([0]);
});

test("what is computed is picked from once, by a stage of its own", async () => {
  const x = random.normal([1000], { chunks: 100, seed: 1 }).exp();
  const plan = await random.choice(x, 1000, { chunks: 100, seed: 1 }).explain();
  expect(plan.match(/^stage/gm)).toHaveLength(2);
});

test.each<[string, () => unknown, RegExp]>([
  ["no whole number", () => random.permutation(1.5), /whole number of at least 0, or an array, found 1\.5/],
  ["nothing to choose from", () => random.choice(0, 3), /nothing to choose from/],
  ["a scalar", () => random.choice(arange(3).sum(), 3), /at least one axis/],
  ["more than there are", () => random.choice(3, 4, { replace: false }), /cannot choose 4 of 3 without replacing/],
  ["more than have a chance", () => random.choice(2, 2, { p: [1, 0], replace: false }), /2 of 1 that have a chance/],
  ["too few chances", () => random.choice(3, 1, { p: [1] }), /3 numbers, one for each element, found 1/],
  ["negative chances", () => random.choice(2, 1, { p: [2, -1] }), /not negative, found -1/],
  ["chances of another sum", () => random.choice(2, 1, { p: [0.5, 0.6] }), /add up to 1, found 1\.1/],
  ["a seed that is none", () => random.permutation(3, { seed: -1 }), /seed expects a whole number/],
  ["an option that is none", () => random.choice(3, 1, { size: 3 } as object), /size/],
  [
    "chunks of a row",
    () => random.permutation(arange(6).reshape(3, 2), { chunks: [1, 1] }),
    /chunks expects one entry/,
  ],
])("%s is refused", (_, make, message) => {
  expect(make).toThrow(AbanicoError);
  expect(make).toThrow(message);
});
