import fc from "fast-check";
import { afterAll, beforeAll, expect, test } from "vitest";
import { Client } from "../../lib/client/client.ts";
import type { AnyArray, ChunkedArray } from "../../lib/collections/array/chunked-array.ts";
import { concatenate, where } from "../../lib/collections/array/join.ts";
import { fromArray } from "../../lib/collections/array/from-array.ts";
import { dtypeOf, type DType, type TypedArray } from "../../lib/collections/array/dtype.ts";
import { NDArray, makeTyped } from "../../lib/collections/array/ndarray.ts";
import { random } from "../../lib/collections/array/random.ts";
import { fromJSON } from "../../lib/collections/from-json.ts";

/** Laws: how an array is cut, who computes it, and whether its description went through JSON, does not show in its elements. */

let clients: readonly Client[];
beforeAll(async () => {
  clients = await Promise.all([0, 1, 2, 3].map((workers) => Client.local({ workers, progress: false })));
});
afterAll(async () => {
  for (const client of clients) await client.shutdown();
});

const DTYPES_TRIED = ["float64", "int32", "uint8", "bool", "float32", "int64"] as const;
const shapes = fc.array(fc.integer({ min: 0, max: 7 }), { minLength: 1, maxLength: 3 });

/** An axis of this length cut anywhere, also into chunks of nothing. */
const cuts = (length: number) =>
  fc.array(fc.nat(length), { maxLength: 4 }).map((places) => {
    const edges = [0, ...places.sort((a, b) => a - b), length];
    return edges.slice(1).map((edge, i) => edge - edges[i]);
  });
const chunksOf = (shape: readonly number[]) => fc.tuple(...shape.map(cuts));

const arrays = fc
  .tuple(shapes, fc.constantFrom(...DTYPES_TRIED), fc.nat())
  .map(([shape, dtype, seed]) => made(shape, dtype, seed));

function made(shape: readonly number[], dtype: DType, seed: number): NDArray {
  const data = makeTyped(
    dtype,
    shape.reduce((size, n) => size * n, 1),
  );
  const view: TypedArray = data;
  for (let i = 0; i < view.length; i++) {
    const value = (Math.imul(i + 1, 2654435761) + Math.imul(seed + 1, 40503)) >>> 16;
    const number = dtype === "bool" ? value % 2 : (value % 19) - (dtype === "uint8" ? 0 : 9);
    view[i] = typeof view[i] === "bigint" ? BigInt(number) : dtype.startsWith("float") ? number / 4 : number;
  }
  return new NDArray(dtype, shape, data);
}

type Step = (x: AnyArray) => AnyArray;
const axisOf = (x: AnyArray, n: number) => (x.ndim === 0 ? 0 : n % x.ndim);

/** Steps that suit any array. */
const steps: fc.Arbitrary<Step> = fc.oneof(
  fc.constant<Step>((x) => x.T),
  fc.constant<Step>((x) => x.add(x)),
  fc.constant<Step>((x) => x.add(1).mul(3)),
  fc.constant<Step>((x) => where(x.gt(2), x, 0)),
  fc.constant<Step>((x) => x.ravel()),
  fc.constant<Step>((x) => x.expandDims(0).add(x)),
  fc.constant<Step>((x) => (x.ndim === 0 ? x : concatenate([x, x.mul(2)], { axis: x.ndim - 1 }))),
  fc.nat(2).map(
    (n): Step =>
      (x) =>
        x.ndim === 0 ? x : x.flip({ axis: axisOf(x, n) }),
  ),
  fc.nat(2).map(
    (n): Step =>
      (x) =>
        x.ndim === 0 ? x : x.roll(n + 1, { axis: axisOf(x, n) }),
  ),
  fc.nat(2).map(
    (n): Step =>
      (x) =>
        x.ndim === 0
          ? x
          : x.slice(
              ...x.shape.map((_, i) => (i === axisOf(x, n) ? [n, null, 2] : []) as [number?, null?, number?] as []),
            ),
  ),
  fc.nat(2).map(
    (n): Step =>
      (x) =>
        x.ndim === 0 || x.shape.includes(0) ? x : x.take([0, -1, 0], { axis: axisOf(x, n) }),
  ),
  fc.nat(3).map(
    (n): Step =>
      (x) =>
        x.rechunk(n + 1),
  ),
  fc.nat(2).map(
    (n): Step =>
      (x) =>
        x.ndim === 0
          ? x
          : x.add(
              x
                .astype("int32")
                .sum({ axis: axisOf(x, n), keepdims: true })
                .mul(2),
            ),
  ),
);
const ends: fc.Arbitrary<Step> = fc.oneof(
  fc.constant<Step>((x) => x),
  fc.constant<Step>((x) => x.any()),
  fc.constant<Step>((x) => x.countNonzero()),
  fc.nat(2).map(
    (n): Step =>
      (x) =>
        x.ndim === 0 ? x : x.sum({ axis: axisOf(x, n) }),
  ),
  fc.nat(2).map(
    (n): Step =>
      (x) =>
        x.ndim === 0 || x.shape.includes(0) ? x : x.max({ axis: axisOf(x, n) }),
  ),
  fc.nat(2).map(
    (n): Step =>
      (x) =>
        x.ndim === 0 || x.shape.includes(0) ? x : x.argmin({ axis: axisOf(x, n) }),
  ),
);
const programs = fc.tuple(fc.array(steps, { maxLength: 4 }), ends).map(([list, end]) => [...list, end]);
const apply = (x: AnyArray, program: readonly Step[]) => program.reduce((y, step) => step(y), x);

function bytesOf(result: unknown): unknown {
  if (!(result instanceof NDArray)) return result;
  const data: TypedArray = result.data;
  expect(dtypeOf(data)).toBe(result.dtype === "bool" ? "uint8" : result.dtype);
  return [result.dtype, result.shape, Buffer.from(data.buffer, data.byteOffset, data.byteLength).toString("hex")];
}

// Elements are multiples of a quarter, and few: sums of them are exact in any order.
test("chunked equals unchunked, on every runtime and through JSON, to the bit", async () => {
  const cut = arrays.chain((array) => fc.tuple(fc.constant(array), chunksOf(array.shape)));
  await fc.assert(
    fc.asyncProperty(cut, programs, async ([array, chunks], program) => {
      const whole = bytesOf(
        await clients[0].compute(apply(fromArray(array, { chunks: array.shape.map(() => -1) }), program)),
      );
      const chunked = apply(fromArray(array, { chunks }), program);
      const again = fromJSON(JSON.parse(JSON.stringify(chunked.toJSON())));
      expect(bytesOf(await clients[0].compute(chunked))).toEqual(whole);
      expect(bytesOf(await clients[2].compute(again))).toEqual(whole);
    }),
    { numRuns: 150 },
  );
}, 120_000);

test("sums of floats have the same bits for any number of threads, and are near those of other chunks", async () => {
  const any = fc.tuple(
    fc.integer({ min: 1, max: 40 }),
    fc.integer({ min: 1, max: 40 }),
    fc.integer({ min: 1, max: 40 }),
    fc.nat(),
  );
  await fc.assert(
    fc.asyncProperty(any, async ([rows, columns, length, seed]) => {
      const x = random.normal([rows, columns], { seed, chunks: length });
      const asked: readonly ((y: ChunkedArray) => AnyArray)[] = [
        (y) => y.mean(),
        (y) => y.std({ axis: 0 }),
        (y) => y.sub(y.mean({ axis: 0 })).sum({ axis: 1 }),
      ];
      for (const ask of asked) {
        const results = await Promise.all(clients.map((client) => client.compute(ask(x))));
        for (const result of results.slice(1)) expect(bytesOf(result)).toEqual(bytesOf(results[0]));
        const kept = fromArray(await clients[0].compute(x), { chunks: [rows, columns] });
        const other = await clients[0].compute(ask(kept));
        const [a, b] = [results[0], other].map((one) =>
          one instanceof NDArray ? one : new NDArray("float64", [], Float64Array.of(one as number)),
        );
        expect(a.allClose(b, { rtol: 1e-12, atol: 1e-12 })).toBe(true);
      }
    }),
    { numRuns: 25 },
  );
}, 120_000);
