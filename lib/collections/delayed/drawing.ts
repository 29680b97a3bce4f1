import { isDelayed, nameOf, type Delayed } from "./delayed.ts";
import { formatArgument } from "./format.ts";
import { needsOf } from "./walk.ts";

/** A graph to be drawn. */
export interface Drawing {
  readonly nodes: readonly DrawnNode[];
  /** From what is needed to what needs it, by id. */
  readonly edges: readonly (readonly [string, string])[];
  /** What was left out. */
  readonly note: string | undefined;
}

interface DrawnNode {
  readonly id: string;
  readonly label: string;
  readonly shape: "call" | "value" | "kept";
  readonly root: boolean;
}

/** The nodes nearest to the roots, at most `limit` of them, in the order of the graph. */
export function draw(roots: readonly Delayed<unknown>[], order: readonly Delayed<unknown>[], limit: number): Drawing {
  const shown = order.length <= limit ? new Set(order) : nearest(roots, limit);
  const drawn = order.filter((node) => shown.has(node));
  const ids = new Map(drawn.map((node, i) => [node, `n${i}`]));
  const wanted = new Set(roots);
  const nodes = drawn.map((node, i): DrawnNode => ({ id: `n${i}`, ...labelOf(node), root: wanted.has(node) }));
  const edges: (readonly [string, string])[] = [];
  for (const node of drawn) {
    for (const need of new Set(needsOf(node))) {
      const [from, to] = [ids.get(need), ids.get(node)];
      if (from !== undefined && to !== undefined) edges.push([from, to]);
    }
  }
  const left = order.length - drawn.length;
  const note =
    left === 0
      ? undefined
      : `${left.toLocaleString("en")} more nodes are not drawn\n(option limit: ${limit.toLocaleString("en")})`;
  return { nodes, edges, note };
}

function nearest(roots: readonly Delayed<unknown>[], limit: number): Set<Delayed<unknown>> {
  const found = new Set<Delayed<unknown>>();
  let level: readonly Delayed<unknown>[] = roots;
  while (level.length > 0 && found.size < limit) {
    const next: Delayed<unknown>[] = [];
    for (const node of level) {
      if (found.has(node) || found.size >= limit) continue;
      found.add(node);
      for (const need of needsOf(node)) if (next.length < limit) next.push(need);
    }
    level = next;
  }
  return found;
}

/** The function's name, with what of the arguments is no node; of a value the value. */
function labelOf(node: Delayed<unknown>): Pick<DrawnNode, "label" | "shape"> {
  if (node.handle !== undefined) return { label: node.handle.key, shape: "kept" };
  const { task, args } = node;
  if (task.fn === undefined) return { label: task.name ?? formatValue(args[0]), shape: "value" };
  const known = args.some((argument) => !isNode(argument)) ? args.map(formatValue).join(", ") : "";
  return { label: known === "" ? nameOf(task) : `${nameOf(task)}(${known})`, shape: "call" };
}

function isNode(value: unknown): boolean {
  return typeof value === "object" && value !== null && isDelayed(value);
}

function formatValue(value: unknown): string {
  return isNode(value) ? "·" : formatArgument(value);
}
