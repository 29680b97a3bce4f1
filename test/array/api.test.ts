import { afterAll, beforeAll, describe, expect, expectTypeOf, test } from "vitest";
import {
  ChunkedArray,
  Client,
  NDArray,
  OptionError,
  PlanError,
  PlanTooLargeError,
  ShapeError,
  arange,
  argmax,
  broadcastTo,
  compute,
  concatenate,
  delayed,
  exp,
  fromArray,
  fromJSON,
  full,
  hypot,
  isclose,
  max,
  mean,
  nanmean,
  ones,
  random,
  sin,
  std,
  sum,
  tile,
  variance,
  zeros,
  zerosLike,
  type DType,
} from "../../lib/index.ts";
import { setExecutor } from "../../lib/collections/executor.ts";

/** What arrays are beside their numbers: types, functions that travel, values, several at once, refusals. */

let client: Client;
beforeAll(async () => {
  client = await Client.local({ workers: 2, progress: false });
});
afterAll(() => client.shutdown());

const grid = () => arange(24, { chunks: 5 }).reshape(4, 6);

describe("functions", () => {
  test("of numbers in memory give numbers at once", () => {
    expect(mean([1, 2, 4, 5])).toBe(3);
    expect(
      sum(
        [
          [1, 2],
          [3, 4],
        ],
        { axis: 0 },
      ).toArray(),
    ).toEqual([4, 6]);
    expect(variance([1, 2, 3, 4], { ddof: 1 })).toBeCloseTo(5 / 3, 14);
    expect(nanmean([1, NaN, 3])).toBe(2);
    expect(
      argmax([
        [1, 9],
        [3, 4],
      ]),
    ).toBe(1);
    expect(max(Int32Array.of(3, -5))).toBe(3);
    expect(sum([1e16, 1, -1e16])).toBe(1);
    expect(() => max([])).toThrow(ShapeError);
  });

  test("of arrays are lazy, and agree with what is computed at once", async () => {
    const x = random.normal([30, 40], { seed: 3, chunks: [7, 11] });
    const held = await client.compute(x);
    for (const options of [{ axis: 0 }, { axis: 1 }, { axis: [0, 1], keepdims: true as const }]) {
      const pairs = [
        [mean(x, options), mean(held, options)],
        [std(x, options), std(held, options)],
        [sum(x, options), sum(held, options)],
      ] as const;
      for (const [lazy, now] of pairs) {
        expect(lazy).toBeInstanceOf(ChunkedArray);
        expect((await client.compute(lazy)).allClose(now, { rtol: 1e-12, atol: 1e-12 })).toBe(true);
      }
    }
  });

  test("take numbers, lists and arrays in memory", async () => {
    expect((await hypot([3, 5], 4).compute()).toArray()).toEqual([5, Math.hypot(5, 4)]);
    expect((await exp(0).compute()).item()).toBe(1);
    expect((await isclose([1, 2], [1, 2.1]).compute()).toArray()).toEqual([true, false]);
    expect((await tile(new NDArray("int8", [2], Int8Array.of(1, 2)), 2).compute()).toArray()).toEqual([1, 2, 1, 2]);
  });

  test("travel to workers by their names", async () => {
    const x = grid();
    const held = await client.scatter(await x.compute());
    expect(await client.gather([client.submit(mean, held), client.submit(std, held)])).toEqual([
      11.5,
      std(await x.compute()),
    ]);
    expect(await client.submit(mean, x)).toBe(11.5);
    expect(
      await client.gather(
        client.map(mean, [
          [1, 2],
          [3, 5],
        ]),
      ),
    ).toEqual([1.5, 4]);
    expect(await delayed(mean)([2, 4]).compute()).toBe(3);
    expect(await client.submit(sin, held)).toEqual(await sin(x).compute());
  });
});

describe("values", () => {
  test("arrays travel whole, within objects too, of every dtype", async () => {
    const arrays: NDArray[] = [
      new NDArray("float64", [2, 1], Float64Array.of(NaN, -0)),
      new NDArray("bool", [3], Uint8Array.of(1, 0, 1)),
      new NDArray("int64", [], BigInt64Array.of(-5n)),
      new NDArray("uint8", [0, 3], new Uint8Array(0)),
    ];
    const back = await client.submit((given: NDArray[]) => ({ given, again: [given[0]?.T] }), arrays);
    expect(back.given).toEqual(arrays);
    expect(back.again[0]).toEqual(arrays[0].T);
    expect(await client.submit((x) => x.get(1, 0), arrays[0])).toBe(-0);
    expect(await client.submit((x) => x, new NDArray("float64", [200_000], new Float64Array(200_000).fill(3)))).toEqual(
      new NDArray("float64", [200_000], new Float64Array(200_000).fill(3)),
    );
  });

  test("arrays that a task gives are computed", async () => {
    const result = await client.submit((x: NDArray) => x, grid().add(1));
    expect(result).toEqual(await grid().add(1).compute());
  });
});

describe("several at once", () => {
  test("come in one pass where their chunks are the same", async () => {
    const x = random.normal([100, 50], { seed: 1, chunks: 20 });
    const stages: string[] = [];
    const stop = client.onEvent((event) => {
      if (event.type === "stage-started") stages.push(event.stage);
    });
    const [m, { s }, [t]] = await compute(x.mean(), { s: x.std({ axis: 0 }) }, [x.add(1), 7]);
    stop();
    expect(stages.sort()).toEqual(["chunks-1", "reduce-1"]);
    // In one pass with others the elements are added in other pieces.
    expect(m).toBeCloseTo(await x.mean().compute(), 14);
    expect(s.allClose(await x.std({ axis: 0 }).compute(), { rtol: 1e-14 })).toBe(true);
    expect(t).toEqual(await x.add(1).compute());
  });
});

describe("masks", () => {
  test.each([0, 1, 2])("select along axis %i, also boxes that cut its chunks", async (axis) => {
    const shape = [7, 11, 5];
    const x = arange(385, { chunks: 385, dtype: "int16" })
      .reshape(...shape)
      .rechunk([3, 4, 2]);
    const kept = Array.from({ length: shape[axis] }, (_, i) => i).filter((i) => i % 3 !== 1);
    const mask = fromArray(
      Array.from({ length: shape[axis] }, (_, i) => i % 3 !== 1),
      { chunks: 4 },
    );
    const chosen = await x.select(mask, { axis });
    const expected = ((await x.compute()) as NDArray).toNested() as number[][][];
    const [rows, columns, deep] = shape.map((length, k) => (k === axis ? kept : Array.from({ length }, (_, i) => i)));
    const picked = rows.map((i) => columns.map((j) => deep.map((k) => expected[i][j][k])));
    expect((await chosen.compute()).toNested()).toEqual(picked);
    expect((await chosen.rechunk([2, 3, 4]).compute()).toNested()).toEqual(picked);
    const inside = await chosen.slice([1, 4], [1, 6], [1, 3]).compute();
    expect(inside.toNested()).toEqual(picked.slice(1, 4).map((row) => row.slice(1, 6).map((line) => line.slice(1, 3))));
  });

  test("give an array that knows its chunks, in pieces of any size", async () => {
    const x = grid().rechunk([3, 2]);
    const chosen = await x.select(x.mod(5).lt(2));
    expect(chosen.shape).toEqual([10]);
    expect(chosen.chunks[0].reduce((a, b) => a + b, 0)).toBe(10);
    expect((await chosen.slice([2, 5]).compute()).toArray()).toEqual([5, 6, 10]);
    expect(await chosen.rechunk(1).sum().compute()).toBe([0, 1, 5, 6, 10, 11, 15, 16, 20, 21].reduce((a, b) => a + b));
    expect((await x.select(x.lt(0))).shape).toEqual([0]);
    await expect(x.select(ones(7))).rejects.toThrow(ShapeError);
  });
});

describe("descriptions", () => {
  test("JSON keeps NaN, infinities, -0, large integers and what is shared", async () => {
    for (const value of [NaN, Infinity, -Infinity, -0]) {
      const again = fromJSON(JSON.parse(JSON.stringify(full([2], value).toJSON())));
      expect(await again.compute()).toEqual(await full([2], value).compute());
    }
    const large = full([1], 2n ** 63n - 1n, { dtype: "int64" });
    expect(await fromJSON(JSON.parse(JSON.stringify(large))).compute()).toEqual(await large.compute());
    const x = grid();
    expect(x.add(x).toJSON().array.nodes.length).toBe(x.toJSON().array.nodes.length + 1);
    expect(() => fromJSON({ abanico: 1, array: { nodes: [] } })).toThrow(PlanError);
  });

  test("deep and shared graphs are as good as others", async () => {
    let chain: ChunkedArray = arange(50, { chunks: 20 });
    for (let i = 0; i < 10_000; i++) chain = i % 100 === 0 ? chain.slice([null, null, -1]) : chain.add(1);
    expect(await chain.min().compute()).toBe(9_900);
    let doubled: ChunkedArray = ones([6, 6], { chunks: 4 });
    for (let i = 0; i < 40; i++) doubled = doubled.add(doubled.T);
    expect(await doubled.max().compute()).toBe(2 ** 40);
    let centred: ChunkedArray = arange(60, { chunks: 7 });
    for (let i = 0; i < 30; i++) centred = centred.sub(centred.mean()).add(1);
    expect(await centred.mean().compute()).toBeCloseTo(1, 12);
    const many = concatenate(Array.from({ length: 2_000 }, (_, i) => full([2], i)));
    expect(await many.rechunk(500).sum().compute()).toBe(2_000 * 1_999);
  });
});

describe("refusals", () => {
  test("name both shapes, and the fix", () => {
    expect(() => zeros([3, 4]).add(zeros([4, 3]))).toThrow(/\(3, 4\) and \(4, 3\)/);
    expect(() => zeros([3, 4]).matmul(zeros([3, 4]))).toThrow(/\(3, 4\) and \(3, 4\)/);
    expect(() => broadcastTo(zeros([3]), [4])).toThrow(/\(3,\) to \(4,\)/);
    expect(() => zeros([2], { dtype: "uint8" }).add(300)).toThrow(OptionError);
    expect(() => zeros([2], { dtype: "int32" }).pow(-1)).toThrow(/astype\("float64"\)/);
    expect(() => zeros([2, 3]).squeeze(0)).toThrow(ShapeError);
    expect(() => new NDArray("int8", [6], new Int8Array(6)).reshape(-1, -1)).toThrow(ShapeError);
    expect(() => arange(3).round({ decimals: 0.5 })).toThrow(OptionError);
  });

  test("a plan beyond the memory limit says which chunks fit, and these do", async () => {
    const small = await Client.local({ workers: 0, memoryLimit: "64MB", progress: false });
    try {
      const wide = (chunks: number[]) => random.normal([8_000, 8_000], { chunks, seed: 1 }).T.sum({ axis: 0 });
      const error: unknown = await small.compute(wide([8_000, 4_000])).then(undefined, (failure: unknown) => failure);
      expect(error).toBeInstanceOf(PlanTooLargeError);
      const { chunks } = (error as PlanTooLargeError).fields as { chunks: number[] };
      expect(await small.explain(wide(chunks))).toContain("memory");
      expect((await small.compute(wide(chunks))).shape).toEqual([8_000]);
    } finally {
      await small.shutdown();
      setExecutor(client);
    }
  });

  test("chunks that are far too small or too big are noted, with others", async () => {
    expect(await zeros([1_000, 1_000], { chunks: 10 }).add(1).explain()).toMatch(
      /far too small: 10000 tasks.*rechunk\(\[1000, 1000\]\)/,
    );
    expect(await zeros([50_000, 20_000], { chunks: [50_000, 20_000] }).explain()).toMatch(/far too big/);
    expect(await zeros([1_000, 1_000]).explain()).not.toMatch(/far too/);
  });
});

test("types follow dtypes", async () => {
  expectTypeOf((await zeros([2]).compute()).data).toEqualTypeOf<Float64Array>();
  expectTypeOf((await zeros([2], { dtype: "int64" }).compute()).data).toEqualTypeOf<BigInt64Array>();
  expectTypeOf((await arange(3).gt(1).compute()).data).toEqualTypeOf<Uint8Array>();
  expectTypeOf((await arange(3).gt(1).compute()).get(0)).toEqualTypeOf<boolean>();
  expectTypeOf(await zeros([2]).mean().compute()).toEqualTypeOf<number>();
  expectTypeOf(await zeros([2]).any().compute()).toEqualTypeOf<boolean>();
  expectTypeOf((await zeros([2]).mean({ axis: 0 }).compute()).dtype).toEqualTypeOf<"float64">();
  expectTypeOf(mean([1, 2])).toEqualTypeOf<number>();
  expectTypeOf(zerosLike(fromArray([1]))).toEqualTypeOf<ChunkedArray>();
  expectTypeOf(fromArray(Float64Array.of(1)).dtype).toEqualTypeOf<"float64">();
  expectTypeOf(fromArray([1], { dtype: "int8" }).dtype).toEqualTypeOf<"int8">();
  expectTypeOf(random.normal(3, { dtype: "float32" }).dtype).toEqualTypeOf<"float32">();
  expectTypeOf(concatenate([zeros(2), ones(3)]).dtype).toEqualTypeOf<"float64">();
  expectTypeOf(concatenate([zeros(2), zeros(2, { dtype: "int8" })]).dtype).toEqualTypeOf<DType>();
  expectTypeOf(await client.submit((x: NDArray<"int8">) => x, new NDArray("int8", [1], Int8Array.of(1)))).toEqualTypeOf<
    NDArray<"int8">
  >();
  expect((await zeros([2], { dtype: "int64" }).compute()).data).toBeInstanceOf(BigInt64Array);
});
