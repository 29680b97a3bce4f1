import { afterAll, beforeAll, expect, test } from "vitest";
import { Client, cov, fromArray, random, type AnyArray } from "../../lib/index.ts";
import { NDArray } from "../../lib/collections/array/ndarray.ts";
import { reduceFold } from "../../lib/kernels/array/run.ts";
import { encodePartial, type Partial } from "../../lib/kernels/array/partials.ts";
import type { JsonObject } from "../../lib/errors.ts";
import { lowerReductions } from "../../lib/plan/lower/array.ts";

/** Reductions of a matrix beside its transpose: chunk [i, j] and chunk [j, i] by one task. And encodings that are merged as they lie. */

let clients: readonly Client[];
beforeAll(async () => {
  clients = await Promise.all([0, 1, 3].map((workers) => Client.local({ workers, progress: false })));
});
afterAll(async () => {
  for (const client of clients) await client.shutdown();
});

const x = random.uniform([50, 50], { chunks: [16, 16], seed: 3 });

function planOf(array: AnyArray) {
  const plan = lowerReductions([array.node])?.plan;
  const stage = plan?.stages.at(-1);
  const tasks = stage?.tasks.kind === "count" ? stage.tasks.count : undefined;
  return { tasks, pairs: (stage?.work.params as { pairs?: true } | undefined)?.pairs, notes: plan?.notes ?? [] };
}

test("a leaf that is asked for as it lies and transposed is reduced in pairs, and the plan says so", () => {
  const { tasks, pairs, notes } = planOf(x.add(x.T).mean({ axis: 0 }));
  expect({ tasks, pairs }).toEqual({ tasks: 10, pairs: true });
  expect(notes.join()).toContain("chunk [i, j] and chunk [j, i]");
  expect(planOf(x.T.mul(2).sub(x).max()).tasks).toBe(10);
});

test("what has nothing in common is not", () => {
  const other = random.uniform([50, 50], { chunks: [16, 16], seed: 4 });
  const oblong = random.uniform([50, 50], { chunks: [16, 25], seed: 4 });
  for (const array of [
    x.sum(),
    x.T.sum(),
    x.add(other.T).sum(),
    oblong.add(oblong.T).sum(),
    x.add(x.T.slice([0, 1])).sum(),
  ])
    expect(planOf(array).pairs).toBeUndefined();
});

const reductions: readonly (readonly [string, (x: AnyArray) => AnyArray])[] = [
  ["columns", (a) => a.add(a.T).mean({ axis: 0 })],
  ["rows", (a) => a.sub(a.T.mul(2)).sum({ axis: 1 })],
  ["all", (a) => a.mul(a.T).std()],
  ["places", (a) => a.sub(a.T).argmax({ axis: 0 })],
  ["extremes", (a) => a.T.astype("float32").sub(a.astype("float32")).min({ axis: 1 })],
];

test.each(reductions)(
  "%s: the same as of the numbers themselves, and the same bits for any number of workers",
  async (_, of) => {
    const elements = await clients[0].compute(x);
    const expected = await clients[0].compute(of(fromArray(elements)));
    const found = await Promise.all(clients.map((client) => client.compute(of(x))));
    for (const one of found) expect(one).toEqual(found[0]);
    const asArray = (value: unknown) =>
      value instanceof NDArray ? value : new NDArray("float64", [], Float64Array.of(Number(value)));
    expect(asArray(found[0]).allClose(asArray(expected), { rtol: 1e-12 })).toBe(true);
  },
);

test("a transposed matrix beside others, in chunks of any shape", async () => {
  const a = random.uniform([37, 1100], { chunks: [13, 700], seed: 9 });
  const b = random.uniform([1100, 37], { chunks: [300, 37], seed: 8 });
  const [left, right] = [
    (await clients[0].compute(a)).toNested(),
    (await clients[0].compute(b)).toNested(),
  ] as number[][][];
  const expected = left.map((row, i) => row.map((value, j) => value + 2 * right[j][i]));
  for (const client of clients) {
    expect((await client.compute(a.add(b.T.mul(2)))).toNested()).toEqual(expected);
    const sum = await client.compute(a.add(b.T.mul(2)).sum());
    expect(Number(sum)).toBeCloseTo(
      expected.flat().reduce((total, value) => total + value, 0),
      8,
    );
  }
});

test("encodings are merged to what decoding and merging gives, and are not written into", () => {
  const kinds = [
    { kind: "gram", root: 0, centred: true, dtype: "float64", chunks: [[3], [3]] },
    { kind: "axes", root: 0, fn: "var", axes: [0], ddof: 0, dtype: "float64", chunks: [[2]] },
  ];
  const fold = reduceFold({ reductions: kinds } as unknown as JsonObject);
  const partial = (n: number): Partial => [
    [{ place: 0, fields: [Float64Array.of(n), Float64Array.of(n, 1, 2), Float64Array.of(1, 2, 3, n, 5, 6)] }],
    [{ place: 0, fields: [Float64Array.of(n, n), Float64Array.of(0.5, n), Float64Array.of(n, 3)] }],
  ];
  const [left, right] = [encodePartial(partial(4)), encodePartial(partial(7))];
  const before = [left.slice(), right.slice()];
  const merged = fold.mergeEncoded?.(left, right);
  expect(merged).toEqual(fold.encode(fold.merge(fold.decode(left), fold.decode(right))));
  expect([left, right]).toEqual(before);
  const [[gram], moments] = partial(1);
  const elsewhere = encodePartial([[{ ...gram, place: 1 }], moments]);
  expect(fold.mergeEncoded?.(left, elsewhere)).toBeUndefined();
});

test("covariances are divided as they are folded", async () => {
  const observations = random.normal([900, 7], { chunks: [100, 7], seed: 2 });
  const c = await clients[2].compute(cov(observations.T, { ddof: 3 }));
  const rows = (await clients[0].compute(observations)).toNested() as number[][];
  const mean = (j: number) => rows.reduce((sum, row) => sum + row[j], 0) / 900;
  const expected = rows.reduce((sum, row) => sum + (row[2] - mean(2)) * (row[5] - mean(5)), 0) / 897;
  expect(c.get(2, 5)).toBeCloseTo(expected, 12);
  expect(c.get(5, 2)).toBe(c.get(2, 5));
});
