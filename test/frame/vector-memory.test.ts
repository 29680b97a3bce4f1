import fc from "fast-check";
import { afterAll, expect, test, vi } from "vitest";
import { Client, col, lit, readCsv, size } from "../../lib/index.ts";
import { StateRows } from "../../lib/kernels/frame/groups/state-rows.ts";
import { Lasting } from "../../lib/kernels/frame/lasting.ts";
import { FloatVector, VECTOR_BYTES, VectorMemory } from "../../lib/kernels/frame/vector-memory.ts";
import { withKernel } from "../../lib/kernels/csv/wasm.ts";
import { defaultStore } from "../../lib/store/default-store.ts";
import { plain } from "../csv/support.ts";

/** Groups and arithmetic in the kernel's memory, on files of enough rows a group for it to pay, against plain JavaScript row by row. */

const store = defaultStore();
const client = await Client.local({ workers: 0, store, progress: false });
afterAll(() => client.close());

interface Row {
  readonly key: string;
  readonly i: number | null;
  readonly f: number | null;
}

/** Multiples of 2^−10 that differ in size by 2^50, so that sums need both halves of the pair, and are exact in integers. */
const float = fc
  .tuple(fc.integer({ min: -(2 ** 30), max: 2 ** 30 }), fc.constantFrom(2 ** -10, 1, 2 ** 20, 2 ** 40))
  .map(([n, unit]) => n * unit);
const rows = fc.array(
  fc.record<Row>({
    key: fc.constantFrom("a", "b", "ß", "", "a key of many letters"),
    i: fc.option(fc.integer({ min: -9999, max: 99999 }), { freq: 9 }),
    f: fc.option(float, { freq: 9 }),
  }),
  { minLength: 100, maxLength: 400 },
);

const isNumber = (value: number | null): value is number => value !== null;
const times = (a: number | null, b: number | null) => (a === null || b === null ? null : a * b);
const exactSum = (values: readonly number[]) =>
  Number(values.reduce((sum, value) => sum + BigInt(value * 1024), 0n)) / 1024;

function expected(all: readonly Row[]) {
  const keys = [...new Set(all.map(({ key }) => key))].filter((key) => key !== "").sort();
  const groups = keys.map((key) => all.filter((row) => row.key === key));
  const of = <T>(answer: (group: readonly Row[]) => T) => groups.map(answer);
  const floats = (group: readonly Row[]) => group.map(({ f }) => f).filter(isNumber);
  const integers = (group: readonly Row[]) => group.map(({ i }) => i).filter(isNumber);
  return {
    key: keys,
    rows: of((group) => BigInt(group.length)),
    count: of((group) => BigInt(floats(group).length)),
    sum: of((group) => exactSum(floats(group))),
    mean: of((group) => (floats(group).length > 0 ? exactSum(floats(group)) / floats(group).length : null)),
    min: of((group) => (floats(group).length > 0 ? Math.min(...floats(group)) : null)),
    max: of((group) => (floats(group).length > 0 ? Math.max(...floats(group)) : null)),
    present: of((group) => BigInt(integers(group).length)),
    least: of((group) => (integers(group).length > 0 ? BigInt(Math.min(...integers(group))) : null)),
    squares: of((group) => BigInt(group.reduce((sum, { i }) => sum + (i ?? 0) ** 2, 0))),
    plus: of((group) => exactSum(group.flatMap(({ i, f }) => (i === null || f === null ? [] : [i + f])))),
    minus: of((group) => exactSum(group.flatMap(({ i, f }) => (i === null || f === null ? [] : [f - i])))),
    product: of((group) => exactSum(group.map(({ i, f }) => times(i, f)).filter(isNumber))),
    halves: of((group) => exactSum(floats(group)) / 2),
  };
}

test("give what rows one by one give, with and without a filter before, and in JavaScript", async () => {
  const run = vi.spyOn(StateRows.prototype, "run");
  await fc.assert(
    fc.asyncProperty(rows, fc.nat(), async (all, n) => {
      const url = `memory://vectors/${n}.csv`;
      await store.put(
        url,
        Buffer.from(`key,i,f\n${all.map(({ key, i, f }) => `${key},${i ?? ""},${f ?? ""}\n`).join("")}`),
      );
      const frame = readCsv(url, { types: { key: "string", i: "int64", f: "float64" } });
      const [i, f] = [col("i"), col("f")];
      const aggregates = {
        rows: size(),
        count: f.count(),
        sum: f.sum(),
        mean: f.mean(),
        min: f.min(),
        max: f.max(),
        present: i.count(),
        least: i.min(),
        squares: i.mul(i).sum(),
        plus: i.add(f).sum(),
        minus: f.sub(i).sum(),
        product: i.mul(f).sum(),
        halves: f.div(lit(2)).sum(),
      };
      const wanted = expected(all);
      expect(plain(await client.compute(frame.groupBy("key").agg(aggregates))).data).toEqual(wanted);
      const filtered = frame.filter(lit(1).eq(lit(1)));
      expect(plain(await client.compute(filtered.groupBy("key").agg(aggregates))).data).toEqual(wanted);
      // Kept rows lie in JavaScript's memory, and so do their states.
      const before = run.mock.results.filter(({ value }) => value === true).length;
      const kept = await client.persist(frame);
      expect(plain(await client.compute(kept.groupBy("key").agg(aggregates))).data).toEqual(wanted);
      await client.release(kept);
      expect(run.mock.results.filter(({ value }) => value === true).length).toBe(before);
    }),
    { numRuns: 60 },
  );
  expect(run.mock.results.filter(({ value }) => value === true).length).toBeGreaterThan(60);
});

test("a vector that finds no room lies in JavaScript's memory; what was reserved stays", () =>
  withKernel((kernel) => {
    const address = kernel.allocate(VECTOR_BYTES);
    const memory = new VectorMemory(kernel.wasm, address);
    const vectors = Array.from({ length: 5 }, () => new FloatVector());
    const n = VECTOR_BYTES / 8 / 5;
    const taken = vectors.map((vector, k) => vector.take(n, memory).fill(k));
    expect(taken.map((values) => memory.holds(values))).toEqual([true, true, true, true, false]);
    taken.forEach((values, k) => expect(values.every((value) => value === k)).toBe(true));
    expect(vectors[0].take(n, memory)).toEqual(taken[0]);
    kernel.release(address);
  }));

test("what lasts grows where there is room, keeps what it holds, and begins with zeros", () =>
  withKernel((kernel) => {
    const room = 4096 + 64;
    const address = kernel.allocate(VECTOR_BYTES + room);
    kernel.bytes().fill(255, address, address + VECTOR_BYTES + room);
    const memory = new VectorMemory(kernel.wasm, address, room);
    const [a, b] = [new Lasting(), new Lasting()];
    for (const [piece, bytes, isInside] of [
      [a, 512, true],
      [b, 1024, true],
      [a, 1024, true],
      // Where the first piece was there is room again, together with what is left.
      [b, 1536, true],
      [a, 4096, false],
      [b, 2048, true],
    ] as const) {
      const held = piece.words().slice();
      piece.reserve(bytes, memory);
      const words = piece.words();
      expect(memory.holds(words)).toBe(isInside);
      expect(words.length).toBeGreaterThanOrEqual(bytes / 4);
      expect(words.subarray(0, held.length)).toEqual(held);
      expect(words.subarray(held.length).every((word) => word === 0)).toBe(true);
      words.fill(bytes);
    }
    kernel.release(address);
  }));
