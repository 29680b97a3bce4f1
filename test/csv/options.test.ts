import { afterAll, describe, expect, test } from "vitest";
import { Client, col, readCsv, size, type CsvOptions, type DataFrame, type RunEvent } from "../../lib/index.ts";
import { bits, failure, plain, scratch, type Value } from "./support.ts";

/** What each option does, and what happens behind the sample. */

const files = scratch();
const client = await Client.local({ workers: 0, progress: false });
afterAll(() => client.close());
let names = 0;
const read = (content: string | Uint8Array, options: CsvOptions = {}) =>
  readCsv(files.write(`${names++}.csv`, content), options);
const compute = async (frame: DataFrame) => plain(await client.compute(frame));
const columnsOf = async (frame: DataFrame): Promise<Record<string, readonly Value[]>> => (await compute(frame)).data;

async function eventsOf(run: () => Promise<unknown>): Promise<RunEvent[]> {
  const events: RunEvent[] = [];
  const off = client.onEvent((event) => events.push(event));
  await run();
  off();
  return events;
}

describe("widening", () => {
  const late = `n,s\n${"1,x\n".repeat(500)}2.5,y\n${"3,z\n".repeat(10)}`;

  test.each([undefined, 1, 64, 700])(
    "an integer column that meets a float late is float64, block size %s",
    async (blockSize) => {
      const options = { sampleRows: 5, ...(blockSize === undefined ? {} : { blockSize }) };
      const found = await compute(read(late, options));
      expect(found.columns[0]).toEqual({ name: "n", type: "float64" });
      expect(found.data["n"].reduce<number>((sum, n) => sum + Number(n), 0)).toBe(532.5);
    },
  );

  test("the plan says so", async () => {
    const events = await eventsOf(() => compute(read(late, { sampleRows: 5 })));
    const notes = events.flatMap((event) => (event.type === "run-started" ? event.plan.notes : []));
    expect(notes.join("\n")).toMatch(/column "n" is float64: a value behind the sample did not fit/);
  });

  test("to text only where that is asked for", async () => {
    const text = late.replace("2.5", "two");
    const error = await failure(compute(read(text, { sampleRows: 5 })));
    expect(error).toMatchObject({ tag: "Value", fields: { row: 501, column: "n", text: "two", type: "int64" } });
    const found = await compute(read(text, { sampleRows: 5, widen: "string", blockSize: 50 }));
    expect(found.columns[0].type).toBe("string");
    expect([found.data["n"][0], found.data["n"][500]]).toEqual(["1", "two"]);
    const twice = await compute(read(late.replace("3,z", "three,z"), { sampleRows: 5, widen: "string" }));
    expect(twice.data["n"].slice(499, 502)).toEqual(["1", "2.5", "three"]);
  });

  test("not where the type was asked for", async () => {
    const error = await failure(compute(read(late, { types: { n: "int64" }, blockSize: 100 })));
    expect(error).toMatchObject({ tag: "Value", fields: { row: 501, column: "n", text: "2.5" } });
    expect(error.message).toContain('"n": "string"');
  });

  test("a column that is empty in the sample becomes what it holds", async () => {
    const rows = "1,\n".repeat(50);
    expect((await compute(read(`a,b\n${rows}2,7\n`, { sampleRows: 5 }))).columns[1].type).toBe("float64");
    expect((await compute(read(`a,b\n${rows}2,text\n`, { sampleRows: 5 }))).data["b"].at(-1)).toBe("text");
  });

  test("an integer beyond 64 bits widens too", async () => {
    const found = await compute(read(`a\n1\n2\n99999999999999999999\n`, { sampleRows: 1 }));
    expect(found.data["a"]).toEqual([1, 2, 1e20]);
  });
});

describe("names and headers", () => {
  test("header: false numbers the columns, names replaces the header", async () => {
    expect(await columnsOf(read("1,x\n2,y\n", { header: false }))).toEqual({
      column_0: [1n, 2n],
      column_1: ["x", "y"],
    });
    expect(await columnsOf(read("1,x\n", { header: false, names: ["n", "s"] }))).toEqual({ n: [1n], s: ["x"] });
    expect(await columnsOf(read("a,a\n1,x\n", { names: ["n", "s"] }))).toEqual({ n: [1n], s: ["x"] });
    expect((await compute(read("", { header: false, names: ["n"] }))).rows).toBe(0);
    const error = await failure(compute(read("a,b\n1,2\n", { names: ["n"] })));
    expect(error).toMatchObject({ tag: "Option", message: expect.stringContaining("1 names") });
  });

  test("two columns of one name are refused", async () => {
    const error = await failure(compute(read("a,b,a\n1,2,3\n")));
    expect(error).toMatchObject({ tag: "Csv", fields: { column: "a", row: 0 }, fix: expect.stringContaining("names") });
  });

  test("several files are one frame, in the order given; empty ones are left out", async () => {
    const one = files.write("order-1.csv", "\ufeffa\n1\n2");
    const two = files.write("order-2.csv", "a\r\n3\r\n");
    const none = files.write("order-3.csv", "");
    for (const blockSize of [1, 3, 1_000])
      expect(await columnsOf(readCsv([two, none, one], { blockSize }))).toEqual({ a: [3n, 1n, 2n] });
  });
});

describe("dialects", () => {
  test("nulls hold for every column, and only they and the empty field", async () => {
    const frame = read("i,s\n-,-\n1,NA\n,\n", { nulls: ["-"] });
    expect(await columnsOf(frame)).toEqual({ i: [null, 1n, null], s: [null, "NA", null] });
  });

  test("escape, quote and delimiter", async () => {
    const text = "a|b\n1|'x\\'y|z'\n2|p\\|q\n";
    const frame = read(text, { delimiter: "|", quote: "'", escape: "\\" });
    for (const blockSize of [1, 4, 100])
      expect(await columnsOf(read(text, { delimiter: "|", quote: "'", escape: "\\", blockSize }))).toEqual(
        await columnsOf(frame),
      );
    expect((await columnsOf(frame))["b"]).toEqual(["x'y|z", "p|q"]);
    expect((await columnsOf(read('a\n"x\n', { quote: "" })))["a"]).toEqual(['"x']);
  });

  test("bytes that are not UTF-8 read as U+FFFD where that is asked for; what reads alike is one text", async () => {
    const latin = Buffer.from("k,n\ncaf\xe9,1\ncaf\xe8,2\nok,3\ncaf\xe9,4\n", "latin1");
    for (const blockSize of [5, 1_000]) {
      const frame = read(latin, { encodingErrors: "replace", blockSize });
      expect((await columnsOf(frame))["k"]).toEqual(["caf\ufffd", "caf\ufffd", "ok", "caf\ufffd"]);
      const groups = frame.groupBy("k").agg({ n: col("n").sum(), rows: size() });
      expect(await columnsOf(groups)).toEqual({ k: ["caf\ufffd", "ok"], n: [7n, 3n], rows: [3n, 1n] });
    }
    expect(await failure(compute(read(latin)))).toMatchObject({
      tag: "Csv",
      fields: { row: 1, column: "k", offset: 4 },
    });
    // What is not read is not looked at.
    expect(await columnsOf(read(latin).select("n"))).toEqual({ n: [1n, 2n, 3n, 4n] });
  });

  test("short records get nulls with pad, in any block", async () => {
    const text = "a,b,c\n1,x,1.5\n2\n\n3,y\n4,z,4.5";
    for (const blockSize of [1, 5, 9, 100])
      expect(await columnsOf(read(text, { ragged: "pad", blockSize }))).toEqual({
        a: [1n, 2n, 3n, 4n],
        b: ["x", null, "y", "z"],
        c: [1.5, null, null, 4.5],
      });
  });

  test.each<[CsvOptions, RegExp]>([
    [{ delimiter: ",," }, /one ASCII character/],
    [{ delimiter: "\n" }, /line end/],
    [{ delimiter: '"' }, /must differ/],
    [{ quote: "é" }, /one ASCII character/],
    [{ blockSize: 0 }, /at least one byte/],
    [{ blockSize: "many" }, /blockSize/],
    [{ sampleRows: 0 }, /sampleRows/],
    [{ ragged: "drop" as "pad" }, /"error" or "pad"/],
    [{ types: { a: "number" as "int64" } }, /types/],
    [{ delimeter: ";" } as CsvOptions, /did you mean "delimiter"/],
  ])("%j is refused", (options, message) => {
    expect(() => readCsv("a.csv", options)).toThrow(message);
  });
});

describe("frames over files", () => {
  const many = Array.from({ length: 2_000 }, (_, i) => `${i},k${i % 7},${i / 4}`).join("\n");
  const frame = (blockSize: number) => read(`n,k,x\n${many}\n`, { blockSize });

  test("head reads no more shards than it takes", async () => {
    const events = await eventsOf(async () => {
      expect((await columnsOf(frame(500).head(3)))["n"]).toEqual([0n, 1n, 2n]);
    });
    const started = events.filter(({ type }) => type === "task-started").length;
    expect(started).toBeLessThan(5);
    expect((await compute(frame(500).head(0))).rows).toBe(0);
    expect((await compute(frame(500).head(5_000))).rows).toBe(2_000);
    expect((await columnsOf(frame(100).filter(col("n").ge(1_000)).head(2)))["n"]).toEqual([1_000n, 1_001n]);
    expect((await columnsOf(frame(100).head(10).filter(col("n").ge(8))))["n"]).toEqual([8n, 9n]);
  });

  test("persist keeps what compute gives", async () => {
    const derived = frame(700)
      .filter(col("n").mod(3).eq(0))
      .assign({ y: col("x").mul(2) })
      .select("y", "k");
    for (const kept of [
      derived,
      frame(700),
      frame(700).head(11),
      frame(700)
        .groupBy("k")
        .agg({ n: col("n").sum() }),
    ]) {
      const persisted = await client.persist(kept);
      expect(bits(await compute(persisted))).toBe(bits(await compute(kept)));
      const [first] = (await compute(kept)).columns;
      const again = (from: DataFrame) => compute(from.groupBy(first.name).agg({ rows: size() }));
      expect(bits(await again(persisted))).toBe(bits(await again(kept)));
    }
    const none = await client.persist(frame(700).filter(col("n").lt(0)));
    expect((await compute(none)).rows).toBe(0);
    expect(await columnsOf(none.agg({ n: size(), sum: col("n").sum() }))).toEqual({ n: [0n], sum: [0n] });
  });

  test("select gives its own order; columns that are not there are named with the nearest", async () => {
    expect((await compute(frame(999).select("x", ["n"]))).columns.map(({ name }) => name)).toEqual(["x", "n"]);
    const error = await failure(compute(read("quantity,price\n1,2\n").select("quantty")));
    expect(error).toMatchObject({ tag: "UnknownColumn", fix: expect.stringContaining('"quantity"') });
    expect(() => frame(9).select("n", "n")).toThrow(/twice/);
    const types = await failure(compute(read("quantity\n1\n", { types: { quantitie: "int64" } })));
    expect(types).toMatchObject({ tag: "Option", fix: expect.stringContaining('"quantity"') });
  });

  test("agg without keys is one row, also of nothing", async () => {
    const aggs = { rows: size(), sum: col("n").sum(), mean: col("x").mean(), last: col("k").max() };
    expect(await columnsOf(frame(333).agg(aggs))).toEqual({
      rows: [2000n],
      sum: [1999000n],
      mean: [249.875],
      last: ["k6"],
    });
    expect(await columnsOf(read("n,k,x\n").agg({ rows: size(), sum: col("n").sum(), mean: col("x").mean() }))).toEqual({
      rows: [0n],
      sum: [0],
      mean: [null],
    });
  });
});
