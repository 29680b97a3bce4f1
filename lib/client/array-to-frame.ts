import type { AnyArray } from "../collections/array/chunked-array.ts";
import { evenly, largestChunk } from "../collections/array/chunks.ts";
import { makeRechunk } from "../collections/array/make.ts";
import type { ArrayNode } from "../collections/array/nodes.ts";
import type { DataFrame } from "../collections/dataframe/dataframe.ts";
import type { JsonObject } from "../errors.ts";
import { columnTypeOf, type FrameParams } from "../kernels/array/to-frame.ts";
import type { Plan } from "../plan/plan.ts";
import { lowerTo } from "../plan/lower/array.ts";
import type { OtherGemm } from "../plan/lower/array/gemm.ts";
import { overCounted } from "./counted-masks.ts";
import { otherGemm } from "./gemm.ts";
import { keptIn } from "./kept.ts";
import { keptFrame } from "./run-frame.ts";
import type { RunnerHost } from "./runner.ts";

/** Runs an array of one axis, or of rows and columns, and keeps it as rows of a frame: a partition for each chunk of whole rows. */
export async function arrayToFrame(
  { node }: AnyArray,
  names: readonly string[],
  { runtime, onEvent, gemm }: RunnerHost,
  signal: AbortSignal,
): Promise<DataFrame> {
  runtime.prepare(["array.run"]);
  const result = await runtime.run(framePlan(inRows(overCounted(node, runtime)), names, otherGemm(gemm)), {
    signal,
    onEvent,
  });
  const { refs } = keptIn(result);
  const { stages } = result.report;
  const schema = names.map((name) => ({ name, type: columnTypeOf(node.dtype) }));
  const bytes = stages[stages.length - 1].bytesOut;
  return keptFrame({ kind: "kept", schema, refs, rows: node.shape[0], bytes }, runtime);
}

/** The plan that keeps the chunks, its last stage making a frame of each. */
function framePlan(node: ArrayNode, names: readonly string[], gemm: OtherGemm | undefined): Plan {
  const plan = lowerTo(node, (root) => ({ to: "block", root }), { kind: "keep" }, gemm);
  const last = plan.stages[plan.stages.length - 1];
  const params: FrameParams = { chunk: last.work.params, names };
  const { estimate } = last;
  return {
    ...plan,
    stages: [
      ...plan.stages.slice(0, -1),
      {
        ...last,
        work: { op: "array.frame", params: params as unknown as JsonObject }, // plain JSON by its type
        // The columns, and their encoding: 8 bytes a number.
        estimate: { ...estimate, peakBytes: { ...estimate.peakBytes, rows: 16 * largestChunk(node.chunks) } },
      },
    ],
  };
}

/** With all columns in each chunk: where they were cut, so many rows that a chunk stays about as large. */
function inRows(node: ArrayNode): ArrayNode {
  const { shape, chunks } = node;
  if (shape.length === 1 || chunks[1].length === 1) return node;
  const rows = Math.max(1, Math.floor(largestChunk(chunks) / shape[1]));
  return makeRechunk(node, [evenly(shape[0], rows), [shape[1]]]);
}
