import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { parseAggregate, parseAssignment, parseExpression } from "../../lib/cli/expression-parser.ts";
import { UsageError } from "../../lib/cli/usage.ts";
import { Expression, col, lit } from "../../lib/collections/expression.ts";
import { SCALAR_TYPES } from "../../lib/collections/schema.ts";

const [a, b, c] = [col("a"), col("b"), col("c")];

describe("precedence", () => {
  test.each<[string, Expression]>([
    ["quantity > 50", col("quantity").gt(50)],
    ["a + b * c", a.add(b.mul(c))],
    ["(a + b) * c", a.add(b).mul(c)],
    ["a - b - c", a.sub(b).sub(c)],
    ["a / b // c % 2", a.div(b).floorDiv(c).mod(2)],
    ["a ** b ** c", a.pow(b.pow(c))],
    ["-a ** 2", a.pow(2).neg()],
    ["-5 ** 2", lit(5).pow(2).neg()],
    ["2 ** -a", lit(2).pow(a.neg())],
    ["-5", lit(-5)],
    ["a - -5", a.sub(-5)],
    ["+a", a],
    ["a < b and b < c or not a = 1", a.lt(b).and(b.lt(c)).or(a.eq(1).not())],
    ["a or b xor c and a", a.or(b.xor(c.and(a)))],
    ["not a and b", a.not().and(b)],
    ["not not a", a.not().not()],
    ["not(a) = b", a.eq(b).not()],
    ["a AND B", a.and(col("B"))],
    ["a == 1 and b <> 2 and c != 3", a.eq(1).and(b.ne(2)).and(c.ne(3))],
    ["a + b is null", a.add(b).isNull()],
    ["a IS NOT NULL and b", a.isNotNull().and(b)],
    ["a in (1, -2, 'x', true)", a.isIn([1, -2, "x", true])],
    ["a not in (1)", a.isIn([1]).not()],
    ["a in ()", a.isIn([])],
    ["a between 1 and b + 2 and c", a.between(1, b.add(2)).and(c)],
    ["a not between 1 and 2", a.between(1, 2).not()],
    ["abs(a - b) >= 1_000", a.sub(b).abs().ge(1000)],
    ["fillNull(a, 0) + cast(b, int64) + cast(c as float64)", a.fillNull(0).add(b.cast("int64")).add(c.cast("float64"))],
    ["`unit price` * 2", col("unit price").mul(2)],
    ["`a``b` = 'it''s' or a = \"say \\\"é\\\" \\u00e9\\n\"", col("a`b").eq("it's").or(a.eq('say "é" é\n'))],
    ["größe > 1", col("größe").gt(1)],
    ["null", lit(null)],
    ["False", lit(false)],
    ["9223372036854775807", lit(9223372036854775807n)],
    ["-9223372036854775808", lit(-9223372036854775808n)],
    ["1.5e3 + .5", new Expression({ op: "lit", type: "float64", value: 1500 }).add(0.5)],
  ])("%s", (text, expected) => {
    expect(parseExpression(text).node).toEqual(expected.node);
  });

  test("a number with a point is a float, whatever its value", () => {
    expect(parseExpression("1.0").node).toEqual({ op: "lit", type: "float64", value: 1 });
    expect(parseExpression("1").node).toEqual({ op: "lit", type: "int64", value: 1 });
  });
});

test("assignments and aggregates", () => {
  const { name, value } = parseAssignment("revenue = quantity * price");
  expect([name, String(value)]).toEqual(["revenue", "quantity * price"]);
  expect(parseAssignment("`is big` = a = 5").name).toBe("is big");
  expect(parseAggregate("n = size()").value.node).toEqual({ kind: "size" });
  for (const kind of ["sum", "mean", "min", "max", "count"] as const)
    expect(parseAggregate(`x = ${kind.toUpperCase()}(a + 1)`).value.node).toEqual(a.add(1)[kind]().node);
});

describe("what cannot be read is shown", () => {
  const parse = { filter: parseExpression, assign: parseAssignment, agg: parseAggregate };
  test.each<[keyof typeof parse, string, string, RegExp | undefined]>([
    ["filter", "quantity >", "a value is expected, found the end:\n  quantity >\n            ^", undefined],
    ["filter", "", "a value is expected, found the end:\n  \n  ^", undefined],
    ["filter", "a > 5 5", 'an operator or the end is expected, found "5":\n  a > 5 5\n        ^', undefined],
    ["filter", "a $ b", 'cannot read "$" here:\n  a $ b\n    ^', undefined],
    ["filter", "a = 'x", "the quote ' is never closed:\n  a = 'x\n      ^", undefined],
    ["filter", "1 < a < 3", 'comparisons do not chain, found "<":\n  1 < a < 3\n        ^', /and/],
    ["filter", "(a + b", ") is expected, found the end:\n  (a + b\n        ^", undefined],
    ["filter", "ab(x)", 'there is no function ab, found "ab":\n  ab(x)\n  ^', /did you mean abs/],
    [
      "filter",
      "sum(a) > 1",
      'sum is an aggregate; it may stand only in --agg, found "sum":\n  sum(a) > 1\n  ^',
      undefined,
    ],
    [
      "filter",
      "a in (b)",
      'a number, a string, true or false is expected, found "b":\n  a in (b)\n        ^',
      undefined,
    ],
    [
      "filter",
      "cast(a, number)",
      'a type is expected: bool, int64, float64, string, date, timestamp, found "number":\n  cast(a, number)\n          ^',
      undefined,
    ],
    ["filter", "or", 'a value is expected, found "or":\n  or\n  ^', /backticks/],
    ["filter", "9223372036854775808", "an integer of 64 bits is expected", /\.0 for a float/],
    [
      "assign",
      "quantity * price",
      'a name and = are expected first, found "quantity":\n  quantity * price\n  ^',
      /revenue = /,
    ],
    ["agg", "r = revenue", 'an aggregate is expected, found "revenue":\n  r = revenue\n      ^', /use one of sum/],
    ["agg", "r = summ(x)", 'an aggregate is expected, found "summ":\n  r = summ(x)\n      ^', /did you mean sum/],
    ["agg", "r = size(x)", ') is expected, found "x":\n  r = size(x)\n           ^', undefined],
  ])("--%s %s", (option, text, message, fix) => {
    try {
      parse[option](text);
    } catch (error) {
      if (!(error instanceof UsageError)) throw error;
      expect(error.message).toContain(message);
      if (fix !== undefined) expect(error.fix).toMatch(fix);
      return;
    }
    throw new Error("this should have been refused");
  });

  test("whatever the text, there is an expression or a usage error", () => {
    const word = fc.constantFrom(
      "a",
      "1",
      "-",
      "not",
      "in",
      "(",
      ")",
      ",",
      "is",
      "null",
      "and",
      "=",
      "'x'",
      "**",
      "sum",
      "cast",
    );
    const text = fc.oneof(
      fc.string(),
      fc.array(word, { maxLength: 8 }).map((words) => words.join(" ")),
    );
    fc.assert(
      fc.property(text, (text) => {
        try {
          parseExpression(text);
        } catch (error) {
          expect(error).toBeInstanceOf(UsageError);
        }
      }),
      { numRuns: 2_000 },
    );
  });
});

test("what an expression prints reads as the same expression", () => {
  const value = fc.oneof(
    fc.boolean(),
    fc.integer(),
    fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }).filter((n) => BigInt(Number(n)) !== n),
    fc.double({ noNaN: true, noDefaultInfinity: true }),
    fc.string(),
  );
  const { expression } = fc.letrec<{ expression: Expression }>((tie) => ({
    expression: fc.oneof(
      { maxDepth: 4 },
      fc.constantFrom(a, b, c),
      fc.option(value).map(lit),
      fc
        .tuple(
          fc.constantFrom("add", "sub", "mul", "div", "floorDiv", "mod", "eq", "ne", "lt", "ge", "and", "or", "xor"),
          tie("expression"),
          tie("expression"),
        )
        .map(([op, left, right]) => left[op](right)),
      fc.tuple(fc.constantFrom("pow", "fillNull"), tie("expression")).map(([op, right]) => a[op](right)),
      fc
        .tuple(fc.constantFrom("neg", "abs", "not", "isNull", "isNotNull"), tie("expression"))
        .map(([op, x]) => x[op]()),
      fc.tuple(tie("expression"), fc.array(value, { maxLength: 3 })).map(([x, values]) => x.isIn(values)),
      fc.tuple(tie("expression"), fc.constantFrom(...SCALAR_TYPES)).map(([x, to]) => x.cast(to)),
    ),
  }));
  fc.assert(
    fc.property(expression, (expression) => {
      expect(parseExpression(String(expression)).node).toEqual(expression.node);
    }),
    { numRuns: 1_000 },
  );
});
