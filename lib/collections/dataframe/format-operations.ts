import { formatCallable } from "../bag/format.ts";
import { formatExpression } from "../expression.ts";
import { formatBytes } from "../options.ts";
import { formatWindow } from "../window.ts";
import type { FrameOperation } from "./operation-nodes.ts";
import { overText } from "./over-nodes.ts";

/** The line of an operation in a description; a join's other side is told by the caller. */
export function operationLine(node: FrameOperation): string {
  switch (node.kind) {
    case "drop":
      return `drop       ${node.names.join(", ")}`;
    case "rename":
      return `rename     ${node.names.map(({ from, to }) => `${from} to ${to}`).join(", ")}`;
    case "tail":
      return `tail       ${node.rows} rows`;
    case "skip":
      return `skip       ${node.rows} rows`;
    case "sample":
      return `sample     ${"rows" in node ? `${node.rows} rows` : `${node.fraction} of the rows`}, seed ${node.seed}`;
    case "dropNulls":
      return `drop nulls ${node.names?.join(", ") ?? "in any column"}`;
    case "fillNull":
      return `fill nulls ${"all" in node.values ? formatExpression(node.values.all) : node.values.each.map(({ name, value }) => `${name} with ${formatExpression(value)}`).join(", ")}`;
    case "sort":
      return `sort       ${node.keys.map(({ column, descending, nulls }) => `${column}${descending ? " descending" : ""}${nulls === "first" ? ", nulls first" : ""}`).join("; ")}`;
    case "distinct":
      return `distinct   ${node.names?.join(", ") ?? "rows"}`;
    case "describe":
      return `describe   quantiles ${node.quantiles.join(", ")}${node.approximate ? ", about" : ""}`;
    case "matrix":
      return `${node.of.padEnd(11)}${node.names?.join(", ") ?? "all columns of numbers"}`;
    case "window":
      return node.columns.map(({ name, value }) => `window     ${name} = ${formatWindow(value)}`).join("\n");
    case "mapPartitions":
      return `map        partitions by ${formatCallable(node.fn)}`;
    case "repartition":
      return `repartition ${node.partitions === undefined ? formatBytes(node.bytes ?? 0) : `${node.partitions} partitions`}`;
    case "over":
      return `over       ${overText(node)}`;
    case "join":
      return `join       ${node.how} on ${node.leftOn.map((name, i) => (name === node.rightOn[i] ? name : `${name} = ${node.rightOn[i]}`)).join(", ")}, with`;
  }
}
