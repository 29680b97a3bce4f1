import { AbanicoError, fromErrorRecord, toErrorRecord } from "../../errors.ts";
import type { ChainGate } from "../chain.ts";

/**
 * A failure for good that is not told yet, since what comes before it in the stage still matters: it may fail too, and then is the
 * one that is told; it may bring enough; and it tells how many rows come first. A kernel counts rows from its shard's first record
 * and says so by `fields.rowBase === "shard"`; its message holds `{row}` where the number belongs.
 */
export class HeldFailure {
  readonly task: number;
  readonly #error: Error;

  constructor(task: number, error: Error) {
    this.task = task;
    this.#error = error;
  }

  /** Whether a task can still change the outcome. */
  matters(task: number): boolean {
    return task < this.task;
  }

  /** The error as the user sees it: its row is the file's. To be called when everything before is done. */
  completed(gate: ChainGate | undefined): Error {
    if (gate === undefined || !(this.#error instanceof AbanicoError) || this.#error.fields.rowBase !== "shard")
      return this.#error;
    const record = toErrorRecord(this.#error);
    const { rowBase: _, ...fields } = record.fields ?? {};
    const local = typeof fields.row === "number" ? fields.row : 0;
    const row = local + gate.rowsBefore(this.task);
    return fromErrorRecord({
      ...record,
      message: record.message.replaceAll("{row}", String(row)),
      stack: record.stack?.replaceAll("{row}", String(row)),
      fields: { ...fields, row },
    });
  }
}
