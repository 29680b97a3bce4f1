import fc from "fast-check";
import { afterAll, describe, expect, test } from "vitest";
import { CallableError, Client, OptionError, ShapeError, TaskError, fromModule } from "../../lib/index.ts";
import { fromFunction, mapBlocks } from "../../lib/collections/array/blocks.ts";
import { mapOverlap } from "../../lib/collections/array/overlap.ts";
import { ChunkedArray } from "../../lib/collections/array/chunked-array.ts";
import { arange, ones } from "../../lib/collections/array/create.ts";
import { concatenate } from "../../lib/collections/array/join.ts";
import { fromArray } from "../../lib/collections/array/from-array.ts";
import type { NDArray } from "../../lib/collections/array/ndarray.ts";
import type { Boundary } from "../../lib/collections/array/nodes.ts";
import type * as Tasks from "./blocks-tasks.ts";

/** Users' functions of elements, chunks, blocks, and blocks that overlap. */

const inline = await Client.local({ workers: 0, progress: false });
const threads = await Client.local({ workers: 2, progress: false });
afterAll(() => Promise.all([inline.close(), threads.close()]));
const tasks = await fromModule<typeof Tasks>(new URL("./blocks-tasks.ts", import.meta.url));

const x = arange(35, { chunks: -1 }).reshape(5, 7);
const cut = x.rechunk([2, 3]);

type Block = NDArray<"float64">;

describe.each([
  ["inline", inline],
  ["threads", threads],
])("functions of blocks (%s)", (_, client) => {
  test("fromFunction calls a function with the indices of each element", async () => {
    const made = fromFunction((i: number, j: number, k: number) => i * 10 + j + k, [3, 4], {
      chunks: [2, 3],
      args: [100],
    });
    expect((await client.compute(made)).toNested()).toEqual([
      [100, 101, 102, 103],
      [110, 111, 112, 113],
      [120, 121, 122, 123],
    ]);
    const whole = fromFunction(async (i: number) => Promise.resolve(BigInt(i) * 2n), 3, { dtype: "int64" });
    expect((await client.compute(whole)).toArray()).toEqual([0n, 2n, 4n]);
    const truth = fromFunction((i: number, j: number) => i === j, [2, 2], { dtype: "bool" });
    expect((await client.compute(truth)).toArray()).toEqual([true, false, false, true]);
  });

  test("fromFunction calls a function with where chunks start, and their shapes", async () => {
    const made = fromFunction(
      async ([row, column]: number[], [rows, columns]: number[]) =>
        Promise.resolve(Float32Array.from({ length: rows * columns }, (__, i) => 100 * row + 10 * column + i)),
      [3, 5],
      { chunks: [2, 3], dtype: "float32", of: "chunk" },
    );
    expect((await client.compute(made)).toNested()).toEqual([
      [0, 1, 2, 30, 31],
      [3, 4, 5, 32, 33],
      [200, 201, 202, 230, 231],
    ]);
  });

  test("mapBlocks calls a function with each block, its arguments, and where the block is", async () => {
    const doubled = mapBlocks((block: Block, k: number) => block.data.map((value) => value * k), [cut], { args: [2] });
    expect((await client.compute(doubled)).equals(await client.compute(x.mul(2)))).toBe(true);
    const info = mapBlocks(tasks.placed, [cut], { args: [1000] });
    expect((await client.compute(info)).toNested()).toEqual(
      [0, 0, 1, 1, 2].map((i) => [0, 0, 0, 1, 1, 1, 2].map((j) => 1000 + 10 * i + j)),
    );
    expect((await client.compute(mapBlocks(tasks.scaled, [cut]))).equals(await client.compute(x.mul(3)))).toBe(true);
  });

  test("mapBlocks of several arrays aligns their last axes", async () => {
    const row = arange(7);
    const made = mapBlocks(
      (a: Block, b: Block) => a.data.map((value, i) => value * 100 + b.data[i % b.size]),
      [cut, row],
    );
    expect((await client.compute(made)).equals(await client.compute(x.mul(100).add(row)))).toBe(true);
    const column = arange(5).reshape(5, 1);
    const other = mapBlocks(
      (a: Block, b: Block) => a.data.map((value, i) => value - b.data[Math.floor(i / a.shape[1])]),
      [cut, column],
    );
    expect((await client.compute(other)).equals(await client.compute(x.sub(column)))).toBe(true);
  });

  test("as methods: further arrays, arguments, options", async () => {
    const made = cut.mapBlocks(
      (a: Block, b: Block, k: number) => Float32Array.from(a.data, (value, i) => value + k * b.data[i % b.size]),
      arange(7),
      10,
      { dtype: "float32" },
    );
    expect((await client.compute(made)).equals(await client.compute(x.add(arange(7).mul(10)).astype("float32")))).toBe(
      true,
    );
    expect(() => cut.mapBlocks(tasks.scaled, 1, cut)).toThrow(/arrays before other arguments/);
    const summed = cut.mapOverlap(tasks.smoothed, { depth: 0 });
    expect((await client.compute(summed)).shape).toEqual([5, 7]);
    expect((await client.compute(cut.neg().sort({ axis: 0 }).cumsum({ axis: 0 }))).get(1, 0)).toBe(-28 - 21);
    expect((await client.compute(cut.neg().argsort({ axis: 0 }))).get(0, 0)).toBe(4n);
  });

  test("mapBlocks may change the dtype and the chunks", async () => {
    const sums = mapBlocks((block: Block) => Int32Array.of(block.data.reduce((sum, value) => sum + value, 0)), [cut], {
      dtype: "int32",
      chunks: [
        [1, 1, 1],
        [1, 1, 1],
      ],
    });
    expect(sums.shape).toEqual([3, 3]);
    const corners = [await client.compute(sums), await client.compute(x.slice([0, 2], [0, 3]).sum())] as const;
    expect(corners[0].get(0, 0)).toBe(corners[1]);
    expect((await client.compute(sums.sum())) as number).toBe(595);
  });

  test("errors of functions name the chunk, and the line", async () => {
    const failing = mapBlocks(
      (block: Block) => {
        if (block.data[0] > 20) throw new RangeError("too many");
        return block;
      },
      [cut],
    );
    const failed = client.compute(failing);
    await expect(failed).rejects.toBeInstanceOf(TaskError);
    await expect(failed).rejects.toThrow(/failed on chunk \(\d, \d\): RangeError: too many/);
    await expect(failed).rejects.toMatchObject({ cause: { name: "RangeError" } });
  });

  test("results that do not fit are refused: what was expected, what was found, what to do", async () => {
    const short = mapBlocks((block: Block) => block.data.subarray(1), [cut]);
    await expect(client.compute(short)).rejects.toThrow(
      /chunk \(\d, \d\), expects a block of shape .* found \d elements/,
    );
    const narrow = mapBlocks((block: Block) => Float32Array.from(block.data), [cut]);
    await expect(client.compute(narrow)).rejects.toThrow(/dtype float64; found float32[\s\S]*dtype: "float32"/);
    const list = mapBlocks((block: Block) => [...block.data], [cut]);
    await expect(client.compute(list)).rejects.toThrow(/NDArray or a typed array; found a list/);
    const turned = mapBlocks((block: Block) => block.T, [cut]);
    await expect(client.compute(turned)).rejects.toThrow(/expects a block of shape \(\d, \d\), .* found the shape/);
    const half = fromFunction((i: number) => i / 2, 3, { dtype: "int32" });
    await expect(client.compute(half)).rejects.toThrow(/element \(1,\), expects a number that int32 holds; found 0.5/);
    const text = fromFunction(() => "a", 3);
    await expect(client.compute(text)).rejects.toThrow(/expects a number; found a string/);
  });
});

describe("mapOverlap", () => {
  const depth = 2;
  const pads: Readonly<Record<string, (array: ChunkedArray) => ChunkedArray>> = {
    reflect: (a) => concatenate([a.slice([1, null, -1]), a, a.slice([null, -3, -1])]),
    periodic: (a) => concatenate([a.slice([-2, null]), a, a.slice([0, 2])]),
    nearest: (a) => concatenate([a.take([0, 0]), a, a.take([-1, -1])]),
    "7": (a) => concatenate([ones([2]).mul(7), a, ones([2]).mul(7)]),
  };
  const boundaries = fc.constantFrom<Boundary>("reflect", "periodic", "nearest", 7, "none");

  test("blocks see their neighbours, and beyond the edges what the boundary says", async () => {
    const line = arange(12);
    await fc.assert(
      fc.asyncProperty(boundaries, fc.integer({ min: 1, max: 12 }), async (boundary, size) => {
        // The sum of five: of a block's own elements all are within it.
        const summed = (block: Block) =>
          block.data.map((__, i) => block.data.slice(Math.max(0, i - 2), i + 3).reduce((sum, value) => sum + value, 0));
        const found = await inline.compute(mapOverlap(summed, line.rechunk([size]), { depth, boundary }));
        const pad = pads[String(boundary)] as ((array: ChunkedArray) => ChunkedArray) | undefined;
        const padded = (await inline.compute((pad ?? ((a) => a))(line))).data as Float64Array;
        const before = pad === undefined ? 0 : 2;
        const expected = Array.from({ length: 12 }, (__, i) =>
          padded.slice(Math.max(0, i + before - 2), i + before + 3).reduce((sum, value) => sum + value, 0),
        );
        expect(found.toArray()).toEqual(expected);
      }),
      { numRuns: 40 },
    );
  });

  test("in several axes, by a function of a module", async () => {
    const whole = await threads.compute(mapOverlap(tasks.smoothed, x, { depth: 1, boundary: "nearest" }));
    for (const chunks of [
      [2, 3],
      [1, 7],
      [5, 2],
    ])
      expect(
        (
          await threads.compute(mapOverlap(tasks.smoothed, x.rechunk(chunks), { depth: 1, boundary: "nearest" }))
        ).equals(whole),
      ).toBe(true);
    const rows = await threads.compute(
      mapOverlap(tasks.smoothed, x.sqrt().rechunk([2, 7]), { depth: [1, 0], boundary: "none" }),
    );
    expect(rows.equals(await threads.compute(mapOverlap(tasks.smoothed, x.sqrt(), { depth: 0 })))).toBe(true);
  });
});

describe("what is refused when described", () => {
  test("functions that use what is around them", () => {
    const outer = Math.random();
    expect(() => mapBlocks((block: Block) => block.data.map((value) => value * outer), [x])).toThrow(CallableError);
    expect(() => fromFunction((i: number) => i * outer, 3)).toThrow(/outer/);
    expect(() => fromFunction(3 as never, 3)).toThrow(/expects a function/);
  });

  test("arrays in other numbers of chunks, chunks that do not fit, depths, boundaries, options", () => {
    const keep = (block: Block) => block;
    expect(() => mapBlocks(keep, [])).toThrow(OptionError);
    expect(() => mapBlocks(keep, [arange(6, { chunks: 2 }), arange(8, { chunks: 2 })])).toThrow(ShapeError);
    expect(() => mapBlocks(keep, [cut], { chunks: [[1, 1]] })).toThrow(/3 by 3 of them/);
    expect(() => mapOverlap(keep, cut, { depth: 6 })).toThrow(/at most its length/);
    expect(() => mapOverlap(keep, cut, { depth: 1, boundary: "wrap" as Boundary })).toThrow(/"periodic"/);
    expect(() => mapBlocks(keep, [cut], { dtypes: "int8" } as object)).toThrow(/no option "dtypes"/);
    expect(() => fromFunction(keep as never, 3, { of: "row" as "chunk" })).toThrow(/"element" or "chunk"/);
  });

  test("an array of functions comes through JSON", async () => {
    const made = mapBlocks((block: Block, k: number) => block.data.map((value) => value + k), [cut], { args: [5] });
    const again = ChunkedArray.fromJSON(JSON.parse(JSON.stringify(made)));
    expect(((await inline.compute(again)) as NDArray).equals(await inline.compute(x.add(5)))).toBe(true);
    const json = JSON.parse(JSON.stringify(fromArray([1, 2]))) as { array: { nodes: object[] } };
    json.array.nodes.push({
      op: "blocks",
      inputs: [0],
      fn: { kind: "other" },
      args: [],
      shape: [2],
      dtype: "float64",
      chunks: [[2]],
    });
    expect(() => ChunkedArray.fromJSON(json)).toThrow(/array\.nodes\[1\]\.fn/);
  });
});
