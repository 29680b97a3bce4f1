import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Table, tableFromArrays } from "apache-arrow";
import { afterAll, beforeAll, expect, test } from "vitest";
import type * as Abanico from "../../lib/index.ts";
import { Client, col, readCsv } from "../../lib/index.ts";

const folder = mkdtempSync(join(tmpdir(), "abanico-tables-"));
const path = join(folder, "sales.csv");
let client: Client;

beforeAll(async () => {
  writeFileSync(path, "product,units\npear,1\nfig,2\npear,3\n");
  client = await Client.local({ workers: 1, progress: false });
});

afterAll(async () => {
  await client.close();
  rmSync(folder, { recursive: true });
});

test("a frame as an argument is a table where it is used, by itself and within an array", async () => {
  const frame = readCsv(path);
  expect(await client.submit((table: Table) => [table.numRows, table.get(1)?.["product"]], frame)).toEqual([3, "fig"]);
  const rows = client.submit(
    (tables: readonly Table[]) => tables.map(({ numRows }) => numRows),
    [frame, frame.filter(col("units").gt(1))],
  );
  expect(await rows).toEqual([3, 2]);
});

test("a table that was computed travels to a function, and one that it makes comes back as a table", async () => {
  const table = await readCsv(path).compute();
  const back = await client.submit((given: Table) => given.slice(0, 2), table);
  expect(back).toBeInstanceOf(Table);
  expect(back.toArray().map((row) => row.toJSON())).toEqual(
    table
      .slice(0, 2)
      .toArray()
      .map((row) => row.toJSON()),
  );
});

test("a table as the result of one call is the argument of the next", async () => {
  const made = client.submit(async () => {
    const arrow = await import("apache-arrow");
    return arrow.tableFromArrays({ x: [1, 2, 3], s: ["a", "b", "a"] });
  });
  expect(await client.submit((table: Table) => table.getChild("s")?.toArray().join(), made)).toBe("a,b,a");
  expect(await made).toBeInstanceOf(Table);
});

test("a scattered table, large, is read on each thread", async () => {
  const table = tableFromArrays({ x: Float64Array.from({ length: 10_000 }, (_, i) => i) });
  for (const broadcast of [false, true]) {
    const held = await client.scatter(table, { broadcast });
    const sums = client.map((row: number, given: Table) => given.get(row)?.["x"] as number, [0, 9_999], held);
    expect(await client.gather(sums)).toEqual([0, 9_999]);
  }
});

test("a task that gives a frame is continued with its table", async () => {
  const library = new URL("../../lib/index.ts", import.meta.url).href;
  const table = await client.submit(
    async (from: string, csv: string) => {
      const abanico = (await import(from)) as typeof Abanico;
      return abanico.readCsv(csv);
    },
    library,
    path,
  );
  expect(table).toBeInstanceOf(Table);
  expect((table as unknown as Table).numRows).toBe(3);
});

test("a result to come in a Map or Set is refused, not sent as an empty object", () => {
  const future = client.submit(() => 1);
  expect(() => client.submit((map: Map<string, number>) => map.size, new Map([["a", future]]) as never)).toThrow(
    /a Map.*holds a result to come \(Future\)[^]*fix: pass an array or a plain object/,
  );
  expect(() => client.submit(({ of }: { of: Set<number> }) => of.size, { of: new Set([future]) } as never)).toThrow(
    /a Set/,
  );
});

test("the stack of what was thrown and is no Error begins with the message", async () => {
  const error = await client
    .submit(() => {
      throw "text";
    })
    .exception();
  expect(error?.stack).toMatch(/^Error: a string \('text'\) was thrown/);
});

test("a generator as a result is named, with the way to an array", async () => {
  const made = client.submit(function* () {
    yield 1;
  });
  await expect(made).rejects.toThrow("a generator, which is no array: [...generator] is one");
});

test("an async iterable for map is named, with the way to an array", () => {
  const items = (async function* () {
    yield 1;
  })();
  expect(() => client.map((x: number) => x, items as never)).toThrow(/found an async iterable[^]*Array\.fromAsync/);
});
