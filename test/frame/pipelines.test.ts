import fc from "fast-check";
import { afterAll, expect, test } from "vitest";
import {
  Client,
  OverflowError,
  col,
  readCsv,
  size,
  type Aggregate,
  type DataFrame,
  type Expression,
} from "../../lib/index.ts";
import type { AggregateNode } from "../../lib/collections/expression.ts";
import type { Schema } from "../../lib/collections/schema.ts";
import { aggregateType } from "../../lib/collections/aggregate-typing.ts";
import { compareTexts } from "../../lib/kernels/frame/column.ts";
import { defaultStore } from "../../lib/store/default-store.ts";
import { bits, plain, type Plain } from "../csv/support.ts";
import { Overflow, evaluate, type Row, type Value } from "./reference.ts";

/** Random pipelines over random files against the same done to rows in plain JavaScript. */

const store = defaultStore();
const inline = await Client.local({ workers: 0, store, progress: false });
const threads = await Client.local({ workers: 2, store, progress: false });
afterAll(() => Promise.all([inline.close(), threads.close()]));

interface Rows {
  readonly schema: Schema;
  readonly rows: readonly Row[];
}
interface Step {
  readonly name: string;
  frame(frame: DataFrame): DataFrame;
  rows(rows: Rows): Rows;
}

const SCHEMA: Schema = [
  { name: "k", type: "string" },
  { name: "i", type: "int64" },
  { name: "f", type: "float64" },
  { name: "b", type: "bool" },
];
const row: fc.Arbitrary<Row> = fc.record({
  k: fc.constantFrom("a", "b", "🙂", "\uffff", 'q"\n,', "", null),
  i: fc.oneof(fc.bigInt({ min: -20n, max: 20n }), fc.constantFrom(null, 2n ** 53n, 2n ** 53n + 1n, -(2n ** 60n))),
  // Quarters: their sums are exact in any order.
  f: fc.oneof(
    fc.integer({ min: -40, max: 40 }).map((n) => n / 4),
    fc.constantFrom(null, Infinity, -Infinity, 1e15),
  ),
  b: fc.constantFrom(true, false, null),
});

function csvOf(rows: readonly Row[]): string {
  const field = (value: Value) =>
    typeof value === "string" ? `"${value.replaceAll('"', '""')}"` : String(value ?? "");
  return `k,i,f,b\n${rows.map(({ k, i, f, b }) => `${[k, i, f, b].map(field).join(",")}\n`).join("")}`;
}

const conditions: readonly Expression[] = [
  col("i").gt(3),
  col("f").le(2.5),
  col("k").eq("a").or(col("b")),
  col("k").ge("b"),
  col("i").isIn([1, 2, 3, 2n ** 53n + 1n]),
  col("f").isNotNull().and(col("b").not()),
  col("i").mod(3).eq(0),
  col("i").cast("float64").lt(col("f")),
];
const derived: readonly Expression[] = [
  col("i").mul(2),
  col("i").floorDiv(4),
  col("f").mul(2),
  col("i").fillNull(7),
  col("f").div(col("i")),
];

const filter = fc.constantFrom(...conditions).map((condition): Step => ({
  name: `filter ${String(condition)}`,
  frame: (frame) => frame.filter(condition),
  rows: ({ schema, rows }) => ({ schema, rows: rows.filter((r) => evaluate(condition.node, r, schema) === true) }),
}));
/** New columns, and some in place of the file's own. */
const assigned = fc.oneof(
  fc.tuple(fc.constantFrom("x", "y"), fc.constantFrom(...derived)),
  fc.constantFrom<[string, Expression]>(["i", col("i").sub(5)], ["f", col("f").neg()], ["k", col("k").fillNull("b")]),
);
const assign = assigned.map(([name, value]): Step => ({
  name: `assign ${name} = ${String(value)}`,
  frame: (frame) => frame.assign({ [name]: value }),
  rows: ({ schema, rows }) => {
    const type = aggregateType({ kind: "max", input: value.node }, schema);
    const fields = schema.some((f) => f.name === name)
      ? schema.map((f) => (f.name === name ? { name, type } : f))
      : [...schema, { name, type }];
    return { schema: fields, rows: rows.map((r) => ({ ...r, [name]: evaluate(value.node, r, schema) })) };
  },
}));
const head = fc.nat(12).map((count): Step => ({
  name: `head ${count}`,
  frame: (frame) => frame.head(count),
  rows: ({ schema, rows }) => ({ schema, rows: rows.slice(0, count) }),
}));
const select: Step = {
  name: "select",
  frame: (frame) => frame.select("f", "k", "b", "i"),
  rows: ({ schema, rows }) => ({
    schema: ["f", "k", "b", "i"].flatMap((name) => schema.filter((f) => f.name === name)),
    rows,
  }),
};

const AGGREGATES: Readonly<Record<string, Aggregate>> = {
  rows: size(),
  count: col("f").count(),
  sum: col("i").mod(1_000).sum(),
  floats: col("f").sum(),
  mean: col("f").mean(),
  least: col("i").min(),
  most: col("i").max(),
  low: col("f").min(),
  first: col("k").min(),
  last: col("k").max(),
  any: col("b").max(),
  all: col("b").min(),
  trues: col("b").sum(),
  derived: col("i").cast("float64").mul(0.5).max(),
};

function aggregate(node: AggregateNode, rows: readonly Row[], schema: Schema): Value {
  if (node.input === undefined) return BigInt(rows.length);
  const { input } = node;
  const values = rows.map((r) => evaluate(input, r, schema)).filter((v) => v !== null && !Number.isNaN(v));
  if (node.kind === "count") return BigInt(values.length);
  if (node.kind === "min" || node.kind === "max") {
    const sign = node.kind === "min" ? -1 : 1;
    const better = (a: Value, b: Value) => order(a, b) * sign > 0;
    return values.reduce<Value>((best, v) => (best === null || better(v, best) ? v : best), null);
  }
  const isFloat = aggregateType(node, schema) === "float64";
  if (!isFloat) return values.reduce<bigint>((sum, v) => sum + BigInt(v as bigint | boolean), 0n); // neither floats nor texts
  const sum = exactSum(values.map(Number));
  if (node.kind === "sum") return sum;
  return values.length === 0 ? null : sum / values.length;
}

function order(a: Value, b: Value): number {
  if (a === null || b === null) return a === b ? 0 : a === null ? 1 : -1;
  if (typeof a === "string" && typeof b === "string") return compareTexts(a, b);
  return a < b ? -1 : a > b ? 1 : 0;
}

function group(keys: readonly string[], keepNulls: boolean): Step {
  return {
    name: `group by ${keys.join(", ")}${keepNulls ? " with nulls" : ""}`,
    frame: (frame) => frame.groupBy(...keys, { keepNulls }).agg(AGGREGATES),
    rows: ({ schema, rows }) => {
      const groups = new Map<string, Row[]>(keys.length === 0 ? [["", []]] : []);
      for (const r of rows) {
        if (!keepNulls && keys.some((key) => r[key] === null)) continue;
        const name = keys.map((key) => `${typeof r[key]} ${String(r[key])}`).join();
        const members = groups.get(name);
        if (members === undefined) groups.set(name, [r]);
        else members.push(r);
      }
      const out = [...groups.values()].map((members): Row => ({
        ...Object.fromEntries(keys.map((key) => [key, members[0][key]])),
        ...Object.fromEntries(
          Object.entries(AGGREGATES).map(([name, a]) => [name, aggregate(a.node, members, schema)]),
        ),
      }));
      out.sort((a, b) => keys.reduce((c, key) => c || order(a[key], b[key]), 0));
      const types = Object.entries(AGGREGATES).map(([name, a]) => ({ name, type: aggregateType(a.node, schema) }));
      return { schema: [...keys.flatMap((key) => schema.filter((f) => f.name === key)), ...types], rows: out };
    },
  };
}

const groups = fc
  .tuple(fc.subarray(["k", "i", "f", "b"], { maxLength: 4 }), fc.boolean())
  .chain(([keys, keepNulls]) => fc.shuffledSubarray(keys, { minLength: keys.length }).map((k) => group(k, keepNulls)));
const after = fc.constantFrom<Step[]>(
  [],
  [
    {
      name: "filter the groups",
      frame: (frame) =>
        frame
          .filter(col("rows").gt(1))
          .assign({ more: col("rows").add(1) })
          .head(3),
      rows: ({ schema, rows }) => ({
        schema: [...schema, { name: "more", type: "int64" }],
        rows: rows
          .filter((r) => Number(r["rows"]) > 1)
          .map((r) => ({ ...r, more: BigInt(Number(r["rows"]) + 1) }))
          .slice(0, 3),
      }),
    },
  ],
);
const pipeline = fc.oneof(
  fc
    .array(fc.oneof(filter, assign, filter, head, assign), { maxLength: 5, size: "max" })
    .chain((steps) =>
      fc
        .tuple(fc.boolean(), fc.option(fc.tuple(groups, after), { nil: undefined }))
        .map(([selects, end]) => [
          ...steps,
          ...(selects ? [select] : []),
          ...(end === undefined ? [] : [end[0], ...end[1]]),
        ]),
    ),
);

function asPlain({ schema, rows }: Rows): Plain {
  return {
    columns: schema,
    rows: rows.length,
    data: Object.fromEntries(schema.map(({ name }) => [name, rows.map((r) => r[name])])),
  };
}

/** Quarters are summed as whole numbers and rounded once; infinities as they come. */
function exactSum(values: readonly number[]): number {
  if (!values.every((v) => Number.isInteger(4 * v))) return values.reduce((a, v) => a + v, 0);
  return Number(values.reduce((a, v) => a + BigInt(4 * v), 0n)) / 4;
}

/** The sum that starts at 0 never is −0, and neither is the kernels'. */
const unsigned = (text: string) => text.replace(/(?<=[ :])-0(?=[ \n]|$)/g, "0");

test("random pipelines give what the reference gives, for any block size and threads", async () => {
  let files = 0;
  await fc.assert(
    fc.asyncProperty(
      fc.array(row, { maxLength: 40, size: "max" }),
      pipeline,
      fc.constantFrom(1, 9, 30, 77, 1 << 20),
      fc.boolean(),
      async (rows, steps, blockSize, onThreads) => {
        const url = `memory://pipelines/${files++}.csv`;
        await store.put(url, Buffer.from(csvOf(rows)));
        const types = Object.fromEntries(SCHEMA.map(({ name, type }) => [name, type]));
        const frame = steps.reduce((f, step) => step.frame(f), readCsv(url, { blockSize, types }));
        let wanted: Rows = { schema: SCHEMA, rows };
        try {
          for (const step of steps) wanted = step.rows(wanted);
        } catch (error) {
          if (!(error instanceof Overflow)) throw error;
          await expect((onThreads ? threads : inline).compute(frame)).rejects.toThrow(OverflowError);
          return;
        }
        const found = unsigned(bits(plain(await (onThreads ? threads : inline).compute(frame))));
        expect(found, steps.map(({ name }) => name).join("; ")).toBe(unsigned(bits(asPlain(wanted))));
        await store.delete(url);
      },
    ),
    { numRuns: 200 },
  );
}, 300_000);
