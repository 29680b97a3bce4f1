import { ChunkedArray } from "../collections/array/chunked-array.ts";
import { infoOf, isFloat, promote, type DType } from "../collections/array/dtype.ts";
import { DataFrame } from "../collections/dataframe/dataframe.ts";
import type { KeptNode } from "../collections/dataframe/nodes.ts";
import type { AskedArray } from "../collections/handover.ts";
import type { Field, Schema } from "../collections/schema.ts";
import { InternalError, TypeMismatchError, ValueError, type JsonObject } from "../errors.ts";
import type { BlockParams, CommonDType, PartFacts } from "../kernels/frame/blocks.ts";
import { estimateFrames } from "../plan/estimate.ts";
import { factsOf } from "../plan/lower/frame.ts";
import { keptArray, keptIn, overRefs, toldOf } from "./kept.ts";
import { overRows, persistRows } from "./run-frame.ts";
import type { RunnerHost } from "./runner.ts";

/**
 * Runs a frame and keeps its rows as chunks of an array, one a partition. The rows are kept as a frame's first: how many there are, and whether a null
 * makes int64 float64, is known only from all of them.
 */
export async function frameToArray(
  frame: DataFrame,
  asked: AskedArray,
  host: RunnerHost,
  signal: AbortSignal,
): Promise<ChunkedArray> {
  return overRows(frame, host, signal, async (ready) => {
    const { node } = ready;
    if (node.kind === "kept" && asked.columns === undefined) return overParts(node, asked.dtype, host, signal);
    const { columns: names } = asked;
    const chosen = names === undefined ? ready : new DataFrame({ kind: "select", input: node, names });
    // What is bound to fail is refused before anything is read.
    refuseOthers((await factsOf(chosen.node, { store: host.store, signal })).schema);
    const rows = await persistRows(chosen, host, signal);
    if (rows.node.kind !== "kept") throw new InternalError("Rows were kept as something else.");
    try {
      return await overParts(rows.node, asked.dtype, host, signal);
    } finally {
      for (const run of new Set(rows.node.refs.map((ref) => ref.run))) await host.runtime.release(run);
    }
  });
}

async function overParts(
  { schema, refs, rows, bytes }: KeptNode,
  asked: DType | undefined,
  host: RunnerHost,
  signal: AbortSignal,
): Promise<ChunkedArray> {
  refuseOthers(schema);
  const { runtime, onEvent } = host;
  const columns = schema.map(({ name }) => name);
  const estimate = estimateFrames(rows, bytes, refs.length);
  const parts = await toldOf<PartFacts>({ op: "frame.facts", params: { columns } }, refs, estimate, host, signal);
  const nulls = schema.map((_, c) => parts.reduce((sum, part) => sum + part.nulls[c], 0));
  const common = schema.map((field, c) => dtypeOf(field, nulls[c])).reduce(promote);
  const dtype = asked ?? common;
  refuseNulls(schema, nulls, dtype);
  const params: BlockParams = { columns, common: common as CommonDType, dtype }; // these three make no others
  const largest = parts.reduce((most, part) => Math.max(most, part.rows), 0);
  const block = 3 * largest * columns.length * Math.max(8, infoOf(dtype).bytes);
  const plan = overRefs(
    "block",
    { op: "frame.block", params: params as unknown as JsonObject }, // plain JSON by its type
    refs,
    { kind: "keep" },
    { ...estimate, peakBytes: { ...estimate.peakBytes, block } },
  );
  const { run } = keptIn(await runtime.run(plan, { signal, onEvent }));
  const lengths = parts.map((part) => part.rows);
  return new ChunkedArray(keptArray({ run, stage: "block" }, lengths, [columns.length], dtype, runtime));
}

/** As pandas has it: NaN is the only null of numbers. */
function dtypeOf({ type }: Field, nulls: number): DType {
  return type === "float64" || nulls > 0 ? "float64" : type === "bool" ? "bool" : "int64";
}

/** @throws TypeMismatchError for what is no number */
function refuseOthers(schema: Schema): void {
  const other = schema.find(({ type }) => type === "string" || type === "date" || type === "timestamp");
  if (other === undefined) return;
  const { name, type } = other;
  const shown = JSON.stringify(name);
  throw new TypeMismatchError(`toArray(…) expects columns of numbers or bools; column ${shown} is ${type}.`, {
    fields: { column: name, type },
    fix:
      type === "string"
        ? `leave it out, by .drop(${shown}) or { columns: […] }; or cast it: .assign({ ${shown}: col(${shown}).cast("float64") }).`
        : `cast it to ${type === "date" ? "days" : "µs"} since 1970: .assign({ ${shown}: col(${shown}).cast("int64") }).`,
  });
}

/** @throws ValueError for nulls where there is no NaN */
function refuseNulls(schema: Schema, nulls: readonly number[], dtype: DType): void {
  const c = nulls.findIndex((count) => count > 0);
  if (c < 0 || isFloat(dtype)) return;
  const { name, type } = schema[c];
  const shown = JSON.stringify(name);
  throw new ValueError(
    `Column ${shown} has ${nulls[c]} ${nulls[c] === 1 ? "null" : "nulls"}, and ${dtype} has none: only floats do, as NaN.`,
    {
      fields: { column: name, type, nulls: nulls[c], dtype },
      fix: `fill them first, .fillNull({ ${shown}: 0 }), or take { dtype: "float64" }.`,
    },
  );
}
