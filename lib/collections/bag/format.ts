import type { CallableRef } from "../../callables/reference.ts";
import type { BagItemNode, BagNode, BagStep, KeyNode } from "./nodes.ts";

/** Operations from the source down, a line each. */
export function formatBag(node: BagNode): string {
  return ["Bag (lazy)", ...lines(node).map((line) => `  ${line}`)].join("\n");
}

export function formatBagItem(node: BagItemNode): string {
  if (node.kind === "keptValue") return "BagItem (lazy)\n  kept       one value";
  return ["BagItem (lazy)", ...[...lines(node.input), itemLine(node)].map((line) => `  ${line}`)].join("\n");
}

function lines(node: BagNode): string[] {
  switch (node.kind) {
    case "sequence":
      return [`values     ${node.items} in ${plural(node.parts.length, "partition")}`];
    case "glob":
      return [`glob       ${node.paths.join(", ")}`];
    case "text":
      return [`read text  ${node.paths.join(", ")}`];
    case "jsonLines":
      return [`read jsonl ${node.paths.join(", ")}`];
    case "kept":
      return [`kept       ${plural(node.items, "item")} in ${plural(node.refs.length, "partition")}`];
    case "step":
      return [...lines(node.input), formatStep(node.step)];
    case "distinct":
      return [...lines(node.input), node.by === null ? "distinct" : `distinct   by ${formatKey(node.by)}`];
    case "groupBy":
      return [...lines(node.input), `group by   ${formatKey(node.by)}`];
    case "foldBy":
      return [...lines(node.input), `fold by    ${formatKey(node.by)}: ${formatCallable(node.fold.step)}`];
    case "frequencies":
      return [...lines(node.input), "count      equal items"];
    case "join":
      return [
        ...lines(node.input),
        `join       ${formatKey(node.by)} = ${formatKey(node.otherBy)}, with`,
        ...lines(node.other).map((line) => `  ${line}`),
      ];
    case "zip":
      return [...lines(node.input), "zip        with", ...lines(node.other).map((line) => `  ${line}`)];
    case "repartition":
      return [...lines(node.input), `repartition into ${node.partitions}`];
  }
}

/** A step, as a line of a description or plan. */
export function formatStep(step: BagStep): string {
  const failing = step.onError === "fail" ? "" : `, on error ${step.onError}`;
  if (step.do === "pluck") return `pluck      ${String(step.key)}${failing}`;
  const extra = step.args.length === 0 ? "" : `, with ${plural(step.args.length, "more argument")}`;
  return `${step.do.padEnd(10)} ${formatCallable(step.fn)}${extra}${failing}`;
}

function itemLine(node: Exclude<BagItemNode, { kind: "keptValue" }>): string {
  switch (node.kind) {
    case "fold":
      return `fold       ${formatCallable(node.fold.step)}`;
    case "reduce":
      return `reduce     ${formatCallable(node.fn)}`;
    case "take":
      return `take       ${plural(node.count, "item")}`;
    case "topK":
      return `top        ${plural(node.count, "item")}${node.by === null ? "" : ` by ${formatKey(node.by)}`}`;
    case "min":
    case "max":
      return node.by === null ? node.kind : `${node.kind}        by ${formatKey(node.by)}`;
    case "write":
      return `write      ${node.path}`;
    default:
      return node.kind;
  }
}

export function formatKey(key: KeyNode): string {
  return key.by === "name" ? String(key.name) : formatCallable(key.fn);
}

/** A function's name, or the beginning of its source. */
export function formatCallable(ref: CallableRef): string {
  if (ref.kind !== "inline") return ref.name;
  const source = ref.source.replace(/\s+/g, " ");
  return source.length > 60 ? `${source.slice(0, 59)}…` : source;
}

function plural(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? "" : "s"}`;
}
