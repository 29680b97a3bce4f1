import { formatBag } from "../bag/format.ts";
import { Aggregate, formatExpression } from "../expression.ts";
import { operationLine } from "./format-operations.ts";
import type { FrameNode } from "./nodes.ts";

/** Operations from the source down, a line each. */
export function formatNode(node: FrameNode): string {
  return ["DataFrame (lazy)", ...lines(node).map((line) => `  ${line}`)].join("\n");
}

function lines(node: FrameNode): string[] {
  switch (node.kind) {
    case "csv":
      return [`read csv   ${node.paths.join(", ")}`];
    case "file":
      return [`read ${node.format.padEnd(7)}${node.paths.join(", ")}`];
    case "kept":
      return [
        `kept       ${node.rows} rows in ${node.refs.length} parts: ${node.schema.map(({ name, type }) => `${name} ${type}`).join(", ")}`,
      ];
    case "bag":
      return [
        ...formatBag(node.bag)
          .split("\n")
          .slice(1)
          .map((line) => line.slice(2)),
        "as a frame",
      ];
    case "sql":
      return [
        ...node.text
          .trim()
          .split("\n")
          .map((line, i) => `${i === 0 ? "sql" : ""}`.padEnd(11) + line.trim()),
        ...node.inputs.flatMap((input, i) => [`  ${node.tables[i]}`, ...lines(input).map((line) => `    ${line}`)]),
      ];
    case "filter":
      return [...lines(node.input), `filter     ${formatExpression(node.condition)}`];
    case "assign":
      return [
        ...lines(node.input),
        ...node.columns.map(({ name, value }) => `assign     ${name} = ${formatExpression(value)}`),
      ];
    case "select":
      return [...lines(node.input), `select     ${node.names.join(", ")}`];
    case "head":
      return [...lines(node.input), `head       ${node.rows} rows`];
    case "concat":
      return node.inputs.flatMap((input, i) => [`frame ${i + 1}`, ...lines(input).map((line) => `  ${line}`)]);
    case "group":
      return [
        ...lines(node.input),
        `group by   ${node.keys.join(", ") || "(all rows)"}: ${node.aggregates.map(({ name, value }) => `${name} = ${String(new Aggregate(value))}`).join(", ")}`,
      ];
    default:
      return [
        ...lines(node.input),
        operationLine(node),
        ...(node.kind === "join" ? lines(node.other).map((line) => `  ${line}`) : []),
      ];
  }
}
