import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { parseExpression } from "../../lib/cli/expression-parser.ts";
import { columnsRead } from "../../lib/collections/expression.ts";
import type { ScalarType, Schema } from "../../lib/collections/schema.ts";
import { typeOf } from "../../lib/collections/typing.ts";
import { valueAt, type Batch, type Column } from "../../lib/kernels/frame/column.ts";
import { compile } from "../../lib/kernels/frame/evaluate.ts";
import { fromValues } from "../../lib/kernels/frame/from-values.ts";
import { formatExpression } from "../../lib/collections/expression.ts";

/** What Python, NumPy, pandas and DuckDB make of nasty columns (test/fixtures/expressions/make.py), expression by expression. */

type Spelled = null | boolean | number | string;
interface Answer {
  readonly type: ScalarType;
  readonly values: readonly Spelled[];
  /** Functions of which the last bits are the platform's. */
  readonly close?: true;
}
const fixture = JSON.parse(readFileSync(new URL("../fixtures/expressions/answers.json", import.meta.url), "utf8")) as {
  readonly columns: Record<string, Answer>;
  readonly answers: Record<string, Answer>;
}; // as make.py writes it

const schema: Schema = Object.entries(fixture.columns).map(([name, { type }]) => ({ name, type }));

/** As `valueAt` gives it; whole numbers are bigints. */
function valueOf(value: Spelled, type: ScalarType): null | boolean | number | bigint | string {
  if (value === null || type === "string" || type === "bool") return value;
  return type === "float64" ? Number(value) : BigInt(value as string);
}

function columnOf({ type, values }: Answer): Column {
  const list = values.map((value) => valueOf(value, type));
  return fromValues(type, list.map((v) => (typeof v === "bigint" && BigInt(Number(v)) === v && Number.isSafeInteger(Number(v)) ? Number(v) : v))); // prettier-ignore
}

/** The same evaluator is given the rows, the rows backwards with another dictionary, and the rows again: answers that are kept must be the right ones. */
function run(text: string): {
  type: string;
  values: ReturnType<typeof valueOf>[];
  backwards: ReturnType<typeof valueOf>[];
} {
  const { node } = parseExpression(text);
  const names = [...columnsRead(node)];
  const rows = fixture.columns[names[0]].values.length;
  const answers = names.map((name): [string, Answer] => [name, fixture.columns[name]]);
  const batchOf = (list: typeof answers): Batch => ({
    rows,
    columns: new Map(list.map(([name, answer]) => [name, columnOf(answer)])),
  });
  const batch = batchOf(answers);
  const turned = batchOf(answers.map(([name, answer]) => [name, { ...answer, values: answer.values.toReversed() }]));
  const evaluate = compile(node, schema);
  evaluate(batch);
  const backwards = valuesOf(evaluate(turned), rows);
  const column = evaluate(batch);
  expect(typeOf(node, schema)).toBe(column.type);
  return { type: column.type, values: valuesOf(column, rows), backwards };
}

function valuesOf(column: Column, rows: number): ReturnType<typeof valueOf>[] {
  const isWhole = ["int64", "date", "timestamp"].includes(column.type);
  return Array.from({ length: rows }, (_, i) => {
    const value = valueAt(column, i);
    return isWhole && typeof value === "number" ? BigInt(value) : value;
  });
}

test.each(Object.entries(fixture.answers))("%s", (text, answer) => {
  const wanted = answer.values.map((value) => valueOf(value, answer.type));
  const found = run(text);
  expect(found.type).toBe(answer.type);
  expect(found.backwards.toReversed()).toEqual(found.values);
  if (answer.close === undefined) {
    expect(found.values).toEqual(wanted);
    return;
  }
  found.values.forEach((value, i) => {
    const other = wanted[i];
    const isNear = typeof value === "number" && typeof other === "number" && Math.abs(value - other) <= 4e-16 * Math.abs(other); // prettier-ignore
    if (!isNear) expect(value, `row ${i}`).toEqual(other);
  });
});

test.each(Object.keys(fixture.answers))("%s prints as it is read", (text) => {
  const { node } = parseExpression(text);
  expect(parseExpression(formatExpression(node)).node).toEqual(node);
});
