import { AbanicoError, fromErrorRecord, toErrorRecord } from "./errors.ts";

/** An error of this copy of the library, whatever was thrown: one of another copy is made again, others stay as they are. */
export function adopted(thrown: unknown): Error {
  if (!(thrown instanceof Error)) return new Error(String(thrown), { cause: thrown });
  if (thrown instanceof AbanicoError) return thrown;
  const record = toErrorRecord(thrown);
  return record.tag === undefined ? thrown : fromErrorRecord(record);
}
