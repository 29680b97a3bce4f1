import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { col, size, type Aggregate } from "../../lib/index.ts";
import type { Schema } from "../../lib/collections/schema.ts";
import { fromValues } from "../../lib/kernels/frame/from-values.ts";
import { columnOf, valueAt, type Batch, type Scalar } from "../../lib/kernels/frame/column.ts";
import type { Frame } from "../../lib/kernels/frame/encode.ts";
import { GroupState } from "../../lib/kernels/frame/group.ts";
import type { GroupSink } from "../../lib/kernels/frame/steps.ts";

/** Laws of states: rows cut anywhere and merged in any tree, with or without a journey as bytes, give what the whole gives. */

const SCHEMA: Schema = [
  { name: "k", type: "int64" },
  { name: "i", type: "int64" },
  { name: "f", type: "float64" },
  { name: "g", type: "float64" },
  { name: "b", type: "bool" },
  { name: "s", type: "string" },
  { name: "t", type: "timestamp" },
];
type Row = readonly Scalar[];

const exact: Record<string, Aggregate> = { size: size() };
const rounded: Record<string, Aggregate> = {};
for (const { name, type } of SCHEMA.slice(1)) {
  const x = col(name);
  for (const kind of ["count", "min", "max", "first", "last", "nunique", "mode", "nuniqueApprox"] as const)
    exact[`${name}_${kind}`] = x[kind]();
  if (type === "string" || type === "timestamp") continue;
  exact[`${name}_any`] = x.any();
  exact[`${name}_all`] = x.all();
  exact[`${name}_median`] = x.median();
  exact[`${name}_q`] = x.quantile(0.3, { interpolation: "nearest" });
  exact[`${name}_approx`] = x.quantileApprox(0.3);
  for (const kind of ["mean", "var", "sem"] as const) rounded[`${name}_${kind}`] = x[kind]();
}
rounded["cov"] = col("f").cov(col("g"));
rounded["corr"] = col("f").corr(col("g"));

const row: fc.Arbitrary<Row> = fc.tuple(
  fc.constantFrom(1, 2, 3, null),
  fc.constantFrom<Scalar>(0, 1, 1, -7, 2 ** 53, 2n ** 60n + 1n, 2n ** 60n, null),
  fc.constantFrom<Scalar>(0, -0, 1.5, 1e9 + 0.25, 1e9 + 0.5, -3e4, NaN, null),
  fc.constantFrom<Scalar>(0.125, 2, -8, 1e6, null),
  fc.constantFrom(true, false, null),
  fc.constantFrom("", "a", "b", "🙂", "seven b", null),
  fc.constantFrom<Scalar>(0, -1, 1_700_000_000_000_000, null),
);

function batchOf(rows: readonly Row[]): Batch {
  const columns = SCHEMA.map(
    ({ name, type }, c) =>
      [
        name,
        fromValues(
          type,
          rows.map((r) => r[c]),
        ),
      ] as const,
  );
  return { rows: rows.length, columns: new Map(columns) };
}

function sinkOf(aggregates: Readonly<Record<string, Aggregate>>, keys: readonly string[]): GroupSink {
  return {
    to: "group",
    keys,
    keepNulls: true,
    aggregates: Object.entries(aggregates).map(([name, { node }]) => ({ name, value: node })),
  };
}

function spelt({ schema, batch }: Frame): string[] {
  return schema.map(({ name }) => {
    const column = columnOf(batch, name);
    const values = Array.from({ length: batch.rows }, (_, i) => valueAt(column, i));
    // 0 and −0 are one value to nunique, mode, min and max: which of them is met first depends on the cut.
    return `${name}: ${values.map((v) => (typeof v === "string" ? JSON.stringify(v) : String(v))).join(" ")}`;
  });
}

/** States of pieces, merged pairwise in a tree that the choices shape; some go through bytes. */
function merged(sink: GroupSink, pieces: readonly (readonly Row[])[], choices: readonly number[]): Frame {
  const states = pieces.map((rows) => {
    const state = new GroupState(sink, SCHEMA);
    if (rows.length > 0) state.update(batchOf(rows));
    return state;
  });
  for (let step = 0; states.length > 1; step++) {
    const choice = choices[step % choices.length];
    const at = choice % (states.length - 1);
    const [left, right] = states.slice(at, at + 2);
    left.absorb(choice % 2 === 0 ? right : GroupState.decode(right.encode(), sink, SCHEMA));
    states.splice(at, 2, choice % 3 === 0 ? GroupState.decode(left.encode(), sink, SCHEMA) : left);
  }
  return states[0].finish();
}

function cut(rows: readonly Row[], cuts: readonly number[]): (readonly Row[])[] {
  const bounds = [0, ...cuts.map((c) => c % (rows.length + 1)).sort((a, b) => a - b), rows.length];
  return bounds.slice(1).map((end, i) => rows.slice(bounds[i], end));
}

const cases = fc.tuple(
  fc.array(row, { maxLength: 60 }),
  fc.array(fc.nat(60), { maxLength: 6 }),
  fc.array(fc.nat(30), { minLength: 1, maxLength: 8 }),
  fc.constantFrom<readonly string[]>([], ["k"], ["s", "k"]),
);

describe("states merge", () => {
  test("to the same, where nothing is rounded", () => {
    fc.assert(
      fc.property(cases, ([rows, cuts, choices, keys]) => {
        const sink = sinkOf(exact, keys);
        expect(spelt(merged(sink, cut(rows, cuts), choices))).toEqual(spelt(merged(sink, [rows], [1])));
      }),
      { numRuns: 150 },
    );
  });

  test("to the same within the last bits, where sums are rounded", () => {
    fc.assert(
      fc.property(cases, ([rows, cuts, choices, keys]) => {
        const sink = sinkOf(rounded, keys);
        const [found, wanted] = [merged(sink, cut(rows, cuts), choices), merged(sink, [rows], [1])];
        for (const { name } of wanted.schema) {
          const [a, b] = [columnOf(found.batch, name), columnOf(wanted.batch, name)];
          for (let i = 0; i < wanted.batch.rows; i++) {
            const [x, y] = [valueAt(a, i), valueAt(b, i)];
            if (typeof x === "number" && typeof y === "number")
              expect(Math.abs(x - y)).toBeLessThanOrEqual(4e-16 * Math.abs(y));
            else expect(x).toBe(y);
          }
        }
      }),
      { numRuns: 150 },
    );
  });

  test("and one state serves all aggregates that read it", () => {
    const x = col("f");
    const all = {
      a: x.std(),
      b: x.var({ ddof: 0 }),
      c: x.sem(),
      d: x.median(),
      e: x.quantile(0.9),
      m: x.mode(),
      n: x.nunique(),
    };
    const state = new GroupState(sinkOf(all, []), SCHEMA);
    state.update(batchOf([[1, 1, 2.5, 1, true, "a", 0]]));
    // Moments are 6 columns, values 1, distinct values 2.
    expect(GroupState.decode(state.encode(), sinkOf(all, []), SCHEMA).groups).toBe(1);
    expect(
      JSON.parse(
        Buffer.from(state.encode())
          .subarray(8)
          .toString("latin1")
          .replace(/\}[^}]*$/s, "}"),
      ).extra,
    ).toEqual({ states: [6, 1, 2] });
  });
});

describe("deviations", () => {
  const state = (values: readonly number[]) => {
    const one = new GroupState(sinkOf({ var: col("f").var(), std: col("f").std({ ddof: 0 }) }, []), SCHEMA);
    one.update(batchOf(values.map((v) => [1, 1, v, 1, true, "a", 0])));
    const { batch } = one.finish();
    return [valueAt(columnOf(batch, "var"), 0), valueAt(columnOf(batch, "std"), 0)];
  };

  test("lose nothing where values are far from 0 (NIST's NumAcc4 moved by 1e15)", () => {
    const values = Array.from({ length: 1_001 }, (_, i) => 1e15 + (i === 0 ? 2 : i % 2 === 1 ? 1 : 3));
    expect(state(values)).toEqual([1, Math.sqrt(1000 / 1001)]);
  });
  test("are NaN where a value is infinite, null for one value, 0 for equal ones", () => {
    expect(state([1, Infinity, 2])).toEqual([NaN, NaN]);
    expect(state([4])).toEqual([null, 0]);
    expect(state([0.1, 0.1, 0.1])).toEqual([0, 0]);
    expect(state([])).toEqual([null, null]);
    expect(state([1e200, -1e200])).toEqual([Infinity, Infinity]);
  });
});
