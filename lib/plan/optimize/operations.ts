import { inputsOfAggregate } from "../../collections/aggregate.ts";
import { overReads } from "../../collections/dataframe/over-nodes.ts";
import { columnsRead, formatExpression } from "../../collections/expression.ts";
import type { Schema } from "../../collections/schema.ts";
import { mayFail } from "../../collections/typing.ts";
import type { GatherSink, Operation, SampleSink, Sink, Step } from "../../kernels/frame/steps.ts";

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
    const passed = new Set(out.slice(at).map((other) => other.do));
    const text = formatExpression(operation.condition);
    if (passed.has("assign")) said.push(`pushed down: filter ${text} runs before the columns it does not need`);
    if (passed.has("sort") || passed.has("distinct"))
      said.push(`pushed down: filter ${text} runs before rows are moved`);
    const before = out[at - 1];
    if (at > 0 && before.do === "filter" && !mayFail(operation.condition))
      out[at - 1] = { do: "filter", condition: { op: "and", args: [before.condition, operation.condition] } };
    else out.splice(at, 0, operation);
  }
  return { operations: out, notes: said };
}

function mayPass(filter: Step & { do: "filter" }, other: Operation): boolean {
  if (other.do === "select" || other.do === "sort" || other.do === "sample" || other.do === "repartition") return true;
  const read = columnsRead(filter.condition);
  if (other.do === "distinct") return [...read].every((name) => other.columns.includes(name));
  if (other.do !== "assign") return false;
  return !other.columns.some(({ name }) => read.has(name));
}

/** Moves limits before what is done to each row, so that it is done to fewer; and what orders rows meets its limit. */
export function pushLimitsDown({ operations, notes }: Optimized): Optimized {
  const out: Operation[] = [];
  for (const operation of operations) {
    let at = out.length;
    if (operation.do === "head" || operation.do === "tail")
      while (at > 0 && ["assign", "select"].includes(out[at - 1].do)) at--;
    out.splice(at, 0, operation);
  }
  return { operations: out, notes };
}

/** The columns that a sink takes. */
export function columnsTaken(sink: GatherSink | SampleSink): Set<string> {
  if (sink.to === "sample") return new Set(sink.keys.map(({ column }) => column));
  if (sink.to === "collect") {
    const taken = new Set(sink.columns);
    if (sink.pick?.by === "distinct") for (const name of sink.pick.columns) taken.add(name);
    if (sink.pick?.by === "order") for (const { column } of sink.pick.keys) taken.add(column);
    return taken;
  }
  const taken = new Set(sink.keys);
  for (const { value } of sink.aggregates) for (const input of inputsOfAggregate(value)) columnsRead(input, taken);
  return taken;
}

/** The columns that are needed before an operation, of those that are needed behind it. */
export function neededBefore(operation: Operation, needed: ReadonlySet<string>): Set<string> {
  const before = new Set(needed);
  switch (operation.do) {
    case "filter":
      return columnsRead(operation.condition, before);
    case "assign": {
      const columns = operation.columns.filter(({ name }) => needed.has(name));
      for (const { name } of columns) before.delete(name);
      for (const { value } of columns) columnsRead(value, before);
      return before;
    }
    case "sample":
    case "distinct":
      for (const name of operation.columns) before.add(name);
      return before;
    case "place":
      before.delete(operation.name);
      return before;
    case "lookup": {
      const read = new Set(operation.join.probeKeys);
      for (const output of operation.join.output) {
        if (!needed.has(output.name)) continue;
        if (output.from === "probe") read.add(output.column);
        else if (output.from === "key") read.add(output.probe);
      }
      return read;
    }
    case "sort":
      for (const { column } of operation.keys) before.add(column);
      return before;
    case "window":
      for (const { name } of operation.columns) before.delete(name);
      for (const { value } of operation.columns) columnsRead(value.input, before);
      return before;
    case "map":
      return new Set(operation.columns);
    case "over":
      for (const { name } of operation.columns) before.delete(name);
      for (const name of overReads(operation)) before.add(name);
      return before;
    case "stack":
      return new Set(operation.columns.flatMap(({ from }) => from));
    case "group":
      return columnsTaken(operation.sink);
    default:
      return before;
  }
}

/** Steps that keep just the columns that something behind them needs; `columns`: what must be read, in the source's order. */
export function pruneColumns(
  source: Schema,
  operations: readonly Operation[],
  sink: Sink,
): { columns: Schema; steps: Step[] } {
  let needed = columnsTaken(sink.to === "exchange" ? sink.gather : sink);
  const steps: Step[] = [];
  for (const operation of [...operations].reverse()) {
    const before = neededBefore(operation, needed);
    if (operation.do === "filter" || operation.do === "sample") steps.unshift({ ...operation, keep: [...needed] });
    else if (operation.do === "place") steps.unshift(operation);
    else if (operation.do === "lookup") {
      const output = operation.join.output.filter(({ name }) => needed.has(name));
      steps.unshift({ ...operation, join: { ...operation.join, output } });
    } else if (operation.do === "assign") {
      const columns = operation.columns.filter(({ name }) => needed.has(name));
      if (columns.length > 0) steps.unshift({ do: "assign", columns });
    }
    needed = before;
  }
  return { columns: source.filter(({ name }) => needed.has(name)), steps };
}
