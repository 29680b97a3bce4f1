import type { Argument } from "../../callables/arguments.ts";
import type { Graph, NodeCall } from "./graph.ts";

/** Functions are named, the most called first, up to so many. */
const NAMED = 8;

/** What would run, as people read it. */
export function explainGraph({ calls, merged, wanted }: Graph<unknown>): string {
  const { depth, chained, kept } = shapeOf(calls);
  const named = countsOf(calls);
  const shown = named.slice(0, NAMED).map(([name, count]) => `${name} × ${count.toLocaleString("en")}`);
  if (named.length > NAMED) shown.push(`… ${named.length - NAMED} more`);
  const lines = [
    `result      ${wanted.length === 1 ? "one value" : `${wanted.length} values`}`,
    `calls       ${calls.length.toLocaleString("en")}, only what the result needs: ${shown.join(", ")}`,
    `  depth     ${depth.toLocaleString("en")} calls, each needing the one before it`,
    `  fused     ${chained.toLocaleString("en")} calls are needed by one other alone: a worker makes both in one go where it can`,
  ];
  if (merged > 0) lines.push(`  merged    ${merged.toLocaleString("en")} equal calls of pure functions`);
  if (kept > 0) lines.push(`  kept      ${kept.toLocaleString("en")} results that are there already`);
  lines.push("note        A call may return a graph of its own: what it will hold is not known before.");
  return lines.join("\n");
}

/** Names with how many calls each has. */
function countsOf(calls: readonly NodeCall<unknown>[]): [string, number][] {
  const counts = new Map<string, number>();
  for (const { fn } of calls) {
    const name = fn === undefined ? "value" : fn.name || "anonymous";
    counts.set(name, (counts.get(name) ?? 0) + 1);
  }
  return [...counts].sort(([, a], [, b]) => b - a);
}

function shapeOf(calls: readonly NodeCall<unknown>[]): { depth: number; chained: number; kept: number } {
  const depths = new Uint32Array(calls.length);
  const needed = new Uint32Array(calls.length);
  const kept = new Set<unknown>();
  let depth = 0;
  calls.forEach(({ args }, i) => {
    let below = 0;
    for (const ref of args.flatMap(refsOf)) {
      if (typeof ref !== "number") {
        kept.add(ref);
        continue;
      }
      needed[ref]++;
      below = Math.max(below, depths[ref]);
    }
    depths[i] = below + 1;
    depth = Math.max(depth, below + 1);
  });
  return { depth, chained: needed.reduce((count, times) => count + (times === 1 ? 1 : 0), 0), kept: kept.size };
}

function refsOf(argument: Argument<unknown>): unknown[] {
  if (typeof argument === "number") return [];
  if (argument.value === undefined) return [argument.ref];
  return (argument.holes ?? []).map(({ ref }) => ref);
}
