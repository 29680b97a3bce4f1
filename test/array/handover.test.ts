import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { makeVector, tableFromArrays } from "apache-arrow";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import {
  CancelledError,
  Client,
  DataFrame,
  OptionError,
  ShapeError,
  TypeMismatchError,
  UnknownColumnError,
  ValueError,
  col,
  fromArray,
  fromSequence,
  readCsv,
  zeros,
  type ChunkedArray,
  type DType,
} from "../../lib/index.ts";
import { defaultStore } from "../../lib/store/default-store.ts";
import { failureOf } from "../runtime/plans.ts";

/** Frames become arrays and arrays frames. The answers of test/fixtures/handover are those of pandas and NumPy. */

const fixtures = fileURLToPath(new URL("../fixtures/handover/", import.meta.url));
type Answer = readonly [columns: string[], asked: DType | null, dtype: DType, elements: string[]];
const answers = JSON.parse(readFileSync(`${fixtures}answers.json`, "utf8")) as Answer[]; // as make.py writes it
const ROWS = 57;

const store = defaultStore();
const rows = (blockSize = 300) => readCsv(`${fixtures}rows.csv`, { blockSize });
const numbers = () => rows().select("id", "price");

/** Elements as make.py has them: numbers, or texts of whole ones. */
async function elementsOf(array: ChunkedArray): Promise<(string | number)[]> {
  const elements = (await array.compute()).toArray();
  return elements.map((element) => (typeof element === "number" ? element : String(BigInt(element))));
}

async function tableOf(frame: DataFrame): Promise<object[]> {
  return (await frame.compute()).toArray().map((row) => ({ ...(row as object) }));
}

describe.each([0, 2])("frames and arrays, %i threads", (workers) => {
  let client: Client;
  beforeAll(async () => {
    client = await Client.local({ workers, progress: false, store });
  });
  afterAll(() => client.close());

  test.each(answers)("columns %j, dtype %j: what NumPy makes of them", async (columns, asked, dtype, elements) => {
    const array = await rows().toArray({ columns, ...(asked === null ? {} : { dtype: asked }) });
    expect(array).toMatchObject({ dtype, shape: [ROWS, columns.length] });
    expect(array.chunks[0].length).toBeGreaterThan(3);
    expect(array.chunks[1]).toEqual([columns.length]);
    const wide = dtype === "int64" || dtype === "bool";
    expect(await elementsOf(array)).toEqual(
      wide ? elements : elements.map((text) => (text === "nan" ? NaN : Number(text))),
    );
  });

  test("the array is one like any other: it is cut, reduced, and read again", async () => {
    const array = await rows().toArray({ columns: ["id", "price"] });
    expect(await array.slice([], 0).sum().compute()).toBe((ROWS * (ROWS - 1)) / 2);
    expect((await array.slice([50, 10, -20]).compute()).toNested()).toHaveLength(2);
    const flat = (await rows().toArray({ columns: ["id"] })).ravel();
    expect((await flat.compute()).toArray()).toEqual(Array.from({ length: ROWS }, (_, i) => BigInt(i)));
    expect((await array.rechunk([10, 1]).slice([], 0).compute()).toArray()).toEqual(
      Array.from({ length: ROWS }, (_, i) => i),
    );
  });

  test("partitions without rows are no chunks, and none at all is an array without rows", async () => {
    const some = await numbers()
      .filter(col("id").isIn([3, 4, 31, 56]))
      .toArray();
    expect(some.chunks[0].length).toBeLessThan(5);
    expect(some.chunks[0]).not.toContain(0);
    expect((await some.slice([], 0).compute()).toArray()).toEqual([3, 4, 31, 56]);
    expect(await some.slice([], 0).min().compute()).toBe(3);
    expect((await some.slice([1, 3], 0).compute()).toArray()).toEqual([4, 31]);
    expect((await some.rechunk([2, 2]).slice([], 0).compute()).toArray()).toEqual([3, 4, 31, 56]);
    const none = await numbers().filter(col("id").lt(0)).toArray();
    expect(await none.compute()).toMatchObject({ shape: [0, 2], dtype: "float64" });
    const kept = await client.persist(zeros([0, 2], { dtype: "int32" }));
    expect(await tableOf(await kept.toDataFrame())).toEqual([]);
  });

  test("what is sorted, grouped or made of a bag is handed over too", async () => {
    const sorted = await numbers()
      .sort("id", { descending: true })
      .head(3)
      .toArray({ columns: ["id"] });
    expect((await sorted.compute()).toArray()).toEqual([56n, 55n, 54n]);
    const grouped = rows()
      .groupBy("flag")
      .agg({ rows: col("id").count() });
    const counts = await grouped.toArray({ columns: ["rows"] });
    expect(await counts.sum().compute()).toBe(ROWS);
    const bag = fromSequence([1, 2, 3])
      .map((x) => ({ x, y: x / 2 }))
      .toDataFrame();
    expect((await (await bag.toArray()).compute()).toNested()).toEqual([
      [1, 0.5],
      [2, 1],
      [3, 1.5],
    ]);
  });

  test("a column that turns out to be wider than its sample makes the array wider", async () => {
    const lines = Array.from({ length: 200 }, (_, i) => (i === 190 ? "0.5" : String(i)));
    await store.put("memory://handover/late.csv", new TextEncoder().encode(`n\n${lines.join("\n")}\n`));
    const array = await readCsv("memory://handover/late.csv", { blockSize: 100, sampleRows: 5 }).toArray();
    expect(array).toMatchObject({ shape: [200, 1], dtype: "float64" });
    expect((await array.ravel().compute()).toArray()).toEqual(lines.map(Number));
  });

  test("what is no number is refused before anything is read, with the fix", async () => {
    const text = await failureOf(rows().toArray());
    expect(text).toBeInstanceOf(TypeMismatchError);
    expect(text.message).toMatch(/column "word" is string.*\.drop\("word"\)/s);
    const dated = rows().assign({ day: col("id").cast("date") });
    const date = await failureOf(dated.toArray({ columns: ["id", "day"] }));
    expect(date.message).toMatch(/column "day" is date.*cast it to days since 1970: \.assign/s);
    const days = await dated.assign({ day: col("day").cast("int64") }).toArray({ columns: ["day"] });
    expect((await days.slice([0, 2], 0).compute()).toArray()).toEqual([0n, 1n]);
    await expect(rows().toArray({ columns: ["nothing"] })).rejects.toThrow(UnknownColumnError);
  });

  test("nulls need a float, and arguments a meaning", async () => {
    const nulls = await failureOf(rows().toArray({ columns: ["id", "count"], dtype: "int64" }));
    expect(nulls).toBeInstanceOf(ValueError);
    expect(nulls.message).toMatch(/"count" has 5 nulls, and int64 has none.*\.fillNull\(\{ "count": 0 \}\)/s);
    const filled = await rows()
      .fillNull({ count: 0 })
      .toArray({ columns: ["count"] });
    expect(filled.dtype).toBe("int64");
    await expect(rows().toArray({ columns: [] })).rejects.toThrow(OptionError);
    await expect(rows().toArray({ columns: ["id", "id"] })).rejects.toThrow(/"id" twice/);
    await expect(rows().toArray({ columns: "id" as unknown as string[] })).rejects.toThrow(/a list of names/);
    await expect(rows().toArray({ dtype: "float46" as DType })).rejects.toThrow(/float64/);
    await expect(rows().toArray({ type: "bool" } as object)).rejects.toThrow(/no option "type"/);
    await expect(numbers().toArray({ signal: AbortSignal.abort() })).rejects.toThrow(CancelledError);
  });

  test("an array of a persisted frame leaves the frame, and is forgotten by itself", async () => {
    const kept = await client.persist(numbers());
    const array = await kept.toArray();
    const other = await kept.toArray({ columns: ["id"] });
    await client.release(array);
    expect(await client.compute(array).exception()).toBeInstanceOf(Error);
    expect(await kept.length()).toBe(ROWS);
    expect(await other.sum().compute()).toBe((ROWS * (ROWS - 1)) / 2);
    await client.release(kept);
    expect(await other.sum().compute()).toBe((ROWS * (ROWS - 1)) / 2);
  });

  test("no rows stay behind with the workers: neither where it goes well nor where it fails", async () => {
    const runs = new Set<string>();
    const stop = client.onEvent((event) => void (event.type === "run-started" && runs.add(event.run)));
    const array = await numbers().toArray();
    await failureOf(rows().toArray({ columns: ["count"], dtype: "int64" }));
    stop();
    const left: string[] = [];
    for (const run of runs)
      for (const stage of ["scan", "block"]) {
        const schema = [{ name: "id", type: "int64" } as const];
        const frame = new DataFrame({ kind: "kept", schema, refs: [{ run, stage, task: 0 }], rows: 1, bytes: 1 });
        const failed = await client.compute(frame).exception();
        // The chunks of the array are there, but no frame.
        if (failed === undefined || failed.message.includes("no frame")) left.push(`${run} ${stage}`);
      }
    expect(runs.size).toBe(5);
    expect(left).toEqual([array.node.op === "kept" && `${array.node.run} block`]);
  });

  test("columns of arrays are bool, int64 and float64", async () => {
    const frame = await fromArray(
      [
        [1.5, NaN],
        [-0, Infinity],
        [3, 4],
      ],
      { chunks: [2, 2] },
    ).toDataFrame();
    expect(await frame.types()).toEqual({ 0: "float64", 1: "float64" });
    expect(await frame.length()).toBe(3);
    expect(await tableOf(frame)).toEqual([
      { 0: 1.5, 1: NaN },
      { 0: -0, 1: Infinity },
      { 0: 3, 1: 4 },
    ]);
    for (const [dtype, type, wanted] of [
      ["bool", "bool", [true, false, true]],
      ["int8", "int64", [-1n, 0n, 5n]],
      ["uint8", "int64", [255n, 0n, 5n]],
      ["int64", "int64", [-1n, 0n, 5n]],
      ["float32", "float64", [-1, 0, 5]],
    ] as const) {
      const one = await fromArray([-1, 0, 5])
        .astype(dtype)
        .toDataFrame({ columns: ["x"] });
      expect(await one.types()).toEqual({ x: type });
      expect(await tableOf(one)).toEqual(wanted.map((x) => ({ x })));
    }
  });

  test("whole numbers stay exact to the last of 64 bits", async () => {
    const edges = [
      0n,
      1n,
      -1n,
      2n ** 53n,
      2n ** 53n + 1n,
      -(2n ** 53n),
      -(2n ** 53n) - 1n,
      2n ** 63n - 1n,
      -(2n ** 63n),
      2n ** 31n,
      -(2n ** 31n) - 1n,
    ];
    for (const chunks of [1, 3, 11]) {
      const frame = await fromArray(BigInt64Array.from(edges), { chunks }).toDataFrame({ columns: ["n"] });
      expect(await tableOf(frame)).toEqual(edges.map((n) => ({ n })));
      expect((await (await frame.toArray()).compute()).toArray()).toEqual(edges);
    }
    const large = fromArray(BigUint64Array.of(7n, 2n ** 63n));
    expect(await tableOf(await large.slice([0, 1]).toDataFrame())).toEqual([{ 0: 7n }]);
    const failed = await failureOf(large.toDataFrame({ columns: ["n"] }));
    expect(failed).toBeInstanceOf(ValueError);
    expect(failed.message).toMatch(/Column "n" expects int64.*9223372036854775808.*astype\("float64"\)/s);
  });

  test("arrays of any chunks, and what is computed of them, become frames; other shapes are refused", async () => {
    const cut = fromArray(
      Array.from({ length: 12 }, (_, i) => i),
      { shape: [4, 3], chunks: [2, 2] },
    );
    const frame = await cut.add(1).toDataFrame({ columns: ["a", "b", "c"] });
    expect(await tableOf(frame)).toEqual([0, 1, 2, 3].map((i) => ({ a: 3 * i + 1, b: 3 * i + 2, c: 3 * i + 3 })));
    expect(await tableOf(await cut.T.mean({ axis: 0 }).toDataFrame())).toEqual(
      [1, 4, 7, 10].map((mean) => ({ 0: mean })),
    );
    expect(await tableOf(frame.filter(col("a").gt(5)).select("c"))).toEqual([{ c: 9 }, { c: 12 }]);
    await client.release(frame);
    expect(await client.compute(frame).exception()).toBeInstanceOf(Error);
    await expect(zeros([2, 2, 2]).toDataFrame()).rejects.toThrow(ShapeError);
    await expect(zeros([2, 0]).toDataFrame()).rejects.toThrow(ShapeError);
    await expect(zeros([2, 3]).toDataFrame({ columns: ["a", "b"] })).rejects.toThrow(/3 names.*found 2/);
    await expect(zeros([2, 2]).toDataFrame({ columns: ["a", "a"] })).rejects.toThrow(/"a" twice/);
    await expect(zeros([2]).toDataFrame({ signal: AbortSignal.abort() })).rejects.toThrow(CancelledError);
  });

  test("a frame is the same behind an array and back, however both are cut", async () => {
    const whole = fc.oneof(fc.integer(), fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }));
    const row = fc.record({ i: whole, x: fc.double(), b: fc.boolean() });
    let named = 0;
    await fc.assert(
      fc.asyncProperty(
        fc.array(row, { minLength: 1, maxLength: 40 }),
        fc.integer({ min: 1, max: 400 }),
        fc.integer({ min: 1, max: 41 }),
        async (given, blockSize, chunk) => {
          const lines = given.map(({ i, x, b }) =>
            `${i},${Object.is(x, -0) ? "-0.0" : x},${b}`.replace("Infinity", "inf"),
          );
          const url = `memory://handover/${workers}-${named++}.csv`;
          await store.put(url, new TextEncoder().encode(`i,x,b\n${lines.join("\n")}\n`));
          const frame = readCsv(url, { blockSize, types: { i: "int64", x: "float64", b: "bool" }, nulls: [] });
          for (const columns of [["i"], ["x"], ["b"]]) {
            const array = await frame.toArray({ columns });
            const back = await array.rechunk([chunk, 1]).toDataFrame({ columns });
            expect(await tableOf(back)).toEqual(
              given.map((one) => ({ [columns[0]]: columns[0] === "i" ? BigInt(one.i) : one[columns[0] as "x" | "b"] })),
            );
          }
        },
      ),
      { numRuns: 25 },
    );
  });

  test("Arrow's columns and arrays go to each other by their typed arrays", async () => {
    const table = tableFromArrays({
      x: Float64Array.of(1, 2.5, NaN),
      n: BigInt64Array.of(1n, 2n ** 60n, -3n),
      s: Int16Array.of(1, 2, 3),
    });
    for (const [name, dtype] of [
      ["x", "float64"],
      ["n", "int64"],
      ["s", "int16"],
    ] as const) {
      const vector = table.getChild(name);
      const data = vector?.toArray() as Float64Array | BigInt64Array | Int16Array; // as they were given
      const array = fromArray(data, { chunks: 2 });
      expect(array).toMatchObject({ dtype, shape: [3] });
      const computed = await array.compute();
      expect([...makeVector(computed.data as Float64Array)]).toEqual([...data]);
    }
    const own = await rows().select("price", "id").compute();
    const price = await fromArray(own.getChild("price")?.toArray() as Float64Array).compute();
    expect(price.toArray()).toEqual(await elementsOf(await rows().toArray({ columns: ["price"] })));
    const id = await fromArray(own.getChild("id")?.toArray() as BigInt64Array).compute();
    expect(id).toMatchObject({ dtype: "int64", shape: [ROWS] });
  });
});
