import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { parseExpression } from "../../lib/cli/expression-parser.ts";
import { columnsRead } from "../../lib/collections/expression.ts";
import type { ScalarType, Schema } from "../../lib/collections/schema.ts";
import { typeOf } from "../../lib/collections/typing.ts";
import { valueAt, type Batch, type Column } from "../../lib/kernels/frame/column.ts";
import { compile, fromValues } from "../../lib/kernels/frame/evaluate.ts";
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

function run(text: string, repeat = 1): { type: string; values: ReturnType<typeof valueOf>[] } {
  const { node } = parseExpression(text);
  const names = [...columnsRead(node)];
  const columns = new Map(names.map((name) => [name, columnOf(fixture.columns[name])]));
  const rows = names.length === 0 ? 1 : fixture.columns[names[0]].values.length;
  const batch: Batch = { rows, columns };
  const evaluate = compile(node, schema);
  let column = evaluate(batch);
  // Answers that are kept by dictionary are asked for again, and with another dictionary.
  for (let i = 1; i < repeat; i++) {
    evaluate({ rows, columns: new Map(names.map((name) => [name, columnOf(fixture.columns[name])])) });
    column = evaluate(batch);
  }
  const isWhole = ["int64", "date", "timestamp"].includes(column.type);
  const values = Array.from({ length: rows }, (_, i) => {
    const value = valueAt(column, i);
    return isWhole && typeof value === "number" ? BigInt(value) : value;
  });
  expect(typeOf(node, schema)).toBe(column.type);
  return { type: column.type, values };
}

test.each(Object.entries(fixture.answers))("%s", (text, answer) => {
  const wanted = answer.values.map((value) => valueOf(value, answer.type));
  const found = run(text, 2);
  expect(found.type).toBe(answer.type);
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
