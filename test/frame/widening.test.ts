import { expect, test } from "vitest";
import { Client, readCsv, readJson } from "../../lib/index.ts";
import { defaultStore } from "../../lib/store/default-store.ts";

/** A value behind the sample widens its column, and that column alone. */

const encoder = new TextEncoder();

async function withFiles(files: Readonly<Record<string, string>>): Promise<Client> {
  const store = defaultStore();
  for (const [name, text] of Object.entries(files)) await store.put(`memory://${name}`, encoder.encode(text));
  return Client.local({ workers: 0, store });
}

test("a like-named column of another file keeps its type", async () => {
  await using client = await withFiles({
    "widening/left.csv": "id,v\n1,1\n2,2.5\n",
    "widening/right.csv": "id,v\n1,9007199254740993\n2,7\n",
    "widening/lines.jsonl": '{"id":1,"v":5}\n{"id":2,"v":9007199254740995}\n',
  });
  const left = readCsv("memory://widening/left.csv", { sampleRows: 1 });
  const right = readCsv("memory://widening/right.csv", { sampleRows: 1 }).rename({ v: "w" });
  const lines = readJson("memory://widening/lines.jsonl").rename({ v: "x" });
  const table = await client.compute(left.join(right, { on: "id" }).join(lines, { on: "id" }).sort("id"));
  expect(table.schema.fields.map(({ name, type }) => `${name} ${String(type)}`)).toEqual([
    "id Int64",
    "v Float64",
    "w Int64",
    "x Int64",
  ]);
  expect(table.toArray().map((row) => [row?.["v"], row?.["w"], row?.["x"]])).toEqual([
    [1, 9007199254740993n, 5n],
    [2.5, 7n, 9007199254740995n],
  ]);
});

test("all files of one source widen together, as far as any of them asks", async () => {
  await using client = await withFiles({ "widening/a.csv": "v\n1\n2.5\n", "widening/b.csv": "v\n3\nmany\n" });
  const frame = readCsv(["memory://widening/a.csv", "memory://widening/b.csv"], { sampleRows: 1, widen: "string" });
  const table = await client.compute(frame);
  expect(table.toArray().map((row) => row?.["v"] as string)).toEqual(["1", "2.5", "3", "many"]);
});

test("the same file twice in a query widens in both places", async () => {
  await using client = await withFiles({ "widening/self.csv": "k,v\n1,1\n2,2.5\n" });
  const frame = () => readCsv("memory://widening/self.csv", { sampleRows: 1 });
  const table = await client.compute(frame().join(frame(), { on: "k" }));
  expect(table.toArray().map((row) => [row?.["v_x"], row?.["v_y"]])).toEqual([
    [1, 1],
    [2.5, 2.5],
  ]);
});
