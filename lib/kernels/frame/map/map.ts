import { loadCallable } from "../../../callables/load.ts";
import type { CallableRef } from "../../../callables/reference.ts";
import { sourceLineOf } from "../../../callables/source-line.ts";
import { formatCallable } from "../../../collections/bag/format.ts";
import type { Schema } from "../../../collections/schema.ts";
import { InternalError, TaskError, toErrorRecord } from "../../../errors.ts";
import type { Work } from "../../../plan/plan.ts";
import { valueFromJson, type ValueJson } from "../../../values-json.ts";
import type { Kernel } from "../../kernel.ts";
import { loadKernel } from "../../registry.ts";
import { toArrow } from "../arrow.ts";
import { decodeFrame, encodeFrame, type Frame } from "../encode.ts";
import { frameOfResult, schemaOfResult } from "./result.ts";

/** A user's function of the rows of a partition. */
export interface PartitionFunction {
  readonly fn: CallableRef;
  readonly args: readonly ValueJson[];
}

/** What a "frame.map" task does: computes its rows as `rows` says, and gives what the function makes of them. */
export interface MapParams extends PartitionFunction {
  readonly rows: Work;
  /** The columns that come out. */
  readonly schema: Schema;
}

export const mapRows: Kernel = async (json, input, context) => {
  const { rows, schema, ...call } = json as unknown as MapParams; // as the planner wrote them
  const output = await (await loadKernel(rows.op))(rows.params, input, context);
  if (!(output.value instanceof Uint8Array)) throw new InternalError(`"${rows.op}" gave no frame to map.`);
  const where = `partition ${context.task ?? 0}`;
  const result = await called(call, decodeFrame(output.value), where);
  const frame = frameOfResult(result, schema, `mapPartitions(${formatCallable(call.fn)}), ${where},`);
  return { value: encodeFrame(frame), recordsIn: output.recordsIn, recordsOut: frame.batch.rows };
};

/** The columns that a function shows to give, called on two made-up rows: as Dask finds what it calls meta. @throws TaskError where it fails on them */
export async function schemaOfFunction(call: PartitionFunction, schema: Schema): Promise<Schema> {
  const where = "two made-up rows";
  const { madeUpRows } = await import("./made-up.ts");
  const result = await called(call, madeUpRows(schema), where);
  return schemaOfResult(
    result,
    `mapPartitions(${formatCallable(call.fn)}), called on ${where} to find the columns it gives,`,
  );
}

async function called({ fn, args }: PartitionFunction, frame: Frame, where: string): Promise<unknown> {
  const loaded = await loadCallable(fn);
  const table = await toArrow(frame);
  try {
    return await loaded(table, ...args.map(valueFromJson));
  } catch (error) {
    const { name, message } = toErrorRecord(error);
    const line = sourceLineOf(error, fn);
    const step = `mapPartitions(${formatCallable(fn)})`;
    throw new TaskError(
      `${step} failed on ${where}: ${name}: ${message}${line === undefined ? "" : `\n  line: ${line}`}`,
      {
        cause: error,
        fields: { step, partition: where, ...(line === undefined ? {} : { line }) },
        fix: where.startsWith("two")
          ? "say which columns come out, so that it is not tried out: mapPartitions(fn, { schema: { … } })."
          : "handle such rows in the function.",
      },
    );
  }
}
