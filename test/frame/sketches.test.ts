import { describe, expect, test } from "vitest";
import { col, type Aggregate } from "../../lib/index.ts";
import type { Schema } from "../../lib/collections/schema.ts";
import { TextDictionary, columnOf, valueAt, type Column } from "../../lib/kernels/frame/column.ts";
import { GroupState } from "../../lib/kernels/frame/group.ts";
import { STANDARD_ERROR } from "../../lib/kernels/sketch/hyperloglog.ts";

/** A generator of numbers from 0 to 1 that is the same everywhere (Park & Miller, 1988). */
function generator(seed: number): () => number {
  let state = seed;
  return () => (state = (state * 48_271) % 2_147_483_647) / 2_147_483_647;
}

function aggregated(column: Column, rows: number, aggregate: Aggregate): number {
  const schema: Schema = [{ name: "x", type: column.type }];
  const sink = { to: "group", keys: [], keepNulls: false, aggregates: [{ name: "y", value: aggregate.node }] } as const;
  const state = new GroupState(sink, schema);
  state.update({ rows, columns: new Map([["x", column]]) });
  return Number(valueAt(columnOf(state.finish().batch, "y"), 0));
}

const floats = (values: Float64Array): Column => ({ type: "float64", values });
const integers = (values: Float64Array): Column => ({ type: "int64", values });

describe("nuniqueApprox", () => {
  test("has the standard error that is stated, from a hundred to a hundred thousand", () => {
    for (const count of [100, 1_000, 10_000, 100_000]) {
      const errors = Array.from({ length: 24 }, (_, round) => {
        // Each value twice: what counts is how many are different.
        const values = Float64Array.from({ length: 2 * count }, (_v, i) => round * 1e9 + (i % count));
        return aggregated(integers(values), values.length, col("x").nuniqueApprox()) / count - 1;
      });
      const deviation = Math.sqrt(errors.reduce((sum, e) => sum + e * e, 0) / errors.length);
      expect(deviation, `${count} values`).toBeLessThan(1.35 * STANDARD_ERROR);
      if (count >= 10_000) expect(deviation, `${count} values`).toBeGreaterThan(0.5 * STANDARD_ERROR);
      // Among few values one pair in one register is more than any deviation.
      for (const error of errors)
        expect(Math.abs(error), `${count} values`).toBeLessThan(Math.max(4 * STANDARD_ERROR, 1.5 / count));
    }
  });

  test("counts strings, floats and wide integers alike, and equal values once however they are held", () => {
    const n = 20_000;
    const dictionary = new TextDictionary();
    const codes = Int32Array.from({ length: n }, (_, i) => dictionary.code(`text ${i}`));
    const wide = BigInt64Array.from({ length: n }, (_, i) => 2n ** 60n + BigInt(i));
    const columns: Column[] = [
      { type: "string", codes, dictionary },
      floats(Float64Array.from({ length: n }, (_, i) => i / 7)),
      { type: "int64", values: wide },
    ];
    for (const column of columns)
      expect(Math.abs(aggregated(column, n, col("x").nuniqueApprox()) / n - 1)).toBeLessThan(4 * STANDARD_ERROR);
    const small = integers(Float64Array.from({ length: n }, (_, i) => i));
    const held: Column = { type: "int64", values: BigInt64Array.from({ length: n }, (_, i) => BigInt(i)) };
    expect(aggregated(held, n, col("x").nuniqueApprox())).toBe(aggregated(small, n, col("x").nuniqueApprox()));
    expect(aggregated(floats(Float64Array.of(0, -0, NaN)), 3, col("x").nuniqueApprox())).toBe(1);
  });
});

describe("quantileApprox", () => {
  const random = generator(3);
  const normal = () => Math.sqrt(-2 * Math.log(random())) * Math.cos(2 * Math.PI * random());
  const samples: Readonly<Record<string, () => number>> = {
    uniform: random,
    "both signs": () => 1e3 * normal(),
    "log-normal over decades": () => Math.exp(8 * normal()),
    "small whole numbers": () => Math.floor(9 * random()) - 4,
    "tiny and huge": () => (random() < 0.5 ? 1e-300 : 1e300) * random(),
  };
  for (const [name, next] of Object.entries(samples)) {
    test.each([0.01, 0.001])(`of ${name} stays within its relative error, %d`, (error) => {
      const values = Float64Array.from({ length: 20_000 }, next);
      const sorted = values.slice().sort();
      for (const q of [0, 0.001, 0.1, 0.25, 0.5, 0.9, 0.999, 1]) {
        const wanted = sorted[Math.floor(q * (sorted.length - 1))];
        const found = aggregated(floats(values), values.length, col("x").quantileApprox(q, { error }));
        expect(Math.abs(found - wanted), `q = ${q}`).toBeLessThanOrEqual(error * Math.abs(wanted));
      }
    });
  }

  test("holds infinities, zeros and extremes", () => {
    const values = Float64Array.of(-Infinity, -Number.MAX_VALUE, 0, -0, Number.MAX_VALUE, Infinity);
    const found = [0, 0.2, 0.4, 0.6, 0.8, 1].map((q) => aggregated(floats(values), 6, col("x").quantileApprox(q)));
    expect(found[0]).toBe(-Infinity);
    expect(found[1] / -Number.MAX_VALUE).toBeCloseTo(1, 1);
    expect(found.slice(2, 4)).toEqual([0, 0]);
    expect(Number.isFinite(found[4])).toBe(true);
    expect(found[5]).toBe(Infinity);
  });

  test("is refused for fractions and errors that mean nothing", () => {
    expect(() => col("x").quantileApprox(1.5)).toThrow(/a number from 0 to 1 for q, found 1.5/);
    expect(() => col("x").quantileApprox(0.5, { error: 0 })).toThrow(/0.0001 to 0.5 for error/);
    expect(() => col("x").quantile(NaN)).toThrow(/a number from 0 to 1/);
  });
});
