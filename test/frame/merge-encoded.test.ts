import fc from "fast-check";
import { expect, test } from "vitest";
import { col, size } from "../../lib/index.ts";
import type { Schema } from "../../lib/collections/schema.ts";
import { decodeFrame } from "../../lib/kernels/frame/encode.ts";
import { groupFold } from "../../lib/kernels/frame/folds.ts";
import { fromValues } from "../../lib/kernels/frame/from-values.ts";
import { GroupState } from "../../lib/kernels/frame/group.ts";
import type { GroupSink } from "../../lib/kernels/frame/steps.ts";
import type { Scalar } from "../../lib/kernels/frame/column.ts";

/** Partials that are merged in the kernel's memory, as workers do, are those that are decoded, merged and encoded. */

const SCHEMA: Schema = [
  { name: "s", type: "string" },
  { name: "k", type: "int64" },
  { name: "f", type: "float64" },
  { name: "g", type: "float64" },
];
const f = col("f");
const aggregates = {
  size: size(),
  count: f.count(),
  sum: f.sum(),
  whole: col("k").sum(),
  mean: f.mean(),
  min: f.min(),
  max: col("k").max(),
  var: f.var(),
  corr: f.corr(col("g")),
  second: f.nthLargest(2),
  median: f.median(),
  least: col("s").min(),
};
const values = Object.entries(aggregates).map(([name, { node }]) => ({ name, value: node }));

// Of more than 16 bytes, of up to 16, of up to 8, in several bytes a letter, and beginning and ending alike.
const text = fc.oneof(
  fc.constantFrom("", "a", "eight by", "nine byte", "sixteen bytes ok", "seventeen bytes !", "🙂", "é".repeat(9)),
  fc.nat(400).map((n) => `id${String(n).padStart(10, "0")}`),
  fc.nat(40).map((n) => `a key that is longer than a slot: ${n}, and ends alike`),
);
const number = fc.oneof(fc.nat(300), fc.constantFrom(-1, 2 ** 22, 2 ** 40, 2 ** 53));
const float = fc.oneof(fc.double({ noDefaultInfinity: true }), fc.constantFrom(0, -0, Infinity, 1e308, 0.1));
const orNull = <T extends Scalar>(arbitrary: fc.Arbitrary<T>) => fc.option<Scalar>(arbitrary, { freq: 20 });
const partial = fc.array(fc.tuple(orNull(text), orNull(number), orNull(float), orNull(float)), { maxLength: 200 });

/** What a partial holds, to the bit but for those of NaN, which the engine is free to choose. */
function told(encoded: Uint8Array): unknown {
  const { batch, schema, extra } = decodeFrame(encoded.slice());
  const columns = [...batch.columns.values()].map((column) => {
    if (column.type !== "string") return [column.values, column.valid];
    return Array.from(column.codes, (code) =>
      code === 0 ? null : Buffer.from(column.dictionary.bytes(code)).toString("hex"),
    );
  });
  return { rows: batch.rows, schema, extra, columns };
}

test.each([[["s"]], [["k"]], [["s", "k"]], [["k", "s"]]])("by %j", async (keys) => {
  await fc.assert(
    fc.asyncProperty(fc.array(partial, { minLength: 2, maxLength: 4 }), fc.boolean(), async (parts, keepNulls) => {
      const sink: GroupSink = { to: "group", keys, aggregates: values, keepNulls };
      const fold = groupFold(JSON.parse(JSON.stringify({ sink, schema: SCHEMA })));
      const encoded = parts.map((rows) => {
        const state = new GroupState(sink, SCHEMA);
        const columns = SCHEMA.map(({ name, type }, c) => {
          const column = fromValues(
            type,
            rows.map((row) => row[c]),
          );
          return [name, column] as const;
        });
        state.update({ rows: rows.length, columns: new Map(columns) });
        return state.encode();
      });
      let left = encoded[0];
      for (const right of encoded.slice(1)) {
        const before = [left.slice(), right.slice()];
        const merged = await fold.mergeEncoded?.(left, right);
        const wanted = fold.encode(fold.merge(fold.decode(left.slice()), fold.decode(right.slice())));
        expect(told(merged ?? new Uint8Array(0))).toEqual(told(wanted));
        const absorbed = fold.absorb?.(fold.decode(left.slice()), right);
        expect(told(absorbed?.encode() ?? new Uint8Array(0))).toEqual(told(wanted));
        expect([left, right]).toEqual(before);
        left = wanted;
      }
      const again = fold.encode(fold.decode(left.slice()));
      expect(told(again)).toEqual(told(left));
    }),
    { numRuns: 40 },
  );
});
