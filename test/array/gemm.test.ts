import { createRequire } from "node:module";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { Client, OptionError, random, type AnyArray } from "../../lib/index.ts";
import type { Gemm } from "../../lib/client/gemm.ts";
import type { NDArray } from "../../lib/collections/array/ndarray.ts";
import { lowerChunks, lowerReductions } from "../../lib/plan/lower/array.ts";
import type { Plan } from "../../lib/plan/plan.ts";
import { createLocalRuntime } from "../../lib/runtime/local/local.ts";
import { defaultStore } from "../../lib/store/default-store.ts";

/** Products of matrices by onnxruntime-node, an optional peer: what is planned without it, and what it gives where it is installed. */

const installed = (() => {
  try {
    createRequire(import.meta.url).resolve("onnxruntime-node");
    return true;
  } catch {
    return false;
  }
})();

const there = { isThere: () => true };
const marked = (plan: Plan | undefined) => JSON.stringify(plan?.stages).includes('"gemm":"onnxruntime"');
const matrix = (rows: number, cols: number, chunks: number | number[] = 500, seed = 1) =>
  random.uniform([rows, cols], { chunks, seed });

describe("what is planned", () => {
  const large = { ...there, from: 1e9 };
  const product = matrix(1000, 1000).matmul(matrix(1000, 1000, 500, 2));

  test("large products of floats are the other library's, and the plan says so", () => {
    const plan = lowerChunks(product.node, large);
    expect(marked(plan)).toBe(true);
    expect(plan.notes.join()).toMatch(/made by onnxruntime-node.*gemm: "abanico"/);
    expect(Object.keys(plan.stages[0].estimate.peakBytes)).toContain("copies");
  });

  test("also those that are cut along the axis that is summed", () => {
    const cut = matrix(600, 5000).matmul(matrix(5000, 600, 500, 2));
    expect(marked(lowerReductions([cut.node], large)?.plan)).toBe(true);
    expect(marked(lowerChunks(cut.mul(2).node, large))).toBe(true);
  });

  test("without one that is there nothing is", () => {
    for (const other of [undefined, { ...large, isThere: () => false }]) {
      const plan = lowerChunks(product.node, other);
      expect(marked(plan)).toBe(false);
      expect(plan).toEqual(lowerChunks(product.node));
    }
  });

  test("nor are small products, small pieces, short sums, whole numbers and xᵀx: nobody asks whether it is there", () => {
    const x = matrix(1000, 1000);
    const asked: AnyArray[] = [
      matrix(700, 700).matmul(matrix(700, 700)), // 0.7e9 operations
      matrix(1000, 1000, 100).matmul(matrix(1000, 1000, 100)),
      matrix(9000, 60).matmul(matrix(60, 9000)),
      x.astype("int32").matmul(matrix(1000, 1000).astype("int32")),
      x.T.matmul(x),
      x.add(1),
    ];
    const never = {
      from: 1e9,
      isThere: () => {
        throw new Error("asked");
      },
    };
    for (const { node } of asked)
      expect(marked(lowerReductions([node], never)?.plan ?? lowerChunks(node, never))).toBe(false);
    expect(() => lowerChunks(product.node, never)).toThrow("asked");
  });

  test("options that are none are refused", async () => {
    await expect(Client.local({ gemm: "blas" as Gemm })).rejects.toThrow(OptionError);
    await expect(Client.connect("local://?workers=0&gemm=blas")).rejects.toThrow('"auto", "abanico" or "onnxruntime"');
  });
});

const computed = async (client: Client, array: AnyArray) => (await client.compute(array)) as NDArray; // of more than one element

describe.skipIf(installed)("where it is not installed", () => {
  const product = matrix(30, 40).matmul(matrix(40, 30));

  test("who asks for it is told how to have it", async () => {
    await using client = await Client.local({ workers: 0, progress: false, gemm: "onnxruntime" });
    await expect(client.compute(product)).rejects.toThrow(/npm install onnxruntime-node/);
  });

  test("a worker that is to use it says that it cannot", async () => {
    const store = defaultStore();
    const runtime = createLocalRuntime({ workers: 1, threadsPerWorker: 1, memoryLimitBytes: 1e9, store });
    try {
      await expect(runtime.run(lowerChunks(product.node, there))).rejects.toThrow(
        /onnxruntime-node, which cannot be loaded here[^]*fix: npm install/,
      );
    } finally {
      await runtime.close();
    }
  });
});

describe.skipIf(!installed)("where it is installed", () => {
  let own: Client;
  let clients: readonly Client[];
  beforeAll(async () => {
    const local = (workers: number, gemm: Gemm) => Client.local({ workers, progress: false, gemm });
    own = await local(0, "abanico");
    clients = await Promise.all([0, 1, 3].map((workers) => local(workers, "onnxruntime")));
  });
  afterAll(async () => {
    for (const client of [own, ...clients]) await client.shutdown();
  });

  const normal = (shape: number[], chunks: number | number[], seed: number) => random.normal(shape, { chunks, seed });
  const pairs: readonly (readonly [string, AnyArray, AnyArray])[] = [
    ["many chunks", normal([70, 130], [13, 48], 1), normal([130, 61], [50, 17], 2)],
    ["few chunks, cut along the sum", normal([40, 1000], [40, 301], 3), normal([1000, 30], [301, 30], 4)],
    ["transposed operands", normal([130, 70], [48, 13], 5).T, normal([61, 130], [17, 50], 6).T],
    ["transposed squares", normal([96, 96], 32, 5).T, normal([96, 96], 32, 6).T],
    ["vectors", normal([1, 300], 100, 7), normal([300, 1], 100, 8)],
    ["a sum of nothing", normal([5, 0], 3, 9), normal([0, 4], 3, 9)],
  ];

  test.each(
    pairs.flatMap(([what, a, b]) => (["float64", "float32"] as const).map((dtype) => [what, dtype, a, b] as const)),
  )("%s, %s: as ours to 2 k ε of |a| |b|, and the same bits for any number of threads", async (_, dtype, a, b) => {
    const [left, right] = [a.astype(dtype), b.astype(dtype)];
    const product = left.matmul(right);
    const found = await Promise.all(clients.map((client) => computed(client, product)));
    for (const one of found) expect(one).toEqual(found[0]);
    const ours = await computed(own, product);
    const bound = await computed(own, left.abs().matmul(right.abs()));
    const epsilon = dtype === "float64" ? 2 ** -53 : 2 ** -24;
    expect(found[0].shape).toEqual(ours.shape);
    expect(found[0].dtype).toBe(dtype);
    for (let i = 0; i < ours.data.length; i++) {
      const off = Math.abs(Number(found[0].data[i]) - Number(ours.data[i]));
      expect(off).toBeLessThanOrEqual(2 * a.shape[1] * epsilon * Number(bound.data[i]));
    }
  });

  test("whole numbers and what is not finite come out as they are", async () => {
    const whole = (seed: number) => random.integers(-50, 50, [64, 64], { chunks: 20, seed }).astype("float64");
    const product = whole(1).matmul(whole(2));
    expect(await clients[2].compute(product)).toEqual(await own.compute(product));
    const infinite = whole(1).div(whole(3)).matmul(whole(2));
    const [found, ours] = (await Promise.all([clients[1], own].map((client) => client.compute(infinite)))) as NDArray[];
    const kinds = ({ data }: NDArray) =>
      Array.from(data as Float64Array, (value) => (Number.isFinite(value) ? 0 : value));
    expect(kinds(found)).toEqual(kinds(ours));
    expect(kinds(ours).some(Number.isNaN)).toBe(true);
  });

  test("explain says who multiplies; without the library's leave nobody but us", async () => {
    const product = matrix(2200, 2200).matmul(matrix(2200, 2200, 500, 2));
    await using auto = await Client.local({ workers: 0, progress: false });
    const text = await auto.explain(product);
    if (process.arch === "x64") expect(text).toContain("made by onnxruntime-node");
    expect(await auto.explain(matrix(300, 300).matmul(matrix(300, 300, 500, 2)))).not.toContain("onnxruntime");
    expect(await own.explain(product)).not.toContain("onnxruntime");
  });

  test("workers that end and start again load it again", async () => {
    const product = pairs[0][1].matmul(pairs[0][2]);
    const expected = await clients[0].compute(product);
    for (let round = 0; round < 2; round++) {
      await using client = await Client.local({ workers: 2, progress: false, gemm: "onnxruntime" });
      expect(await client.compute(product)).toEqual(expected);
    }
  });
});
