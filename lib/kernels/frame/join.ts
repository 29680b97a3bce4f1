/**
 * A hash join of batches (the probing side) with a table that is in memory: chains of the table's rows by hash, in their order. So
 * rows come out in the order of the probing side, and those that one row meets in the order of the table.
 *
 * A null key meets nothing, as in SQL and Polars. NaN meets NaN, and 0 meets −0.
 */
import type { Schema } from "../../collections/schema.ts";
import { concatenate } from "./collect.ts";
import { columnOf, type Batch } from "./column.ts";
import type { Frame } from "./encode.ts";
import { wordsOf } from "./hash.ts";
import { TextCodes, anyNull } from "./join-keys.ts";
import { RowIndex } from "./join-matches.ts";
import { Prober } from "./join-prober.ts";
import type { JoinSpec } from "./steps.ts";

export class JoinTable {
  readonly #spec: JoinSpec;
  readonly #batch: Batch;
  readonly #texts: readonly (TextCodes | undefined)[];
  readonly #index: RowIndex;

  constructor(spec: JoinSpec, batch: Batch) {
    this.#spec = spec;
    this.#batch = batch;
    const { rows } = batch;
    const keys = spec.tableKeys.map((name) => columnOf(batch, name));
    this.#texts = keys.map((key) => (key.type === "string" ? new TextCodes(key.dictionary) : undefined));
    const words = keys.flatMap((key) => (key.type === "string" ? [key.codes] : wordsOf(key, rows)));
    this.#index = new RowIndex(words, rows, anyNull(keys, rows));
  }

  /** One who asks: keeps what it has looked up, and, for an outer join, what was met. */
  prober(): Prober {
    return new Prober(this.#spec, this.#batch, this.#texts, this.#index);
  }
}

/** Joins two frames that are in memory whole. `mayRepeat`: in columns that come out, a string may have several codes. */
export function joinFrames(spec: JoinSpec, schema: Schema, probe: Frame, table: Frame, mayRepeat = false): Frame {
  const prober = new JoinTable(spec, table.batch).prober();
  const pieces = [prober.probe(probe.batch)];
  const rest = prober.rest();
  return rest === undefined ? { schema, batch: pieces[0] } : concatenate(schema, [...pieces, rest], () => mayRepeat);
}
