import type { Schema } from "../../collections/schema.ts";
import { fieldOf } from "../../collections/typing.ts";
import { columnOf, type Batch } from "./column.ts";
import type { Frame } from "./encode.ts";
import { Grouper } from "./groups/grouper.ts";
import { takeRows } from "./sort.ts";

/** Tells rows with a new combination of values from repeats. Nulls (and NaN) are equal to each other, as in pandas. */
export class DistinctRows {
  readonly #columns: readonly string[];
  readonly #grouper: Grouper;

  constructor(columns: readonly string[], schema: Schema) {
    this.#columns = columns;
    this.#grouper = new Grouper(
      columns.map((name) => fieldOf(name, schema).type),
      true,
    );
  }

  /** The batch's rows that are first of their kind among all batches so far. */
  firstRows(batch: Batch): Int32Array {
    let seen = this.#columns.length === 0 ? 0 : this.#grouper.count;
    const groups = this.#grouper.assign(
      this.#columns.map((name) => columnOf(batch, name)),
      batch.rows,
    );
    const rows = new Int32Array(this.#grouper.count - seen);
    let found = 0;
    // Groups are numbered in order of first sight.
    for (let i = 0; i < batch.rows && found < rows.length; i++)
      if (groups[i] > seen) {
        rows[found++] = i;
        seen = groups[i];
      }
    return rows.subarray(0, found);
  }
}

/** The frame without repeats: of each combination of values the first row. */
export function distinctRows(frame: Frame, columns: readonly string[]): Frame {
  return takeRows(frame, new DistinctRows(columns, frame.schema).firstRows(frame.batch));
}
