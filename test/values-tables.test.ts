import { DateDay, Table, tableFromArrays, vectorFromArray } from "apache-arrow";
import { expect, test } from "vitest";
import { expectTables } from "../lib/value-tables.ts";
import { decodeSoon, decodeValue, encodeValue } from "../lib/values.ts";

const there = (value: unknown): unknown => decodeValue(encodeValue(value));

function sample(): Table {
  return new Table({
    n: vectorFromArray([1.5, null, -0]),
    s: vectorFromArray(["a", "ä€", null]),
    b: vectorFromArray([true, false, null]),
    i: vectorFromArray([2n ** 62n, 0n, null]),
    d: vectorFromArray([new Date(0), null, new Date(86_400_000)], new DateDay()),
  });
}

function same(value: unknown, table: Table): void {
  expect(value).toBeInstanceOf(Table);
  if (!(value instanceof Table)) return;
  expect(String(value.schema)).toBe(String(table.schema));
  expect(value.toArray().map(String)).toEqual(table.toArray().map(String));
  expect(value.numRows).toBe(table.numRows);
}

test("a table keeps its class, schema, values and nulls", () => {
  same(there(sample()), sample());
});

test("a table without rows or without columns comes through", () => {
  same(there(sample().slice(0, 0)), sample().slice(0, 0));
  same(there(new Table()), new Table());
});

test("tables within arrays and objects come through, beside other values and each where it was", () => {
  expectTables();
  const one = sample();
  const other = tableFromArrays({ x: Int32Array.of(1, 2) });
  const value = there({ a: [1, one, new Map([[1, "x"]])], "\ud800.": { deep: other }, u: undefined });
  expect(Object.keys(value as object)).toEqual(["a", "\ud800.", "u"]);
  const { a, "\ud800.": odd } = value as { a: unknown[]; "\ud800.": { deep: unknown } };
  same(a[1], one);
  same(odd.deep, other);
  expect([a[0], a[2]]).toEqual([1, new Map([[1, "x"]])]);
});

test("a table is read from memory that threads share, at any offset", async () => {
  const bytes = encodeValue(sample());
  const shared = new Uint8Array(new SharedArrayBuffer(bytes.byteLength + 3), 3);
  shared.set(bytes);
  same(decodeValue(shared), sample());
  same(await decodeSoon(shared), sample());
});

test("what only looks a little like a table stays what it is", () => {
  expectTables();
  const value = { batches: [1], schema: {}, getChildAt: 1 };
  expect(there(value)).toEqual(value);
});
