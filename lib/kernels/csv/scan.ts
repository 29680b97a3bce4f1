import type { Schema } from "../../collections/schema.ts";
import { InternalError, OverflowError, ValueError } from "../../errors.ts";
import type { TaskInput } from "../../plan/plan.ts";
import type { Batch } from "../frame/column.ts";
import type { BatchSource } from "../frame/scan.ts";
import type { TaskContext, TaskOutput } from "../kernel.ts";
import { ColumnDecoder } from "./decode-columns.ts";
import type { CsvFormat } from "./params.ts";
import { withReadAhead } from "../../store/with-read-ahead.ts";
import { SLACK_BYTES } from "./record-buffer.ts";
import { Doubt } from "./record-faults.ts";
import { RecordReader } from "./record-reader.ts";
import { withVectorMemory } from "./wasm.ts";

/** Runs `use` over the batches of one byte range of a CSV source. Only the columns asked for are decoded. */
export async function csvBatches(
  format: CsvFormat,
  columns: Schema,
  input: TaskInput,
  context: TaskContext,
  use: (source: BatchSource) => Promise<TaskOutput>,
): Promise<TaskOutput> {
  if (input.kind !== "range") throw new InternalError(`A CSV source reads ranges, found ${input.kind}.`);
  const { source, start, end, from } = input;
  const wanted = columns.map(({ name }) => name);
  const opened = await context.store.open(source.url, { etag: source.etag, signal: context.signal });
  const reader = withReadAhead(opened, Math.min(end + SLACK_BYTES, source.size));
  try {
    const output = await withVectorMemory(async (memory, kernel) => {
      const records = new RecordReader(kernel, reader, format, { url: source.url, start, end, from });
      const decoder = new ColumnDecoder(kernel, source.url, format.columns, wanted, format.dialect.nulls, memory);
      async function* batches(): AsyncGenerator<Batch> {
        for await (const block of records.blocks())
          yield { rows: block.rows, columns: decoder.decode(records, block), memory };
      }
      try {
        return await use({ batches: batches(), span: () => ({ from: records.from, next: records.next }) });
      } catch (error) {
        // What goes wrong with the values of a wrong guess (a sum beyond 64 bits, a text that is no number) says nothing about the file.
        const isOfValues = error instanceof OverflowError || error instanceof ValueError;
        const isDoubt = error instanceof Doubt || (isOfValues && !records.trusted);
        if (!isDoubt) throw error;
        return {
          value: undefined,
          recordsIn: 0,
          recordsOut: 0,
          span: { from: records.from, next: records.next, doubt: error.message },
        };
      } finally {
        decoder.release();
        records.release();
      }
    });
    // What was read of a file that was written to meanwhile may be a mixture.
    await reader.verify?.();
    return output;
  } finally {
    await reader.close();
  }
}
