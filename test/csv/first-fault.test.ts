import { afterAll, describe, expect, test } from "vitest";
import { Client, col, readCsv, type AbanicoError, type CsvOptions } from "../../lib/index.ts";
import { defaultStore } from "../../lib/store/default-store.ts";
import { failure, plain } from "./support.ts";

/** Of several faults the first in the file is told, and a wrong guess tells none: for any block size and number of threads. */

const store = defaultStore();
const clients = await Promise.all([0, 1, 3].map((workers) => Client.local({ workers, store, progress: false })));
afterAll(() => Promise.all(clients.map((client) => client.close())));

let files = 0;
async function faults(content: string | Uint8Array, options: CsvOptions = {}): Promise<Set<string>> {
  const url = `memory://faults/${files++}.csv`;
  await store.put(url, Buffer.from(content));
  const told = new Set<string>();
  for (const [i, client] of clients.entries())
    for (const blockSize of i === 0 ? [1, 13, 100, 1_000, 1 << 20] : [37, 400]) {
      const error = await failure(client.compute(readCsv(url, { blockSize, ...options })));
      // The cast: only the library's own errors are expected, and others lack the tag that tests compare.
      const { tag, fields } = error as unknown as AbanicoError;
      told.add(`${tag} row ${String(fields["row"])} column ${String(fields["column"])}`);
    }
  return told;
}

const good = (from: number, to: number) =>
  Array.from({ length: to - from }, (_, i) => `${from + i},"line\none ${from + i}",0.5\n`).join("");
const types = { n: "int64", x: "float64" } as const;

describe("the first fault in the file", () => {
  test.each<[string, string, string | Uint8Array]>([
    ["of two columns", "Value row 21 column x", `n,s,x\n${good(0, 20)}1,a,bad\n${good(0, 9)}bad,a,1\n`],
    [
      "of two columns, the other way round",
      "Value row 21 column n",
      `n,s,x\n${good(0, 20)}bad,a,1\n${good(0, 9)}1,a,bad\n`,
    ],
    ["of a value and a short record", "Value row 21 column x", `n,s,x\n${good(0, 20)}1,a,bad\n${good(0, 9)}1,a\n`],
    [
      "of a short record and a value",
      "Csv row 31 column undefined",
      `n,s,x\n${good(0, 30)}1,a\n${good(0, 9)}bad,a,1\n`,
    ],
    ["of a value and an open quote", "Value row 6 column n", `n,s,x\n${good(0, 5)}bad,a,1\n${good(0, 9)}1,"a,1\n`],
    [
      "of bad bytes and a long record",
      "Csv row 4 column s",
      Buffer.from(`n,s,x\n${good(0, 3)}1,caf\xe9,1\n1,2,3,4\n`, "latin1"),
    ],
  ])("%s", async (_, wanted, content) => {
    expect([...(await faults(content, { types }))]).toEqual([wanted]);
  });
});

test("of several files the first with a fault is told, also where another is found sooner", async () => {
  const header = "n,s,x\n";
  const contents = [
    `${header}${good(0, 20_000)}bad,a,1\n`,
    `${header}worse,a,1\n${good(0, 5)}`,
    `n,s,other\n${good(0, 5)}`,
    `${header}1,a\n`,
  ];
  const urls = contents.map((_, i) => `memory://faults/several-${i}.csv`);
  for (const [i, url] of urls.entries()) await store.put(url, Buffer.from(contents[i]));
  const wanted = { tag: "Value", fields: { url: urls[0], row: 20_001, text: "bad" } };
  for (const client of clients)
    for (const blockSize of [50_000, 1 << 20])
      expect(await failure(client.compute(readCsv(urls, { blockSize, types })))).toMatchObject(wanted);
});

test("a carriage return at the end of a field within a record is part of its text", async () => {
  await store.put("memory://faults/return.csv", Buffer.from("n,m\n1,2\n3\r,4\r\n5,6x\r\n"));
  const error = (more: CsvOptions) => failure(clients[0].compute(readCsv("memory://faults/return.csv", more)));
  expect(await error({ types: { n: "int64" } })).toMatchObject({ tag: "Value", fields: { row: 2, text: "3\r" } });
  expect(await error({ types: { n: "string", m: "int64" } })).toMatchObject({ fields: { row: 3, text: "6x" } });
});

test("a wrong guess raises nothing: not for its values, nor for what is computed with them", async () => {
  // Each long field holds what would be records of other types, more fields, large numbers and quotes.
  const large = "9000000000000000000,-9000000000000000000,z\n".repeat(6);
  const lure = `\n${large}7,8,9,10\nx,y\n""z"",\n${large}`;
  const text = `n,m,s\n${Array.from({ length: 40 }, (_, i) => `${i},${i + 1},"${lure}"\n`).join("")}`;
  await store.put("memory://faults/lure.csv", Buffer.from(text));
  for (const client of clients)
    for (const blockSize of [50, 77, 500, 1 << 20]) {
      const frame = readCsv("memory://faults/lure.csv", { blockSize });
      const sums = frame
        .assign({ square: col("n").mul(col("n")).mul(col("m")).neg() })
        .filter(col("square").add(col("m")).ge(-1e9))
        .agg({ sum: col("square").sum(), most: col("s").max() });
      const { data } = plain(await client.compute(sums));
      const wanted = Array.from({ length: 40 }, (_, i) => -BigInt(i * i * (i + 1))).reduce((a, b) => a + b, 0n);
      expect(data["sum"]).toEqual([wanted]);
      expect(data["most"]).toEqual([lure.replaceAll('""', '"')]);
    }
});

test("names in a header lose their escapes and quotes", async () => {
  await store.put("memory://faults/header.csv", Buffer.from('"a\\"b",c\\,d,"e""f"\n1,2,3\n'));
  for (const blockSize of [1, 1_000]) {
    const frame = readCsv("memory://faults/header.csv", { escape: "\\", blockSize });
    expect(plain(await clients[0].compute(frame)).data).toEqual({ 'a"b': [1n], "c,d": [2n], 'e"f': [3n] });
  }
});
