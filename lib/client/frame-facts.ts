import { DataFrame } from "../collections/dataframe/dataframe.ts";
import type { FrameNode } from "../collections/dataframe/nodes.ts";
import type { Schema } from "../collections/schema.ts";
import { size } from "../collections/expression.ts";
import { columnOf, valueAt } from "../kernels/frame/column.ts";
import { factsOf } from "../plan/lower/frame.ts";
import { foldedFrame, overRows } from "./run-frame.ts";
import type { RunnerHost } from "./runner.ts";

/** The columns of a frame. */
export function frameSchema(frame: DataFrame, host: RunnerHost, signal: AbortSignal): Promise<Schema> {
  const { store } = host;
  return overRows(frame, host, signal, async ({ node }) => (await factsOf(node, { store, signal })).schema);
}

/** How many rows a frame has: as its sources say, where that is enough; otherwise they are counted, columns left out. */
export function frameLength(frame: DataFrame, host: RunnerHost, signal: AbortSignal): Promise<number> {
  const { store } = host;
  return overRows(frame, host, signal, async ({ node }) => {
    const { rows } = await factsOf(node, { store, signal });
    if (rows !== undefined) return rows;
    const { batch } = await foldedFrame(new DataFrame(asMany(node)).agg({ rows: size() }), host, signal);
    return Number(valueAt(columnOf(batch, "rows"), 0));
  });
}

/** A simpler description of as many rows: without what is done to each row, or to their order. */
function asMany(node: FrameNode): FrameNode {
  switch (node.kind) {
    case "assign":
    case "select":
    case "drop":
    case "rename":
    case "fillNull":
    case "sort":
    case "window":
    case "over":
    case "repartition":
      return asMany(node.input);
    default:
      return node;
  }
}
