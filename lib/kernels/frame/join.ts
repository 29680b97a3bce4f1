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
import { TextCodes, anyNull, hashOf } from "./join-keys.ts";
import { Pairs, type Matches } from "./join-matches.ts";
import { Prober } from "./join-prober.ts";
import type { JoinSpec } from "./steps.ts";

export class JoinTable {
  readonly #spec: JoinSpec;
  readonly #batch: Batch;
  readonly #texts: readonly (TextCodes | undefined)[];
  readonly #words: readonly Int32Array[];
  readonly #heads: Int32Array;
  readonly #next: Int32Array;
  readonly #mask: number;

  constructor(spec: JoinSpec, batch: Batch) {
    this.#spec = spec;
    this.#batch = batch;
    const { rows } = batch;
    const keys = spec.tableKeys.map((name) => columnOf(batch, name));
    this.#texts = keys.map((key) => (key.type === "string" ? new TextCodes(key.dictionary) : undefined));
    this.#words = keys.flatMap((key) => (key.type === "string" ? [key.codes] : wordsOf(key, rows)));
    let size = 16;
    while (size < 2 * rows) size *= 2;
    this.#mask = size - 1;
    this.#heads = new Int32Array(size);
    this.#next = new Int32Array(rows + 1);
    const isNull = anyNull(keys, rows);
    const hashes = hashOf(this.#words, rows);
    // From the last row on, so that each chain is in order. Rows count from 1: 0 ends a chain.
    for (let row = rows; row > 0; row--) {
      if (isNull?.[row - 1] === 1) continue;
      const slot = hashes[row - 1] & this.#mask;
      this.#next[row] = this.#heads[slot];
      this.#heads[slot] = row;
    }
  }

  /** One who asks: keeps what it has looked up, and, for an outer join, what was met. */
  prober(): Prober {
    return new Prober(this.#spec, this.#batch, this.#texts, (words, rows, isNull, met) =>
      this.#matches(words, rows, isNull, met),
    );
  }

  #matches(words: readonly Int32Array[], rows: number, isNull: Uint8Array | undefined, met?: Uint8Array): Matches {
    const { how } = this.#spec;
    const hashes = hashOf(words, rows);
    const keepsAll = how === "left" || how === "outer";
    const found = new Pairs(rows);
    for (let i = 0; i < rows; i++) {
      let any = false;
      if (isNull?.[i] !== 1)
        for (let row = this.#heads[hashes[i] & this.#mask]; row !== 0; row = this.#next[row]) {
          if (!this.#isEqual(words, i, row - 1)) continue;
          any = true;
          if (how === "semi" || how === "anti") break;
          if (met !== undefined) met[row - 1] = 1;
          found.add(i, row - 1);
        }
      if ((!any && (keepsAll || how === "anti")) || (any && how === "semi")) found.add(i, -1);
    }
    return found.take();
  }

  #isEqual(words: readonly Int32Array[], i: number, row: number): boolean {
    for (let k = 0; k < words.length; k++) if (words[k][i] !== this.#words[k][row]) return false;
    return true;
  }
}

/** Joins two frames that are in memory whole. */
export function joinFrames(spec: JoinSpec, schema: Schema, probe: Frame, table: Frame): Frame {
  const prober = new JoinTable(spec, table.batch).prober();
  const pieces = [prober.probe(probe.batch)];
  const rest = prober.rest();
  return rest === undefined ? { schema, batch: pieces[0] } : concatenate(schema, [...pieces, rest]);
}
