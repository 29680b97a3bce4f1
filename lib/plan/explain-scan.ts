import { overText } from "../collections/dataframe/over-nodes.ts";
import { formatCallable } from "../collections/bag/format.ts";
import { formatExpression, Aggregate } from "../collections/expression.ts";
import { formatWindow } from "../collections/window.ts";
import type { CollectParams, GroupParams } from "../kernels/frame/folds.ts";
import type { ScanParams } from "../kernels/frame/scan.ts";
import type {
  ExchangeSink,
  GatherSink,
  GroupSink,
  JoinSpec,
  Operation,
  Sink,
  SortKey,
} from "../kernels/frame/steps.ts";
import type { Whole } from "../kernels/frame/whole.ts";
import type { StageOutput, TaskRule } from "./plan.ts";

/** What the tasks of a scan do, a line each. */
export function explainScan({ source, columns, steps, sink, whole }: ScanParams, tasks: TaskRule): string[] {
  const types = columns.map(({ name, type }) => `${nameOf(name)} ${type}`).join(", ");
  return [
    `  read      ${sourceOf(source.format, tasks)}: ${types || "no column, rows are counted"}`,
    ...(whole === undefined ? [] : explainWhole(whole)),
    ...steps.flatMap(explainOperation),
    ...explainSink(sink),
  ].map(nameOf);
}

/** What is done to a folded frame as a whole, a line each. */
export function explainAfter(output: StageOutput): string[] {
  if (output.kind !== "fold" || !output.fold.op.startsWith("frame.")) return [];
  const { after = [] } = output.fold.params as unknown as CollectParams | GroupParams; // the op says whose parameters they are
  // The columns and their order stand in the result's line.
  return after
    .filter((operation) => operation.do !== "select")
    .flatMap(explainOperation)
    .map(nameOf);
}

function sourceOf(format: ScanParams["source"]["format"], tasks: TaskRule): string {
  if (format !== "frame") return format;
  if (tasks.kind === "outputs") return `what ${tasks.stage} kept`;
  if (tasks.kind === "union") return `what ${tasks.of.map(({ stage }) => stage).join(", ")} kept`;
  if (tasks.kind !== "sections") return "kept rows";
  return `partitions of ${tasks.stage}${tasks.and === undefined ? "" : ` and ${tasks.and.stage}`}`;
}

function explainWhole({ make, then }: Whole): string[] {
  const made = {
    rows: () => [],
    windows: () => (make.do === "windows" ? explainOperation({ do: "window", columns: make.columns }) : []),
    groups: () => [`  merge     states of groups by ${make.do === "groups" ? make.sink.keys.join(", ") : ""}`],
    groupRows: () => (make.do === "groupRows" ? [`${groupLine(make.sink)}, of rows sorted by key`] : []),
    join: () => (make.do === "join" ? [joinLine(make.join)] : []),
  };
  return [...made[make.do](), ...then.flatMap(explainOperation)];
}

function joinLine({ how, probeKeys, tableKeys }: JoinSpec, table?: string): string {
  const keys = probeKeys.map((name, i) => (name === tableKeys[i] ? name : `${name} = ${tableKeys[i]}`)).join(", ");
  return table === undefined
    ? `  join      ${how} on ${keys}`
    : `  look up   ${how} join on ${keys} to ${table}, held by each worker`;
}

function explainOperation(step: Operation): string[] {
  switch (step.do) {
    case "filter":
      return [`  filter    ${formatExpression(step.condition)}`];
    case "assign":
      return step.columns.map(({ name, value }) => `  assign    ${name} = ${formatExpression(value)}`);
    case "sample":
      return [`  sample    ${step.fraction} of the rows, seed ${step.seed}`];
    case "place":
      return ["  number    each row by where it stands"];
    case "lookup":
      return [joinLine(step.join, step.table)];
    case "select":
      return [`  select    ${step.names.join(", ")}`];
    case "head":
      return [`  head      ${step.rows} rows`];
    case "tail":
      return [`  tail      ${step.rows} rows`];
    case "sort":
      return [`  sort      by ${keysText(step.keys)}`];
    case "distinct":
      return [`  distinct  ${step.columns.map(nameOf).join(", ")}`];
    case "window":
      return step.columns.map(({ name, value }) => `  window    ${name} = ${formatWindow(value)}`);
    case "map":
      return [`  map       ${formatCallable(step.fn)}`];
    case "repartition":
      return ["  repartition"];
    case "over":
      return [`  over      ${overText(step)}`];
    case "stack":
      return [`  lay out   ${step.rows.join(", ")} of ${step.columns.map(({ name }) => name).join(", ")}`];
    case "group":
      return [groupLine(step.sink)];
  }
}

function explainSink(sink: Sink): string[] {
  if (sink.to === "exchange") return [...explainGather(sink.gather), `  send      ${destination(sink.by)}`];
  if (sink.to === "sample") return [`  sample    ${keysText(sink.keys)}: ${sink.rows} rows a task`];
  return explainGather(sink);
}

function destination(by: ExchangeSink["by"]): string {
  if (by.do === "all") return "to one place";
  if (by.do === "hash") return `by hash of ${by.keys.map(nameOf).join(", ")}`;
  return `to ranges of ${keysText(by.keys)}, as ${by.sample} has them`;
}

function explainGather(sink: GatherSink): string[] {
  if (sink.to === "group") return [groupLine(sink)];
  const { pick, limit } = sink;
  if (pick?.by === "distinct") return [`  gather    the first row of each ${pick.columns.map(nameOf).join(", ")}`];
  if (pick?.by === "order") return [`  gather    the first ${limit} rows by ${keysText(pick.keys)}`];
  if (pick?.by === "last") return [`  gather    the last ${limit} rows`];
  return [`  gather    ${limit === undefined ? "all rows" : `the first ${limit} rows`}`];
}

function groupLine({ keys, aggregates }: GroupSink): string {
  const list = aggregates.map(({ name, value }) => `${name} = ${String(new Aggregate(value))}`).join(", ");
  return `  group by  ${keys.join(", ") || "(all rows)"}: ${list}`;
}

function keysText(keys: readonly SortKey[]): string {
  return keys
    .map(({ column, descending }) => (descending ? `${nameOf(column)} descending` : nameOf(column)))
    .join(", ");
}

/** Columns of our own begin with a NUL. */
function nameOf(name: string): string {
  return name.replaceAll("\u0000", "its ");
}
