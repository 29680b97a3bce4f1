import { formatExpression, type ExpressionNode } from "../../collections/expression.ts";
import type { Schema } from "../../collections/schema.ts";
import { typeOf } from "../../collections/typing.ts";
import { TypeMismatchError } from "../../errors.ts";
import { columnOf, type Batch, type Column } from "./column.ts";
import { compile } from "./evaluate.ts";
import type { Step } from "./steps.ts";

/** The schema behind a step. The null literal alone becomes float64. `UnknownColumnError`, `TypeMismatchError`. */
export function schemaAfter(schema: Schema, step: Step): Schema {
  if (step.do === "filter") {
    checkCondition(step.condition, schema);
    return schema.filter((field) => step.keep?.includes(field.name) ?? true);
  }
  const added = step.columns.map(({ name, value }) => ({ name, type: nullAsFloat(typeOf(value, schema)) }));
  const replaced = schema.map((field) => added.find((a) => a.name === field.name) ?? field);
  return [...replaced, ...added.filter((a) => !schema.some((field) => field.name === a.name))];
}

function checkCondition(condition: ExpressionNode, schema: Schema): void {
  const type = typeOf(condition, schema);
  if (type === "bool" || type === "null") return;
  throw new TypeMismatchError(`filter needs a condition, and ${formatExpression(condition)} is ${type}, not bool.`, {
    fields: { expression: formatExpression(condition), found: type, expected: "bool" },
    fix: "compare it with something, as in .gt(0) or .isNotNull().",
  });
}

function nullAsFloat<T extends string>(type: T): Exclude<T, "null"> | "float64" {
  // The cast drops "null", which the condition has taken.
  return type === "null" ? "float64" : (type as Exclude<T, "null">);
}

/** All steps as one function from batch to batch. */
export function compileSteps(steps: readonly Step[], schema: Schema): { run: (batch: Batch) => Batch; schema: Schema } {
  const compiled: ((batch: Batch) => Batch)[] = [];
  let current = schema;
  for (const step of steps) {
    compiled.push(step.do === "filter" ? compileFilter(step, current) : compileAssign(step, current));
    current = schemaAfter(current, step);
  }
  return { run: (batch) => compiled.reduce((b, run) => run(b), batch), schema: current };
}

function compileAssign(step: Step & { do: "assign" }, schema: Schema): (batch: Batch) => Batch {
  const added = step.columns.map(({ name, value }) => ({ name, evaluate: compile(value, schema) }));
  return (batch) => {
    const columns = new Map(batch.columns);
    for (const { name, evaluate } of added) columns.set(name, evaluate(batch));
    return { ...batch, columns };
  };
}

function compileFilter(step: Step & { do: "filter" }, schema: Schema): (batch: Batch) => Batch {
  const condition = compile(step.condition, schema);
  const keep = step.keep ?? schema.map(({ name }) => name);
  let chosen = new Int32Array(0);
  return (batch) => {
    const mask = condition(batch);
    if (chosen.length < batch.rows) chosen = new Int32Array(Math.ceil(batch.rows * 1.25));
    let rows = 0;
    // A condition's column is boolean (or all null, in the null literal's float64: nothing is kept).
    if (mask.type === "bool") {
      const { values, valid } = mask;
      for (let i = 0; i < batch.rows; i++) {
        chosen[rows] = i;
        rows += values[i] & (valid === undefined ? 1 : valid[i]);
      }
    }
    const kept = chosen.subarray(0, rows);
    return { rows, columns: new Map(keep.map((name) => [name, gather(columnOf(batch, name), kept)])) };
  };
}

/** The rows chosen, in a column of its own memory. */
export function gather(column: Column, rows: Int32Array): Column {
  const n = rows.length;
  if (column.type === "string") {
    const codes = new Int32Array(n);
    for (let i = 0; i < n; i++) codes[i] = column.codes[rows[i]];
    return { type: "string", codes, dictionary: column.dictionary };
  }
  const valid = column.valid === undefined ? undefined : gatherBytes(column.valid, rows);
  if (column.type === "bool") return { type: "bool", values: gatherBytes(column.values, rows), valid };
  if (column.values instanceof BigInt64Array) {
    const wide = column.values;
    return { type: "int64", values: BigInt64Array.from(rows, (row) => wide[row]), valid };
  }
  const values = new Float64Array(n);
  const from = column.values;
  for (let i = 0; i < n; i++) values[i] = from[rows[i]];
  return { type: column.type, values, valid };
}

function gatherBytes(from: Uint8Array, rows: Int32Array): Uint8Array {
  const out = new Uint8Array(rows.length);
  for (let i = 0; i < out.length; i++) out[i] = from[rows[i]];
  return out;
}
