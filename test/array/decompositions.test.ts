import fc from "fast-check";
import { afterAll, describe, expect, test } from "vitest";
import { Client, MatrixError, OptionError, PlanTooLargeError, ShapeError } from "../../lib/index.ts";
import type { AnyArray, ChunkedArray } from "../../lib/collections/array/chunked-array.ts";
import { arange, eye, ones, zeros } from "../../lib/collections/array/create.ts";
import { fromArray } from "../../lib/collections/array/from-array.ts";
import { NDArray } from "../../lib/collections/array/ndarray.ts";
import { cholesky, eigh, inv, lstsq, qr, solve, svd, svdCompressed } from "../../lib/collections/array/linalg.ts";
import { matmul } from "../../lib/collections/array/products.ts";
import { random } from "../../lib/collections/array/random.ts";

/** Decompositions by their laws, of shapes and chunks of all kinds; what is no matrix to them. */

const client = await Client.local({ workers: 0, progress: false });
afterAll(() => client.close());

async function largest(x: AnyArray): Promise<number> {
  return x.size === 0 ? 0 : Number(await x.abs().max().compute());
}

/** How far a matrix' columns are from orthonormal. */
function skew(q: AnyArray): Promise<number> {
  return largest(matmul(q.T, q).sub(eye(q.shape[1])));
}

const shapes = fc.record({
  rows: fc.integer({ min: 1, max: 300 }),
  columns: fc.integer({ min: 1, max: 70 }),
  rowChunk: fc.integer({ min: 20, max: 300 }),
  columnChunk: fc.integer({ min: 10, max: 70 }),
  seed: fc.integer({ min: 0, max: 1_000 }),
});

function matrix({ rows, columns, rowChunk, columnChunk, seed }: Record<string, number>): ChunkedArray<"float64"> {
  return random.normal([rows, columns], { chunks: [rowChunk, columnChunk], seed });
}

describe("decompositions", () => {
  test("Q has orthonormal columns, R is upper triangular, and they make the matrix", async () => {
    await fc.assert(
      fc.asyncProperty(shapes, async (shape) => {
        const x = matrix(shape);
        const [q, r] = qr(x);
        expect(await largest(matmul(q, r).sub(x))).toBeLessThan(1e-12);
        expect(await skew(q)).toBeLessThan(1e-13);
        const computed = await r.compute();
        for (let i = 0; i < computed.shape[0]; i++)
          for (let j = 0; j < Math.min(i, computed.shape[1]); j++) expect(computed.get(i, j)).toBe(0);
      }),
      { numRuns: 25 },
    );
  });

  test("Q of a matrix that is nearly singular is orthonormal all the same", async () => {
    const x = matrix({ rows: 400, columns: 12, rowChunk: 60, columnChunk: 12, seed: 5 });
    const scaled = x.mul(fromArray(Float64Array.from({ length: 12 }, (_, j) => 10 ** (-1.3 * j))));
    const [q, r] = qr(scaled);
    expect(await skew(q)).toBeLessThan(1e-14);
    expect(await largest(matmul(q, r).sub(scaled))).toBeLessThan(1e-14);
  });

  test("stacks of triangular factors are factored by blocks again", async () => {
    const x = random.normal([20_000, 40], { chunks: [160, 40], seed: 3 });
    const { factored } = await import("../../lib/collections/array/tall.ts");
    const { ChunkedArray } = await import("../../lib/collections/array/chunked-array.ts");
    const { q, r } = factored(x.node, 64 * 1024);
    const [made, triangle] = [new ChunkedArray(q), new ChunkedArray(r)];
    expect(await skew(made)).toBeLessThan(1e-14);
    expect(await largest(matmul(made, triangle).sub(x))).toBeLessThan(1e-12);
  });

  test("U and V have orthonormal columns, the values descend, and they make the matrix", async () => {
    await fc.assert(
      fc.asyncProperty(shapes, async (shape) => {
        const x = matrix(shape);
        const [u, s, vT] = svd(x);
        expect(await largest(matmul(u.mul(s), vT).sub(x))).toBeLessThan(1e-11);
        expect(await skew(u)).toBeLessThan(1e-12);
        expect(await skew(vT.T)).toBeLessThan(1e-12);
        const values = (await s.compute()).data;
        expect([...values].sort((a, b) => b - a)).toEqual([...values]);
      }),
      { numRuns: 15 },
    );
  });

  test.each([
    ["none", 1],
    ["values far beyond the squares that float64 holds", 1e200],
    ["values far below them", 1e-200],
  ])("of a matrix of many columns, whose factor is turned before it is rotated: %s", async (_, scale) => {
    const [left] = qr(random.normal([90, 80], { seed: 1 }));
    const [right] = qr(random.normal([80, 80], { seed: 2 }));
    const wanted = Float64Array.from({ length: 80 }, (_, i) => scale * 0.9 ** i);
    const [u, s, vT] = svd(matmul(left.mul(fromArray(wanted)), right.T));
    expect((await s.compute()).allClose(new NDArray("float64", [80], wanted), { rtol: 1e-11, atol: 0 })).toBe(true);
    expect(await skew(u)).toBeLessThan(1e-13);
    expect(await skew(vT.T)).toBeLessThan(1e-13);
    expect(
      await largest(matmul(u.mul(s.div(scale)), vT).sub(matmul(left.mul(fromArray(wanted)), right.T).div(scale))),
    ).toBeLessThan(1e-13);
  });

  test("vectors of singular values 0 are orthonormal too", async () => {
    const [u, s, vT] = svd(ones([30, 6]).mul(arange(6)));
    expect(await skew(vT.T)).toBeLessThan(1e-14);
    expect(await skew(u)).toBeLessThan(1e-14);
    expect((await s.compute()).data.filter((value) => value > 1e-12)).toHaveLength(1);
    const [, none, v] = svd(zeros([7, 4]));
    expect([...(await none.compute()).data]).toEqual([0, 0, 0, 0]);
    expect(await skew(v.T)).toBe(0);
  });

  test("the largest singular values, approximately, in few passes", async () => {
    const [basis] = qr(random.normal([500, 8], { seed: 1, chunks: [100, 8] }));
    const x = matmul(basis.mul(fromArray([100, 50, 20, 10, 1, 0.1, 0.01, 0.001])), random.normal([8, 60], { seed: 2 }));
    const [u, s, vT] = svdCompressed(x, 4, { seed: 3, iterations: 1 });
    const exact = (await svd(x)[1].compute()).slice([0, 4]);
    expect((await s.compute()).allClose(exact, { rtol: 1e-10 })).toBe(true);
    expect([u.shape, s.shape, vT.shape]).toEqual([[500, 4], [4], [4, 60]]);
    expect(await skew(u)).toBeLessThan(1e-13);
    const again = await svdCompressed(x, 4, { seed: 3, iterations: 1 })[1].compute();
    expect(again.equals(await s.compute())).toBe(true);
  });

  test("eigenvectors are orthonormal, and turn the matrix into its eigenvalues", async () => {
    const x = matrix({ rows: 90, columns: 90, rowChunk: 40, columnChunk: 40, seed: 8 });
    const symmetric = x.add(x.T);
    const [values, vectors] = eigh(symmetric);
    expect(await skew(vectors)).toBeLessThan(1e-13);
    expect(await largest(matmul(symmetric, vectors).sub(vectors.mul(values)))).toBeLessThan(1e-11);
  });

  test("of float32 float32 comes out", async () => {
    const x = matrix({ rows: 30, columns: 4, rowChunk: 10, columnChunk: 4, seed: 8 }).astype("float32");
    const [q, r] = qr(x);
    expect([q.dtype, r.dtype, (await r.compute()).dtype]).toEqual(["float32", "float32", "float32"]);
    expect(inv(x.slice([0, 4])).dtype).toBe("float32");
  });
});

describe("matrices without an answer", () => {
  const singular = fromArray([
    [1, 2, 3],
    [2, 4, 6],
    [1, 0, 1],
  ]);

  test("a singular one, with the pivot", async () => {
    const failed = inv(singular).compute();
    await expect(failed).rejects.toBeInstanceOf(MatrixError);
    await expect(failed).rejects.toThrow(/singular: pivot 2 is 0/);
    await expect(failed).rejects.toMatchObject({ fields: { pivot: 2 } });
    await expect(solve(singular, ones(3)).compute()).rejects.toThrow(/pivot 2/);
  });

  test("one that is not positive definite, with the pivot", async () => {
    const failed = cholesky(eye(60).sub(eye(60).slice([], [0, 60]).mul(arange(60).gt(52)).mul(3))).compute();
    await expect(failed).rejects.toThrow(/positive definite matrix; pivot 53 is -2/);
    await expect(failed).rejects.toMatchObject({ tag: "Matrix", fields: { pivot: 53 } });
  });

  test("one with NaN, with the element", async () => {
    const x = fromArray([
      [1, 2],
      [NaN, 3],
    ]);
    await expect(svd(x)[1].compute()).rejects.toThrow(/finite numbers/);
    await expect(eigh(x)[0].compute()).rejects.toThrow(/element \(1, 0\)/);
  });

  test("shapes are refused when described, with what to do", () => {
    expect(() => inv(ones([3, 4]))).toThrow(ShapeError);
    expect(() => inv(ones([3, 4]))).toThrow(/square matrix; found the shape \(3, 4\)/);
    expect(() => solve(eye(3), ones(4))).toThrow(/3 rows, one or two axes; found \(4,\)/);
    expect(() => qr(ones(3))).toThrow(/expects a matrix; found the shape \(3,\)/);
    expect(() => lstsq(ones([4, 2]), ones(3))).toThrow(ShapeError);
    expect(() => svdCompressed(ones([4, 2]), 3)).toThrow(OptionError);
  });

  test("what does not fit into one place is refused before anything runs, and its memory stated", async () => {
    await using small = await Client.local({ workers: 0, memoryLimit: "64MB", progress: false });
    const x = random.normal([2_000, 2_000], { chunks: [500, 500], seed: 1 });
    expect(await inv(x).explain()).toMatch(/inv-\d+: 1 shard/);
    await expect(small.compute(inv(x))).rejects.toBeInstanceOf(PlanTooLargeError);
    await expect(small.compute(inv(x))).rejects.toThrow(/stage "inv-/);
  });
});
