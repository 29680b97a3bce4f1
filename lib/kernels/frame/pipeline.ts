import { formatExpression, type ExpressionNode } from "../../collections/expression.ts";
import { fieldsAmong, findField } from "../../collections/names.ts";
import type { Schema } from "../../collections/schema.ts";
import { fieldOf, typeOf } from "../../collections/typing.ts";
import { InternalError, TypeMismatchError } from "../../errors.ts";
import { columnOf, type Batch, type Column } from "./column.ts";
import { compile } from "./evaluate.ts";
import { RowHasher } from "./hash.ts";
import type { JoinTable } from "./join.ts";
import { positionOf } from "./position.ts";
import type { Step } from "./steps.ts";

/** The schema behind a step. The null literal alone becomes float64. `UnknownColumnError`, `TypeMismatchError`. */
export function schemaAfter(schema: Schema, step: Step): Schema {
  if (step.do === "filter") {
    checkCondition(step.condition, schema);
    return step.keep === undefined ? schema : fieldsAmong(schema, step.keep);
  }
  if (step.do === "sample") {
    for (const name of step.columns) fieldOf(name, schema);
    return step.keep === undefined ? schema : fieldsAmong(schema, step.keep);
  }
  if (step.do === "place") return [...schema, { name: step.name, type: "int64" }];
  if (step.do === "lookup") return step.join.output.map(({ name, type }) => ({ name, type }));
  const added = step.columns.map(({ name, value }) => ({ name, type: nullAsFloat(typeOf(value, schema)) }));
  const replaced = schema.map((field) => findField(added, field.name) ?? field);
  return [...replaced, ...added.filter(({ name }) => findField(schema, name) === undefined)];
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

/** What steps may need of the task. */
export interface StepContext {
  /** What batches are joined to, by stage. */
  readonly tables?: ReadonlyMap<string, JoinTable>;
  /** The task's index. */
  readonly task?: number;
}

/** All steps as one function from batch to batch. */
export function compileSteps(
  steps: readonly Step[],
  schema: Schema,
  context: StepContext = {},
): { run: (batch: Batch) => Batch; schema: Schema } {
  const compiled: ((batch: Batch) => Batch)[] = [];
  let current = schema;
  for (const step of steps) {
    compiled.push(compileStep(step, current, context));
    current = schemaAfter(current, step);
  }
  return { run: (batch) => compiled.reduce((b, run) => run(b), batch), schema: current };
}

function compileStep(step: Step, schema: Schema, { tables, task = 0 }: StepContext): (batch: Batch) => Batch {
  switch (step.do) {
    case "filter":
      return compileFilter(step, schema);
    case "assign":
      return compileAssign(step, schema);
    case "sample":
      return compileSample(step, schema);
    case "place":
      return compilePlace(step.name, task);
    case "lookup": {
      const prober = tables?.get(step.table)?.prober();
      if (prober === undefined) throw new InternalError(`The table of stage "${step.table}" is not beside this task.`);
      return (batch) => prober.probe(batch);
    }
  }
}

function compilePlace(name: string, task: number): (batch: Batch) => Batch {
  let seen = 0;
  return (batch) => {
    const from = seen;
    seen += batch.rows;
    const values = Float64Array.from({ length: batch.rows }, (_, i) => positionOf(task, from + i));
    return { ...batch, columns: new Map([...batch.columns, [name, { type: "int64", values }]]) };
  };
}

function compileSample(step: Step & { do: "sample" }, schema: Schema): (batch: Batch) => Batch {
  const keep = step.keep ?? schema.map(({ name }) => name);
  const hasher = new RowHasher(step.seed);
  return (batch) => {
    const hashes = hasher.hashes(
      step.columns.map((name) => columnOf(batch, name)),
      batch.rows,
    );
    const chosen: number[] = [];
    for (let i = 0; i < batch.rows; i++) if ((hashes[i] >>> 0) / 4294967296 < step.fraction) chosen.push(i);
    const rows = Int32Array.from(chosen);
    return { rows: rows.length, columns: new Map(keep.map((name) => [name, gather(columnOf(batch, name), rows)])) };
  };
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
    const columns = keep.map((name): [string, Column] => [name, gather(columnOf(batch, name), kept)]);
    return { rows, columns: new Map(columns), memory: batch.memory };
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
  const wide = column.values;
  if (column.type !== "float64" && wide instanceof BigInt64Array) {
    const values = new BigInt64Array(n);
    for (let i = 0; i < n; i++) values[i] = wide[rows[i]];
    return { type: column.type, values, valid };
  }
  const values = new Float64Array(n);
  const from = column.values as Float64Array; // what is not wide
  for (let i = 0; i < n; i++) values[i] = from[rows[i]];
  return { type: column.type, values, valid };
}

function gatherBytes(from: Uint8Array, rows: Int32Array): Uint8Array {
  const out = new Uint8Array(rows.length);
  for (let i = 0; i < out.length; i++) out[i] = from[rows[i]];
  return out;
}
