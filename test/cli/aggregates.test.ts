import { expect, test } from "vitest";
import { parseAggregate } from "../../lib/cli/expression-parser.ts";
import { AGGREGATE_NAMES, AGGREGATES } from "../../lib/collections/aggregate-table.ts";
import { aggregateAt } from "../../lib/collections/check-expression.ts";
import { col, size, type Aggregate } from "../../lib/index.ts";

const x = col("x");
const all: Readonly<Record<string, Aggregate>> = {
  "quantile(x, 0.9)": x.quantile(0.9),
  'quantile(x, 0.25, "lower")': x.quantile(0.25, { interpolation: "lower" }),
  "quantileApprox(x, 0.5, 0.001)": x.quantileApprox(0.5, { error: 0.001 }),
  "std(x, 0)": x.std({ ddof: 0 }),
  "corr(x, y)": x.corr(col("y")),
  "cov(x, y * 2, 0)": x.cov(col("y").mul(2), { ddof: 0 }),
  "nuniqueApprox(x)": x.nuniqueApprox(),
  "size()": size(),
};

test("aggregates are read as they are printed, in any case, and go through JSON", () => {
  for (const [text, aggregate] of Object.entries(all)) {
    expect(String(aggregate)).toBe(text);
    expect(parseAggregate(`a = ${text}`).value.node).toEqual(aggregate.node);
    expect(parseAggregate(`a = ${text.replace(/^\w+/, (name) => name.toUpperCase())}`).value.node).toEqual(
      aggregate.node,
    );
    expect(aggregateAt(JSON.parse(JSON.stringify(aggregate.node)), "a")).toEqual(aggregate.node);
  }
  for (const name of AGGREGATE_NAMES.filter((kind) => AGGREGATES[kind].inputs === 1 && !needsConstant(kind)))
    expect(parseAggregate(`a = ${name}(x)`).value.node).toEqual({ kind: name, input: x.node });
});

function needsConstant(kind: (typeof AGGREGATE_NAMES)[number]): boolean {
  return AGGREGATES[kind].params?.some(({ optional }) => optional !== true) ?? false;
}

test("what is missing or means nothing is named", () => {
  expect(() => parseAggregate("a = quantile(x)")).toThrow(/quantile expects a number from 0 to 1 for q/);
  expect(() => parseAggregate("a = quantile(x, 2)")).toThrow(/a number from 0 to 1 for q/);
  expect(() => parseAggregate("a = corr(x)")).toThrow(/, is expected/);
  expect(() => parseAggregate("a = mean(x, 3)")).toThrow(/\) is expected/);
  expect(() => aggregateAt({ kind: "corr", input: x.node }, "a")).toThrow(/a\.other expects an object, found nothing/);
  expect(() => aggregateAt({ kind: "sum", input: x.node, other: x.node }, "a")).toThrow(/a\.other expects nothing/);
  expect(() => aggregateAt({ kind: "quantile", input: x.node }, "a")).toThrow(
    /a\.params\.q expects a number from 0 to 1/,
  );
  expect(() => aggregateAt({ kind: "medan", input: x.node }, "a")).toThrow(
    expect.objectContaining({ fix: expect.stringContaining('"median"') }),
  );
});
