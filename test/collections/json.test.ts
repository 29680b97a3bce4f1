import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { DataFrame } from "../../lib/collections/dataframe/dataframe.ts";
import { readCsv } from "../../lib/collections/dataframe/read-csv.ts";
import { col, lit, size, type Aggregate, type Expression } from "../../lib/collections/expression.ts";
import { SCALAR_TYPES } from "../../lib/collections/schema.ts";
import { PlanError } from "../../lib/errors.ts";

const value = fc.oneof(
  fc.boolean(),
  fc.integer(),
  fc.double(),
  fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
  fc.string(),
);
const name = fc.string({ minLength: 1, maxLength: 8 });

/** Expressions of every kind, three deep or so. */
const { expression } = fc.letrec<{ expression: Expression }>((tie) => ({
  expression: fc.oneof(
    { maxDepth: 4, depthSize: "small" },
    name.map(col),
    fc.option(value).map(lit),
    fc
      .tuple(
        fc.constantFrom("add", "sub", "mul", "div", "floorDiv", "mod", "pow", "eq", "ne", "lt", "le"),
        tie("expression"),
        tie("expression"),
      )
      .map(([op, left, right]) => left[op](right)),
    fc
      .tuple(fc.constantFrom("gt", "ge", "and", "or", "xor", "fillNull"), tie("expression"), tie("expression"))
      .map(([op, left, right]) => left[op](right)),
    fc
      .tuple(fc.constantFrom("neg", "abs", "not", "isNull", "isNotNull"), tie("expression"))
      .map(([op, arg]) => arg[op]()),
    fc.tuple(tie("expression"), fc.array(value, { maxLength: 4 })).map(([arg, values]) => arg.isIn(values)),
    fc.tuple(tie("expression"), fc.constantFrom(...SCALAR_TYPES)).map(([arg, to]) => arg.cast(to)),
  ),
}));

const aggregate: fc.Arbitrary<Aggregate> = fc.oneof(
  fc.constant(size()),
  fc.tuple(fc.constantFrom("sum", "mean", "min", "max", "count"), expression).map(([kind, input]) => input[kind]()),
);
const record = <T>(inner: fc.Arbitrary<T>) => fc.dictionary(name, inner, { minKeys: 1, maxKeys: 3 });

type Step = (frame: DataFrame) => DataFrame;
const step: fc.Arbitrary<Step> = fc.oneof(
  expression.map(
    (condition): Step =>
      (frame) =>
        frame.filter(condition),
  ),
  record(expression).map(
    (columns): Step =>
      (frame) =>
        frame.assign(columns),
  ),
  fc.uniqueArray(name, { maxLength: 4 }).map(
    (names): Step =>
      (frame) =>
        frame.select(names),
  ),
  fc.nat().map(
    (rows): Step =>
      (frame) =>
        frame.head(rows),
  ),
  fc.tuple(record(aggregate), fc.boolean()).map(([aggregates, keepNulls]): Step => (frame) => {
    return frame.groupBy("the key of it", { keepNulls }).agg(aggregates);
  }),
);

describe("a frame as JSON", () => {
  test("comes back as it was", () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 6 }), (steps) => {
        const start = readCsv(["a.csv", "s3://b/*.csv"], { delimiter: ";", types: { a: "int64" }, blockSize: "1MB" });
        const frame = steps.reduce((at, next) => next(at), start);
        const back = DataFrame.fromJSON(JSON.parse(JSON.stringify(frame)));
        expect(back.node).toEqual(frame.node);
        expect(String(back)).toBe(String(frame));
      }),
      { numRuns: 300 },
    );
  });

  test("is versioned and readable", () => {
    expect(JSON.parse(JSON.stringify(readCsv("a.csv").filter(col("n").gt(50))))).toEqual({
      abanico: 1,
      frame: {
        kind: "filter",
        input: { kind: "csv", paths: ["a.csv"], options: {} },
        condition: {
          op: "gt",
          args: [
            { op: "col", name: "n" },
            { op: "lit", type: "int64", value: 50 },
          ],
        },
      },
    });
  });

  test("may leave the options of csv out", () => {
    const frame = DataFrame.fromJSON({ abanico: 1, frame: { kind: "csv", paths: ["a.csv"] } });
    expect(frame.node).toEqual(readCsv("a.csv").node);
  });

  test("is refused for kept rows, which stay with their client", () => {
    const kept = new DataFrame({ kind: "kept", schema: [], refs: [], rows: 0, bytes: 0 }).head(3);
    expect(() => kept.toJSON()).toThrow(/frame\.input starts from rows that a client keeps.*\n.*before persist/);
    expect(() => DataFrame.fromJSON({ abanico: 1, frame: kept.node })).toThrow(PlanError);
  });

  const csv = { kind: "csv", paths: ["a.csv"], options: {} };
  const lit1 = (literal: unknown, type = "int64") => ({
    kind: "filter",
    input: csv,
    condition: { op: "lit", type, value: literal },
  });
  test.each<[string, unknown, RegExp]>([
    ["", "{}", /an object, found "{}"/],
    ["abanico", { frame: csv }, /version 1 of pipelines, found nothing/],
    ["abanico", { abanico: 9, frame: csv }, /newer version/],
    ["frame", { abanico: 1 }, /an object/],
    ["frame.kind", { abanico: 1, frame: { kind: "cvs" } }, /did you mean "csv"/],
    ["frame.paths", { abanico: 1, frame: { kind: "csv", paths: [] } }, /at least one/],
    ["frame.paths[0]", { abanico: 1, frame: { kind: "csv", paths: [3] } }, /a string, found 3/],
    [
      "frame.options.delimeter",
      { abanico: 1, frame: { ...csv, options: { delimeter: ";" } } },
      /did you mean "delimiter"/,
    ],
    [
      'frame.options.types["a"]',
      { abanico: 1, frame: { ...csv, options: { types: { a: "int" } } } },
      /types\["a"\] expects/,
    ],
    ["frame.options.names", { abanico: 1, frame: { ...csv, options: { names: "a" } } }, /names expects a list/],
    [
      "frame.input.input.kind",
      { abanico: 1, frame: { kind: "head", rows: 1, input: { kind: "head", rows: 1, input: {} } } },
      /nothing/,
    ],
    ["frame.rows", { abanico: 1, frame: { kind: "head", input: csv, rows: -1 } }, /at least 0/],
    [
      "frame.keys[0]",
      { abanico: 1, frame: { kind: "group", input: csv, keys: [{}], aggregates: [], keepNulls: false } },
      /a string/,
    ],
    [
      "frame.aggregates[0].value.kind",
      {
        abanico: 1,
        frame: {
          kind: "group",
          input: csv,
          keys: [],
          aggregates: [{ name: "a", value: { kind: "summ" } }],
          keepNulls: false,
        },
      },
      /did you mean "sum"/,
    ],
    ["frame.condition.value", { abanico: 1, frame: lit1("1") }, /a value of type int64, found "1"/],
    ["frame.condition.value.int", { abanico: 1, frame: lit1({ int: "9223372036854775808" }) }, /64 bits/],
    ["frame.condition.value.float", { abanico: 1, frame: lit1({ float: "nan" }, "float64") }, /"NaN"/],
  ])("is refused with the path: %s", (path, json, message) => {
    try {
      DataFrame.fromJSON(json);
    } catch (error) {
      if (!(error instanceof PlanError)) throw error;
      expect(error.fields["path"]).toBe(path);
      expect(error.message).toMatch(message);
      return;
    }
    throw new Error("this should have been refused");
  });
});
