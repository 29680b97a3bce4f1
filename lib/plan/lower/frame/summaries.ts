import { makeAggregate, type Aggregate } from "../../../collections/aggregate.ts";
import type { DescribeNode, MatrixNode } from "../../../collections/dataframe/summary-nodes.ts";
import type { ExpressionNode } from "../../../collections/expression.ts";
import type { Schema } from "../../../collections/schema.ts";
import { fieldOf } from "../../../collections/typing.ts";
import { OptionError } from "../../../errors.ts";
import type { Operation } from "../../../kernels/frame/steps.ts";

/** `describe()` over these columns: one row of all statistics, which is then laid out as a table. */
export function describeOperations({ quantiles, approximate }: DescribeNode, schema: Schema): Operation[] {
  const columns = numbersIn(schema, "describe()", "statistic");
  const statistics: { readonly label: string; of(x: ExpressionNode): Aggregate }[] = [
    { label: "count", of: (x) => makeAggregate("count", [x]) },
    { label: "mean", of: (x) => makeAggregate("mean", [x]) },
    { label: "std", of: (x) => makeAggregate("std", [x]) },
    { label: "min", of: (x) => makeAggregate("min", [x]) },
    ...quantiles.map((q) => ({
      label: `${Number((100 * q).toFixed(9))}%`,
      of: (x: ExpressionNode) => makeAggregate(approximate ? "quantileApprox" : "quantile", [x], { q }),
    })),
    { label: "max", of: (x) => makeAggregate("max", [x]) },
  ];
  const cell = (label: string, name: string) => `${label} of ${name}`;
  const aggregates = columns.flatMap((name) =>
    statistics.map(({ label, of }) => ({ name: cell(label, name), value: of({ op: "col", name }).node })),
  );
  const labels = statistics.map(({ label }) => label);
  return [
    { do: "group", sink: { to: "group", keys: [], aggregates, keepNulls: false } },
    {
      do: "stack",
      label: "statistic",
      rows: labels,
      columns: columns.map((name) => ({ name, from: labels.map((label) => cell(label, name)) })),
    },
  ];
}

/** `corr()` and `cov()`: each pair of columns once, laid out as a symmetric matrix. */
export function matrixOperations({ of, names, params }: MatrixNode, schema: Schema): Operation[] {
  const columns = names ?? numbersIn(schema, `${of}()`, "column");
  for (const name of columns) fieldOf(name, schema);
  const cell = (i: number, j: number) => `${Math.min(i, j)} ${Math.max(i, j)}`;
  const aggregates = columns.flatMap((name, i) =>
    columns.slice(i).map((other, j) => {
      const inputs = [name, other].map((column): ExpressionNode => ({ op: "col", name: column }));
      return { name: cell(i, i + j), value: makeAggregate(of, inputs, params).node };
    }),
  );
  return [
    { do: "group", sink: { to: "group", keys: [], aggregates, keepNulls: false } },
    {
      do: "stack",
      label: "column",
      rows: columns,
      columns: columns.map((name, i) => ({ name, from: columns.map((_, j) => cell(i, j)) })),
    },
  ];
}

/** The columns of numbers; one of them must not have the name of the labels' column. */
function numbersIn(schema: Schema, what: string, label: string): string[] {
  const names = schema.filter(({ type }) => type === "int64" || type === "float64").map(({ name }) => name);
  if (names.length === 0)
    throw new OptionError(
      `${what} expects columns of numbers; the frame has ${schema.map(({ name, type }) => `${name} ${type}`).join(", ")}.`,
      { fix: "cast one, or give its type: readCsv(…, { types: { … } })." },
    );
  if (names.includes(label))
    throw new OptionError(`${what} puts its labels into a column "${label}", and the frame has one of that name.`, {
      fields: { column: label },
      fix: `rename it first: rename({ ${label}: "…" }).`,
    });
  return names;
}
