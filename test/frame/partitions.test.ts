import type { Table } from "apache-arrow";
import { afterAll, describe, expect, test } from "vitest";
import {
  CallableError,
  Client,
  DataFrame,
  PlanError,
  TaskError,
  TypeMismatchError,
  col,
  fromModule,
  readCsv,
  type DataFrame as Frame,
} from "../../lib/index.ts";
import { defaultStore } from "../../lib/store/default-store.ts";
import type * as Tasks from "./partitions-tasks.ts";

/** Users' functions of partitions, and other partitions. */

const ROWS = 1_000;
const store = defaultStore();
const lines = Array.from(
  { length: ROWS },
  (_, i) => `${i},${i % 2 === 0 ? `w${i}` : ""},${i / 4},2023-01-0${(i % 9) + 1}`,
);
await store.put("memory://partitions/rows.csv", new TextEncoder().encode(`i,word,f,day\n${lines.join("\n")}\n`));
const rows = readCsv("memory://partitions/rows.csv", { blockSize: 2_000, types: { day: "date" } });

const inline = await Client.local({ workers: 0, store, progress: false });
const threads = await Client.local({ workers: 2, store, progress: false });
afterAll(() => Promise.all([inline.close(), threads.close()]));

const plain = (table: Table) =>
  table
    .toArray()
    .map((row) => JSON.stringify(row, (_, value: unknown) => (typeof value === "bigint" ? Number(value) : value)));
const typesOf = (table: Table) => table.schema.fields.map(({ name, type }) => `${name} ${String(type)}`);

describe.each([
  ["inline", inline],
  ["threads", threads],
])("mapPartitions, %s", (_, client) => {
  test("a list of rows; the function sees each partition once, in order, whole records only", async () => {
    const frame = rows.mapPartitions((table) => {
      const numbers = [...(table.getChild("i") ?? [])].map(Number);
      return [{ first: numbers[0] ?? null, n: numbers.length, sum: numbers.reduce((a, b) => a + b, 0) }];
    });
    const found = (await client.compute(frame))
      .toArray()
      .map((row) => ({ ...row }) as unknown as Record<string, bigint>);
    expect(found.length).toBeGreaterThan(5);
    let at = 0n;
    for (const { first, n } of found) {
      expect(first).toBe(at);
      at += n;
    }
    expect(at).toBe(BigInt(ROWS));
    expect(found.reduce((sum, part) => sum + part["sum"], 0n)).toBe(499_500n);
  });

  test("a table, of some rows and other columns; what follows goes on from there", async () => {
    const frame = rows
      .filter(col("i").lt(10))
      .mapPartitions((table) => table.select(["word", "i"]).slice(0, 3))
      .filter(col("i").gt(0))
      .sort("i", { descending: true });
    const table = await client.compute(frame);
    expect(plain(table)).toEqual(['{"word":"w2","i":2}', '{"word":null,"i":1}']);
    expect(typesOf(table)).toEqual(["word Dictionary<Int32, Utf8>", "i Int64"]);
  });

  test("columns by name, with arguments, a declared schema, and an async function", async () => {
    const frame = rows.head(3).mapPartitions(
      async (table, by: number, name: string) => {
        await new Promise((done) => setTimeout(done, 1));
        const numbers = [...(table.getChild("f") ?? [])].map((value) => Number(value) * by);
        return {
          f: Float64Array.from(numbers),
          name: numbers.map(() => name),
          day: [...(table.getChild("day") ?? [])],
          none: numbers.map(() => null),
        };
      },
      4,
      "x",
      { schema: { name: "string", f: "float64", day: "date", none: "timestamp" } },
    );
    const table = await client.compute(frame);
    expect(typesOf(table)).toEqual([
      "name Dictionary<Int32, Utf8>",
      "f Float64",
      "day Date32<DAY>",
      "none Timestamp<MICROSECOND>",
    ]);
    expect(
      table
        .toArray()
        .map(
          (row) =>
            [
              row?.["name"],
              row?.["f"],
              new Date(Number(row?.["day"])).toISOString().slice(0, 10),
              row?.["none"],
            ] as unknown[],
        ),
    ).toEqual([
      ["x", 0, "2023-01-01", null],
      ["x", 1, "2023-01-02", null],
      ["x", 2, "2023-01-03", null],
    ]);
  });

  test("a function of a module, as data", async () => {
    const tasks = await fromModule<typeof Tasks>(new URL("./partitions-tasks.ts", import.meta.url));
    const frame = rows.head(4).mapPartitions(tasks.scaled, 2);
    const again = DataFrame.fromJSON(JSON.parse(JSON.stringify(frame.toJSON())));
    expect(String(again)).toBe(String(frame));
    expect(plain(await client.compute(again))).toEqual([0, 20, 40, 60].map((value) => `{"scaled":${value}}`));
  });
});

/** What computing a frame fails with. */
async function failure(frame: Frame): Promise<Error> {
  return inline.compute(frame).then(
    () => new Error("none"),
    (error: unknown) => error as Error,
  );
}

describe("what does not fit", () => {
  test("a type: column, expected and found", async () => {
    const error = await failure(
      rows.mapPartitions((table) => [{ x: table.numRows > 2 ? "many" : 1 }], { schema: { x: "int64" } }),
    );
    expect(error).toBeInstanceOf(TypeMismatchError);
    expect(error.message).toContain('column "x" expects int64, found "many" in row 0');
    expect((error as TypeMismatchError).fields).toMatchObject({ column: "x", expected: "int64" });
  });

  test.each<[string, Frame, string]>([
    [
      "a column that lacks",
      rows.mapPartitions(() => ({ a: [1] }), { schema: { a: "int64", b: "bool" } }),
      'column "b" expects bool, found no such column',
    ],
    [
      "a column too many",
      rows.mapPartitions(() => ({ a: [1], b: [1] }), { schema: { a: "int64" } }),
      'column "b" expects not to be there',
    ],
    [
      "a table's type",
      rows.mapPartitions((table) => table.select(["word"]), { schema: { word: "int64" } }),
      'column "word" expects int64, found string',
    ],
    [
      "no rows at all",
      rows.mapPartitions(() => 7 as unknown as object[], { schema: { a: "int64" } }),
      "expects an Arrow table, a list of rows, or columns by name, found 7",
    ],
    ["lengths", rows.mapPartitions(() => ({ a: [1], b: [1, 2] })), '1 values in column "a" and 2 in "b"'],
    ["nothing to tell a type by", rows.mapPartitions(() => [{ a: null }]), 'nothing but nulls in column "a"'],
    [
      "a fraction where made-up rows had none",
      rows.mapPartitions((table) => [{ n: table.numRows / 2 }]),
      'column "n" expects int64, found',
    ],
  ])("%s", async (_, frame, message) => {
    expect((await failure(frame)).message).toContain(message);
  });

  test("an error of the function, on its rows and on made-up ones", async () => {
    const thrower = (table: Table): object[] => {
      if (table.numRows !== 2) throw new RangeError(`no ${table.numRows}`);
      return [{ a: 1 }];
    };
    const late = await failure(rows.mapPartitions(thrower));
    expect(late).toBeInstanceOf(TaskError);
    expect(late.message).toMatch(/failed on partition 0: RangeError: no \d+/);
    expect(late.cause).toBeInstanceOf(RangeError);
    const early = await failure(
      rows.mapPartitions((table) => [JSON.parse(String(table.getChild("word")?.get(0))) as object]),
    );
    expect(early.message).toContain("failed on two made-up rows: SyntaxError");
    expect((early as TaskError).fix).toContain("schema: {");
  });

  test("what cannot travel", () => {
    expect(() => rows.mapPartitions(() => [{ n: ROWS }])).toThrow(CallableError);
    expect(() => rows.mapPartitions((table) => table).toJSON()).toThrow(PlanError);
    expect(() => rows.mapPartitions((table) => table, { schema: { a: "int32" as "int64" } })).toThrow(
      /schema\["a"\] expects "bool" or .*, found "int32"/,
    );
  });
});

describe("repartition", () => {
  const parts = async (client: Client, frame: Frame) => {
    const sizes: number[] = [];
    const numbers: number[] = [];
    for await (const batch of client.batches(frame)) {
      sizes.push(batch.numRows);
      for (const row of batch) numbers.push(Number((row as unknown as { i: bigint }).i));
    }
    return { sizes, numbers };
  };
  const inOrder = Array.from({ length: ROWS }, (_, i) => i);

  test.each([1, 3, 40])("%i partitions, about equally large, in the frame's order", async (n) => {
    for (const client of [inline, threads]) {
      const { sizes, numbers } = await parts(client, rows.repartition(n));
      expect(numbers).toEqual(inOrder);
      expect(sizes).toHaveLength(n);
      expect(Math.max(...sizes)).toBeLessThan((2 * ROWS) / n);
    }
  });

  test("by bytes; persisted; filters go before", async () => {
    const { sizes } = await parts(inline, rows.select("i").repartition({ bytes: 2_000 }));
    // 8.1 bytes a row, about 1,000 rows.
    expect(sizes.length).toBeGreaterThan(3);
    expect(sizes.length).toBeLessThan(6);
    const kept = await threads.persist(rows.repartition({ partitions: 5 }));
    expect(String(kept)).toContain("1000 rows in 5 parts");
    expect(await threads.length(kept)).toBe(ROWS);
    const frame = rows.repartition(2).filter(col("i").lt(3));
    expect(await inline.explain(frame)).toMatch(/filter {4}i < 3\n.*gather[\s\S]*repartition: rows go to/);
    expect((await parts(inline, frame)).numbers).toEqual([0, 1, 2]);
    expect(
      (
        await parts(
          inline,
          rows
            .groupBy("day")
            .agg({ i: col("i").min() })
            .repartition(3),
        )
      ).numbers,
    ).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8]);
  });

  test("is data, and refuses what it cannot be", () => {
    for (const frame of [rows.repartition(3), rows.repartition({ bytes: "1KiB" })])
      expect(String(DataFrame.fromJSON(JSON.parse(JSON.stringify(frame.toJSON()))))).toBe(String(frame));
    expect(() => rows.repartition(0)).toThrow(/at least 1, found 0/);
    expect(() => rows.repartition({})).toThrow(/either partitions, or bytes/);
    expect(() => rows.repartition({ partitions: 1, bytes: 1 })).toThrow(/either partitions, or bytes/);
  });
});
