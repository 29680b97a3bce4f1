import { columnsRead, formatExpression, type ExpressionNode } from "../../collections/expression.ts";
import type { Schema } from "../../collections/schema.ts";
import type { Operation, Sink, Step } from "../../kernels/frame/steps.ts";

/** A list of operations, and what was done to it. Optimizations are functions from one to the next. */
export interface Optimized {
  readonly operations: readonly Operation[];
  readonly notes: readonly string[];
}

/**
 * Moves filters before operations that do not make what they read, so that fewer rows get that far; joins filters that meet, unless
 * the second could fail on a row that the first leaves out.
 */
export function pushFiltersDown({ operations, notes }: Optimized): Optimized {
  const out: Operation[] = [];
  const said = [...notes];
  for (const operation of operations) {
    if (operation.do !== "filter") {
      out.push(operation);
      continue;
    }
    let at = out.length;
    while (at > 0 && mayPass(operation, out[at - 1])) at--;
    if (out.slice(at).some((passed) => passed.do === "assign"))
      said.push(
        `pushed down: filter ${formatExpression(operation.condition)} runs before the columns it does not need`,
      );
    const before = out[at - 1];
    if (at > 0 && before.do === "filter" && !mayFail(operation.condition))
      out[at - 1] = { do: "filter", condition: { op: "and", args: [before.condition, operation.condition] } };
    else out.splice(at, 0, operation);
  }
  return { operations: out, notes: said };
}

function mayPass(filter: Step & { do: "filter" }, other: Operation): boolean {
  if (other.do === "select") return true;
  if (other.do !== "assign") return false;
  const read = columnsRead(filter.condition);
  return !other.columns.some(({ name }) => read.has(name));
}

/** Whether an expression may raise `OverflowError`. */
function mayFail(node: ExpressionNode): boolean {
  if (node.op === "col" || node.op === "lit") return false;
  return ["add", "sub", "mul", "floorDiv", "neg", "abs"].includes(node.op) || node.args.some(mayFail);
}

/** Steps that keep just the columns that something behind them needs; `columns`: what must be read, in the source's order. */
export function pruneColumns(
  source: Schema,
  operations: readonly Operation[],
  sink: Sink,
): { columns: Schema; steps: Step[] } {
  let needed = new Set(sink.to === "collect" ? sink.columns : sink.keys);
  if (sink.to === "group")
    for (const { value } of sink.aggregates) if (value.input !== undefined) columnsRead(value.input, needed);
  const steps: Step[] = [];
  for (const operation of [...operations].reverse()) {
    if (operation.do === "filter") {
      steps.unshift({ ...operation, keep: [...needed] });
      needed = columnsRead(operation.condition, new Set(needed));
    } else if (operation.do === "assign") {
      const columns = operation.columns.filter(({ name }) => needed.has(name));
      if (columns.length === 0) continue;
      steps.unshift({ do: "assign", columns });
      for (const { name } of columns) needed.delete(name);
      for (const { value } of columns) columnsRead(value, needed);
    }
  }
  return { columns: source.filter(({ name }) => needed.has(name)), steps };
}
