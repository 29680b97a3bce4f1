import fc from "fast-check";
import { expect, test } from "vitest";
import type { Schema } from "../../lib/collections/schema.ts";
import { valueAt, type Column, type Scalar } from "../../lib/kernels/frame/column.ts";
import { fromValues } from "../../lib/kernels/frame/from-values.ts";
import { POSITION, positionOf } from "../../lib/kernels/frame/position.ts";
import { findBounds, partsOf } from "../../lib/kernels/frame/ranges.ts";
import { sortedRows } from "../../lib/kernels/frame/sort.ts";
import type { SortKey } from "../../lib/kernels/frame/steps.ts";

const SCHEMA: Schema = [
  { name: "s", type: "string" },
  { name: "k", type: "int64" },
  { name: "f", type: "float64" },
  { name: "b", type: "bool" },
];
const orNull = <T extends Scalar>(arbitrary: fc.Arbitrary<T>) => fc.option<Scalar>(arbitrary, { freq: 6 });
const row = fc.tuple(
  orNull(fc.constantFrom("", "a", "ab", "b", "\uffff", "🙂", "longer than that")),
  orNull(fc.oneof<fc.Arbitrary<number | bigint>[]>(fc.nat(4), fc.constantFrom(-1, 2 ** 53, 2n ** 60n, -(2n ** 60n)))),
  orNull(fc.constantFrom(0, -0, 0.5, 1, NaN, Infinity, -Infinity)),
  orNull(fc.boolean()),
);
const key = fc.record({
  column: fc.constantFrom("s", "k", "f", "b"),
  descending: fc.boolean(),
  nulls: fc.constantFrom("first", "last"),
}) as fc.Arbitrary<SortKey>; // of the constants above
const keys = fc.uniqueArray(key, { minLength: 0, maxLength: 3, selector: ({ column }) => column });

/** Rows as a batch, and where they stand. */
function batchOf(rows: readonly (readonly Scalar[])[]) {
  const columns = SCHEMA.map(({ name, type }, c): [string, Column] => [
    name,
    fromValues(
      type,
      rows.map((r) => r[c]),
    ),
  ]);
  const places = rows.map((_, i) => positionOf(0, i));
  return { rows: rows.length, columns: new Map([...columns, [POSITION, fromValues("int64", places)] as const]) };
}

test("parts hold what an order cuts the rows into: by bounds that are rows, which begin their part", () => {
  fc.assert(
    fc.property(
      fc.array(row, { minLength: 1, maxLength: 40 }),
      keys,
      fc.boolean(),
      fc.integer({ min: 2, max: 9 }),
      (rows, by, positions, partitions) => {
        fc.pre(by.length > 0 || positions);
        const batch = batchOf(rows);
        const sample = { schema: [...SCHEMA, { name: POSITION, type: "int64" as const }], batch };
        const bounds = findBounds([sample], by, partitions, positions);
        const parts = partsOf(
          batch,
          by.map(({ column }) => column),
          bounds,
          0,
        );
        // Rows and bounds in one order: a row's part is how many bounds stand before it, or at it.
        const { batch: marks } = bounds.frame;
        const all = [...SCHEMA, { name: POSITION, type: "int64" as const }].map(({ name, type }) => {
          const values = [marks, batch].map(({ columns }) => columns.get(name));
          return [name, type, values] as const;
        });
        const joined = new Map<string, Column>();
        for (const [name, type, [first, second]] of all)
          joined.set(name, fromValues(type, [...valuesOf(first, marks.rows), ...valuesOf(second, batch.rows)]));
        const order = [...by, ...(positions ? [{ column: POSITION, descending: false, nulls: "last" as const }] : [])];
        const sorted = sortedRows({ rows: marks.rows + batch.rows, columns: joined }, order);
        let before = 0;
        const expected: number[] = [];
        // Stable: a bound stands before the rows that are equal to it.
        for (const at of sorted)
          if (at < marks.rows) before++;
          else expected[at - marks.rows] = before;
        expect([...parts]).toEqual(expected);
      },
    ),
    { numRuns: 500 },
  );
});

function valuesOf(column: Column | undefined, rows: number): Scalar[] {
  if (column === undefined) return [];
  return Array.from({ length: rows }, (_, i) => valueAt(column, i));
}
