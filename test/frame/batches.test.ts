import { afterAll, expect, test } from "vitest";
import {
  CancelledError,
  Client,
  SchemaWidenedError,
  UnknownColumnError,
  ValueError,
  col,
  concat,
  readCsv,
  readParquet,
  type DataFrame,
} from "../../lib/index.ts";
import { defaultStore } from "../../lib/store/default-store.ts";

/** Rows as they are taken, batch by batch; and what a frame says of itself. */

const ROWS = 4_000;
const store = defaultStore();
const text = (line: (i: number) => string) => `i,word\n${Array.from({ length: ROWS }, (_, i) => line(i)).join("\n")}\n`;
const put = (name: string, line: (i: number) => string) =>
  store.put(`memory://batches/${name}.csv`, new TextEncoder().encode(text(line)));
await put("rows", (i) => `${i},word ${i % 7}`);
await put("bad", (i) => `${i === 3_000 ? "x" : i},word`);
await put("early", (i) => `${i === 10 ? 10.5 : i},word`);
await put("late", (i) => `${i === 3_900 ? 0.5 : i},word`);
const read = (name = "rows") => readCsv(`memory://batches/${name}.csv`, { blockSize: 1_000, sampleRows: 3 });

const clients = [await Client.local({ workers: 0, store }), await Client.local({ workers: 3, store })];
afterAll(() => Promise.all(clients.map((client) => client.close())));

interface Row {
  readonly i: bigint;
  readonly word: string;
}

async function taken(client: Client, frame: DataFrame): Promise<{ rows: string[]; batches: number }> {
  const rows: string[] = [];
  let batches = 0;
  for await (const batch of client.batches(frame)) {
    batches++;
    for (const row of batch)
      rows.push(JSON.stringify(row, (_, value: unknown) => (typeof value === "bigint" ? `${value}n` : value)));
  }
  return { rows, batches };
}

test.each([0, 1])("batches are the frame's rows, in order (client %i)", async (at) => {
  const client = clients[at];
  const all = await taken(client, read());
  expect(all.batches).toBeGreaterThan(20);
  expect(all.rows).toEqual(Array.from({ length: ROWS }, (_, i) => `{"i":"${i}n","word":"word ${i % 7}"}`));
  const few = await taken(client, read().filter(col("i").mod(1_000).eq(7)).select("i"));
  expect(few.rows).toEqual([7, 1_007, 2_007, 3_007].map((i) => `{"i":"${i}n"}`));
  const sorted = await taken(client, read().sort("i", { descending: true }).head(3).select("i"));
  expect(sorted.rows).toEqual([3_999, 3_998, 3_997].map((i) => `{"i":"${i}n"}`));
  const grouped = await taken(
    client,
    read()
      .groupBy("word")
      .agg({ n: col("i").count() })
      .head(2),
  );
  expect(grouped.rows).toEqual(['{"word":"word 0","n":"572n"}', '{"word":"word 1","n":"572n"}']);
  const both = await taken(client, concat([read().head(2), read().filter(col("i").ge(3_998))]).select("i"));
  expect(both.rows).toEqual([0, 1, 3_998, 3_999].map((i) => `{"i":"${i}n"}`));
  expect((await taken(client, read().filter(col("i").lt(0)))).batches).toBe(0);
});

test.each([0, 1])("shards are read a few ahead, and no more once the consumer breaks off (client %i)", async (at) => {
  const client = clients[at];
  let started = 0;
  let ended = "";
  const listening = client.onEvent((event) => {
    if (event.type === "task-started") started++;
    if (event.type === "run-failed" || event.type === "run-finished") ended = event.type;
  });
  let seen = 0;
  for await (const batch of client.batches(read())) {
    seen++;
    // All that may start has started by then.
    await new Promise((done) => setTimeout(done, 30));
    expect(started).toBeLessThanOrEqual(seen + client.threads + 1);
    if ((batch.get(0) as unknown as Row).i > 200n) break;
  }
  expect(seen).toBeLessThan(8);
  expect(ended).toBe("run-failed");
  const before = started;
  await new Promise((done) => setTimeout(done, 30));
  expect(started).toBe(before);
  listening();
});

test.each([0, 1])("an error reaches the consumer, and ends the iteration (client %i)", async (at) => {
  let rows = 0;
  const error = await (async () => {
    for await (const batch of clients[at].batches(read("bad"))) rows += batch.numRows;
  })().catch((caught: unknown) => caught);
  expect(error).toBeInstanceOf(ValueError);
  expect(String(error)).toContain('"x"');
  expect(rows).toBeLessThan(3_000);
});

test("a wider value in the first shards widens; one behind batches that were given is an error", async () => {
  const [client] = clients;
  const early = await taken(client, read("early").head(11).tail(1));
  expect(early.rows).toEqual(['{"i":10.5,"word":"word"}']);
  const whole = await taken(client, read("early"));
  expect(whole.rows[0]).toBe('{"i":0,"word":"word"}');
  await expect(taken(client, read("late"))).rejects.toThrow(SchemaWidenedError);
  expect((await taken(client, readCsv("memory://batches/late.csv", { types: { i: "float64" } }))).rows).toHaveLength(
    ROWS,
  );
});

test("a signal cancels, before and while batches are taken", async () => {
  const [, client] = clients;
  const stop = new AbortController();
  const rest = (async () => {
    for await (const _ of client.batches(read(), { signal: stop.signal })) stop.abort();
  })();
  await expect(rest).rejects.toThrow(CancelledError);
  await expect(client.batches(read(), { signal: AbortSignal.abort() }).next()).rejects.toThrow(CancelledError);
});

test("columns, types and length", async () => {
  const [, client] = clients;
  await clients[0].write(read().assign({ half: col("i").div(2) }), {
    format: "parquet",
    path: "memory://batches/parts",
    encoding: {},
    overwrite: true,
  });
  const parquet = readParquet("memory://batches/parts/*.parquet");
  let runs = 0;
  const listening = client.onEvent(({ type }) => (runs += type === "run-started" ? 1 : 0));
  expect(await client.schema(parquet)).toEqual([
    { name: "i", type: "int64" },
    { name: "word", type: "string" },
    { name: "half", type: "float64" },
  ]);
  expect(
    await read()
      .assign({ x: col("i").gt(1) })
      .drop("word")
      .columns(),
  ).toEqual(["i", "x"]);
  expect(
    await read()
      .groupBy("word")
      .agg({ mean: col("i").mean() })
      .types(),
  ).toEqual({ word: "string", mean: "float64" });
  await expect(read().select("nothing").types()).rejects.toThrow(UnknownColumnError);
  expect(await client.length(parquet)).toBe(ROWS);
  expect(await client.length(concat([parquet.sort("word").head(10), parquet.assign({ y: 1 })]))).toBe(ROWS + 10);
  expect(await client.length(parquet.agg({ n: col("i").max() }))).toBe(1);
  expect(runs).toBe(0);
  expect(await client.length(parquet.filter(col("i").lt(17)))).toBe(17);
  expect(await client.length(read().sort("i"))).toBe(ROWS);
  expect(await client.length(read().distinct("word"))).toBe(7);
  expect(await client.length(read().join(read().head(3), { on: "word" }))).toBe(1_716);
  expect(runs).toBe(4);
  listening();
});

test("for await over the frame itself", async () => {
  let rows = 0;
  for await (const batch of read()) rows += batch.numRows;
  expect(rows).toBe(ROWS);
});
