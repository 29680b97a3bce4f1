import { AbanicoError, fromErrorRecord, toErrorRecord } from "../../errors.ts";

/** Rows that are counted from a shard's beginning are the file's where the shard is the file: completes an error that leaves that to the runtime. */
export async function wholeFileRows<T>(read: () => Promise<T>): Promise<T> {
  try {
    return await read();
  } catch (error) {
    if (!(error instanceof AbanicoError) || error.fields["rowBase"] !== "shard") throw error;
    const record = toErrorRecord(error);
    const { rowBase: _, ...fields } = error.fields;
    const row = String(fields["row"]);
    throw fromErrorRecord({ ...record, fields, message: record.message.replaceAll("{row}", row) });
  }
}
