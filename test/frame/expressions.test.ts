import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { Client, Expression, OverflowError, col, lit, readCsv, size, type Operand } from "../../lib/index.ts";
import type { ScalarType, Schema } from "../../lib/collections/schema.ts";
import { typeOf } from "../../lib/collections/typing.ts";
import { valueAt, type Batch, type Column } from "../../lib/kernels/frame/column.ts";
import { compile } from "../../lib/kernels/frame/evaluate.ts";
import { fromValues } from "../../lib/kernels/frame/from-values.ts";
import { defaultStore } from "../../lib/store/default-store.ts";
import { plain, spell } from "../csv/support.ts";
import { Overflow, evaluate, type Row, type Value } from "./reference.ts";

/** Every operation on random columns with nulls, against test/frame/reference.ts. */

const schema: Schema = [
  { name: "i", type: "int64" },
  { name: "j", type: "int64" },
  { name: "f", type: "float64" },
  { name: "g", type: "float64" },
  { name: "b", type: "bool" },
  { name: "c", type: "bool" },
  { name: "s", type: "string" },
  { name: "t", type: "string" },
];

const small = fc.bigInt({ min: -9n, max: 9n });
const edges = fc.constantFrom(
  2n ** 53n,
  2n ** 53n - 1n,
  2n ** 53n + 1n,
  -(2n ** 53n),
  -(2n ** 53n) - 1n,
  2n ** 63n - 1n,
  -(2n ** 63n),
);
const values: Readonly<Record<string, fc.Arbitrary<Value>>> = {
  int64: fc.oneof(
    { weight: 4, arbitrary: small },
    { weight: 1, arbitrary: edges },
    { weight: 1, arbitrary: fc.constant(null) },
  ),
  float64: fc.oneof(
    fc.double(),
    fc.integer({ min: -5, max: 5 }),
    fc.constantFrom(NaN, -0, Infinity, 2 ** 53, 0.5, null),
  ),
  bool: fc.constantFrom(true, false, null),
  string: fc.constantFrom("", "a", "b", "ab", "\uffff", "🙂", "é", "\ue000", null),
};

const rows: fc.Arbitrary<Row[]> = fc.array(
  fc.record(Object.fromEntries(schema.map(({ name, type }) => [name, values[type]]))),
  {
    minLength: 1,
    maxLength: 12,
  },
);

function columnFrom(type: ScalarType, list: readonly Value[]): Column {
  const safe = list.map((v) => (typeof v === "bigint" && v >= -(2n ** 53n) && v <= 2n ** 53n ? Number(v) : v));
  return fromValues(type, safe);
}

function batchOf(list: readonly Row[]): Batch {
  return {
    rows: list.length,
    columns: new Map(
      schema.map(({ name, type }) => [
        name,
        columnFrom(
          type,
          list.map((row) => row[name]),
        ),
      ]),
    ),
  };
}

/** What the kernel gives, in the reference's terms; int64 is a bigint. */
function run(expression: Expression, list: readonly Row[], batches = 1): { type: string; values: Value[] } {
  const type = typeOf(expression.node, schema);
  const evaluator = compile(expression.node, schema);
  const out: Value[] = [];
  let found = "";
  // More than one batch: buffers are used again.
  for (let i = 0; i < batches; i++) {
    const column = evaluator(batchOf(list));
    found = column.type;
    out.length = 0;
    for (let row = 0; row < list.length; row++) {
      const value = valueAt(column, row);
      out.push(column.type === "int64" && typeof value === "number" ? BigInt(value) : value);
    }
  }
  expect(found).toBe(type === "null" ? "float64" : type);
  return { type, values: out };
}

function check(expression: Expression, list: readonly Row[]): void {
  let wanted: Value[] | undefined;
  try {
    wanted = list.map((row) => evaluate(expression.node, row, schema));
  } catch (error) {
    if (!(error instanceof Overflow)) throw error;
  }
  if (wanted === undefined) {
    expect(() => run(expression, list), String(expression)).toThrow(OverflowError);
    return;
  }
  const spelled = run(expression, list, 2).values.map(spell);
  if (spelled.join() !== wanted.map(spell).join()) expect(spelled, String(expression)).toEqual(wanted.map(spell));
}

const numeric: fc.Arbitrary<Operand> = fc.oneof(
  fc.constantFrom("i", "j", "f", "g", "b").map(col),
  fc.constantFrom<Operand>(0, 1, -3, 2.5, NaN, true, 2n ** 53n, 2n ** 62n, null),
);
const arithmetic = fc.constantFrom("add", "sub", "mul", "div", "floorDiv", "mod", "pow");
const comparisons = fc.constantFrom("eq", "ne", "lt", "le", "gt", "ge");
const asColumn = (operand: Operand) => (operand instanceof Expression ? operand : lit(operand));
const binary = (op: string, a: Operand, b: Operand) =>
  // The cast: the names above are those of methods that take one operand.
  (asColumn(a) as unknown as Record<string, (other: Operand) => Expression>)[op](b);

describe("against the reference", () => {
  const property = (name: string, expressions: fc.Arbitrary<Expression>, numRuns = 1_500) =>
    test(name, () => fc.assert(fc.property(expressions, rows, check), { numRuns }));

  property(
    "arithmetic",
    fc.tuple(arithmetic, numeric, numeric).map((parts) => binary(...parts)),
    4_000,
  );
  property(
    "arithmetic of arithmetic",
    fc.tuple(arithmetic, arithmetic, numeric, numeric, numeric).map(([o, p, a, b, c]) => binary(o, binary(p, a, b), c)),
    3_000,
  );
  const number = fc.oneof(
    fc.constantFrom("i", "j", "f", "g").map(col),
    fc.constantFrom<Operand>(0, 2.5, 2n ** 53n, 2n ** 53n + 1n, null),
  );
  property(
    "comparison of numbers",
    fc.tuple(comparisons, number, number).map((parts) => binary(...parts)),
    3_000,
  );
  const text = fc.oneof(fc.constantFrom("s", "t").map(col), fc.constantFrom<Operand>("", "a", "🙂", "\uffff", null));
  property(
    "comparison of strings, by code point",
    fc.tuple(comparisons, text, text).map((parts) => binary(...parts)),
  );
  const boolean = fc.oneof(
    fc.constantFrom("b", "c").map(col),
    fc.constantFrom<Operand>(true, false, null),
    fc.constant(col("i").lt(col("j"))),
  );
  property(
    "comparison of booleans",
    fc.tuple(comparisons, boolean, boolean).map((parts) => binary(...parts)),
  );
  property(
    "logic",
    fc
      .tuple(
        fc.constantFrom("and", "or", "xor"),
        fc.constantFrom("and", "or", "xor"),
        boolean,
        boolean,
        boolean,
        fc.boolean(),
      )
      .map(([o, p, a, b, c, no]) => binary(o, no ? binary(p, a, b).not() : binary(p, a, b), c)),
  );
  const any = fc.constantFrom(...schema.map(({ name }) => col(name)), col("i").add(col("j")), col("f").mul(2));
  property(
    "isNull and isNotNull",
    fc.tuple(any, fc.boolean()).map(([a, no]) => (no ? a.isNotNull() : a.isNull())),
  );
  property(
    "neg and abs",
    fc.tuple(fc.constantFrom("i", "f").map(col), fc.boolean()).map(([a, neg]) => (neg ? a.neg() : a.abs())),
  );
  property(
    "between",
    fc.tuple(number, number, number).map(([a, low, high]) => asColumn(a).between(low, high)),
  );
  property(
    "isIn",
    fc.oneof(
      fc
        .tuple(
          fc.constantFrom("i", "f"),
          fc.array(fc.constantFrom(1, 0, 2.5, 2n ** 53n, 2n ** 53n + 1n, 3n), { maxLength: 4 }),
        )
        .map(([a, list]) => col(a).isIn(list)),
      fc.array(fc.constantFrom("a", "", "🙂"), { maxLength: 3 }).map((list) => col("s").isIn(list)),
      fc.array(fc.boolean(), { maxLength: 2 }).map((list) => col("b").isIn(list)),
    ),
  );
  property(
    "fillNull",
    fc.oneof(
      fc.tuple(fc.constantFrom("i", "f").map(col), number).map(([a, b]) => a.fillNull(b)),
      text.map((b) => col("s").fillNull(b)),
      boolean.map((b) => col("b").fillNull(b)),
    ),
  );
  property(
    "cast",
    fc.oneof(
      fc
        .tuple(fc.constantFrom("i", "f", "b").map(col), fc.constantFrom<ScalarType>("int64", "float64", "string"))
        .map(([a, to]) => a.cast(to)),
      fc.constantFrom(col("s").cast("string"), col("b").cast("bool"), lit(null).cast("string"), lit(null).cast("bool")),
      fc.constant(col("i").cast("string").eq(col("s"))),
      fc.constant(col("i").mul(0).neg().cast("float64")),
    ),
  );
});

test("division rounded down gives Python's answers, also where the quotient is rounded up to a whole number", async () => {
  // [a, b, a // b], by Python 3.
  const cases: readonly (readonly [number, number, number])[] = [
    [1, 0.1, 9],
    [-1, 0.1, -10],
    [6, 0.1, 59],
    [7.5, -2, -4],
    [0.3, 0.1, 2],
    [1e16, 3, 3333333333333333],
    [-1e16, 3, -3333333333333335],
    [-1, Infinity, -1],
    [1, Infinity, 0],
    [1, 0.5, 2],
  ];
  const store = defaultStore();
  await using client = await Client.local({ workers: 0, store, progress: false });
  await store.put(
    "memory://expressions/floor.csv",
    Buffer.from(`a,b\n${cases.map(([a, b]) => `${a},${b}\n`).join("")}`),
  );
  const frame = readCsv("memory://expressions/floor.csv", { types: { a: "float64", b: "float64" } });
  const { data } = plain(await client.compute(frame.assign({ q: col("a").floorDiv(col("b")) })));
  expect(data["q"]).toEqual(cases.map(([, , quotient]) => quotient));
});

describe("what does not go together is refused, in words", () => {
  test.each<[Expression, RegExp]>([
    [col("s").add(1), /s \+ 1 needs int64 or float64 or bool, found string and int64/],
    [col("s").gt(1), /sets string against int64[\s\S]*cast\("string"\)/],
    [col("b").eq(1), /sets bool against int64/],
    [col("i").and(true), /needs bool/],
    [col("i").not(), /needs bool/],
    [col("b").neg(), /needs int64 or float64/],
    [col("b").cast("date"), /bool is cast to int64, float64, string/],
    [col("i").lower(), /lower\(i\) needs string, found int64/],
    [col("s").year(), /year\(s\) needs date or timestamp, found string/],
    [col("s").fillNull(0), /sets string against int64/],
    [col("s").isIn([1]), /sets string against int64/],
    [col("quantty").gt(1), /no column "quantty"/],
  ])("%s", (expression, message) => {
    expect(() => typeOf(expression.node, schema)).toThrow(message);
  });

  test("an aggregate outside of agg, and a column name that is none", () => {
    const frame = readCsv("a.csv");
    // Casts: what plain JavaScript lets through.
    expect(() => frame.assign({ x: col("a").sum() as unknown as Operand })).toThrow(/may stand only in agg/);
    expect(() => frame.filter("a > 1" as unknown as Expression)).toThrow(/found a string/);
    expect(() => col(3 as unknown as string)).toThrow(/expects a column name/);
    expect(() => lit({} as unknown as string)).toThrow(/found object/);
    expect(() => lit(2n ** 63n)).toThrow(/does not fit int64/);
  });
});

test("a comparison of two text columns forgets what it compared with in the batch before", async () => {
  // One constant a batch looks like a literal; the other column's dictionary is the same in all batches of a shard.
  const rows = [1, 2].map((n) => `1,${n}\n`.repeat(100_000)).join("");
  const store = defaultStore();
  await store.put("memory://expressions/texts.csv", Buffer.from(`s,n\n${rows}`));
  await using client = await Client.local({ workers: 0, store, progress: false });
  const frame = readCsv("memory://expressions/texts.csv", { types: { s: "string" } });
  const same = frame.filter(col("s").eq(col("n").cast("string"))).agg({ rows: size() });
  expect(plain(await client.compute(same)).data).toEqual({ rows: [100_000n] });
});
