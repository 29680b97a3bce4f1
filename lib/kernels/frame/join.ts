/**
 * A hash join of batches (the probing side) with a table that is in memory: chains of the table's rows by hash, in their order. So
 * rows come out in the order of the probing side, and those that one row meets in the order of the table.
 *
 * A null key meets nothing, as in SQL and Polars. NaN meets NaN, and 0 meets −0.
 */
import type { Schema } from "../../collections/schema.ts";
import {
  PackedDictionary,
  columnOf,
  lengthOf,
  type Batch,
  type Column,
  type Dictionary,
  type StringColumn,
} from "./column.ts";
import { concatenate } from "./collect.ts";
import type { Frame } from "./encode.ts";
import { finishHashes, mixWords, nullsOf, wordsOf } from "./hash.ts";
import { gather } from "./pipeline.ts";
import type { JoinOutput, JoinSpec } from "./steps.ts";
import { ByteDictionary } from "./byte-dictionary.ts";

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

interface Matches {
  readonly probe: Int32Array;
  /** −1: none. */
  readonly table: Int32Array;
}

class Pairs {
  #probe: Int32Array<ArrayBuffer>;
  #table: Int32Array<ArrayBuffer>;
  #count = 0;

  constructor(room: number) {
    this.#probe = new Int32Array(room);
    this.#table = new Int32Array(room);
  }

  add(probe: number, table: number): void {
    if (this.#count === this.#probe.length) {
      this.#probe = larger(this.#probe);
      this.#table = larger(this.#table);
    }
    this.#probe[this.#count] = probe;
    this.#table[this.#count++] = table;
  }

  take(): Matches {
    return { probe: this.#probe.subarray(0, this.#count), table: this.#table.subarray(0, this.#count) };
  }
}

function larger(rows: Int32Array): Int32Array<ArrayBuffer> {
  const out = new Int32Array(2 * rows.length + 16);
  out.set(rows);
  return out;
}

type Match = (words: readonly Int32Array[], rows: number, isNull: Uint8Array | undefined, met?: Uint8Array) => Matches;

export class Prober {
  readonly #spec: JoinSpec;
  readonly #table: Batch;
  readonly #texts: readonly (TextCodes | undefined)[];
  readonly #match: Match;
  readonly #met: Uint8Array | undefined;
  readonly #codes: (ProbeCodes | undefined)[] = [];

  constructor(spec: JoinSpec, table: Batch, texts: readonly (TextCodes | undefined)[], match: Match) {
    this.#spec = spec;
    this.#table = table;
    this.#texts = texts;
    this.#match = match;
    this.#met = spec.how === "outer" ? new Uint8Array(table.rows) : undefined;
  }

  /** What the batch's rows become. */
  probe(batch: Batch): Batch {
    const keys = this.#spec.probeKeys.map((name) => columnOf(batch, name));
    const words = keys.flatMap((key, k) =>
      key.type === "string" ? [this.#tableCodes(key, k)] : wordsOf(key, batch.rows),
    );
    const matches = this.#match(words, batch.rows, anyNull(keys, batch.rows), this.#met);
    const columns = this.#spec.output.map((output): [string, Column] => [
      output.name,
      this.#output(output, batch, matches),
    ]);
    return { rows: matches.probe.length, columns: new Map(columns) };
  }

  /** The table's rows that nothing met, with nulls for the probing side; for outer joins, once all batches were there. */
  rest(): Batch | undefined {
    if (this.#met === undefined) return undefined;
    const met = this.#met;
    const rows = Int32Array.from({ length: met.length }, (_, row) => row).filter((row) => met[row] === 0);
    const columns = this.#spec.output.map((output): [string, Column] => {
      if (output.from === "probe") return [output.name, nullColumn(output.type, rows.length)];
      const name = output.from === "key" ? output.table : output.column;
      return [output.name, gather(columnOf(this.#table, name), rows)];
    });
    return { rows: rows.length, columns: new Map(columns) };
  }

  #output(output: JoinOutput, batch: Batch, { probe, table }: Matches): Column {
    if (output.from === "table") return gatherOrNull(columnOf(this.#table, output.column), table);
    return gather(columnOf(batch, output.from === "key" ? output.probe : output.column), probe);
  }

  /** The table's code of each row's string; −1 where the table has no such string. */
  #tableCodes({ codes, dictionary }: StringColumn, k: number): Int32Array {
    const texts = this.#texts[k];
    const known = this.#codes[k];
    const own = known?.dictionary === dictionary ? known : (this.#codes[k] = { dictionary, codes: new Int32Array(0) });
    if (own.codes.length < dictionary.size) {
      const grown = new Int32Array(2 * dictionary.size);
      grown.set(own.codes);
      own.codes = grown;
    }
    const found = own.codes;
    return codes.map((code) => {
      if (code === 0) return 0;
      if (found[code] === 0) found[code] = texts?.codeOf(dictionary, code) ?? -1;
      return found[code];
    });
  }
}

interface ProbeCodes {
  readonly dictionary: Dictionary;
  codes: Int32Array;
}

/** Codes of a dictionary by text. */
class TextCodes {
  readonly #table = new ByteDictionary();
  /** The dictionary's own codes, by the table's. */
  readonly #own: Int32Array;

  constructor(dictionary: Dictionary) {
    this.#own = new Int32Array(dictionary.size);
    const spans = dictionary.spans?.();
    for (let code = 1; code < dictionary.size; code++) this.#own[this.#table.codeIn(dictionary, code, spans)] = code;
  }

  /** Of a text of another dictionary; −1 where there is none. */
  codeOf(other: Dictionary, code: number): number {
    const bytes = other.bytes(code);
    return this.#own[this.#table.find(bytes, 0, bytes.length)] || -1;
  }
}

function hashOf(words: readonly Int32Array[], rows: number): Int32Array {
  const hashes = new Int32Array(rows);
  for (const word of words) mixWords(hashes, word);
  finishHashes(hashes);
  return hashes;
}

function anyNull(keys: readonly Column[], rows: number): Uint8Array | undefined {
  let any: Uint8Array | undefined;
  for (const key of keys) {
    const nulls = nullsOf(key, rows);
    if (nulls === undefined) continue;
    if (any === undefined) any = nulls;
    else for (let i = 0; i < rows; i++) any[i] |= nulls[i];
  }
  return any;
}

/** The rows chosen; null for −1. */
function gatherOrNull(column: Column, rows: Int32Array): Column {
  if (!rows.includes(-1)) return gather(column, rows);
  const length = lengthOf(column);
  if (length === 0) return nullColumn(column.type, rows.length);
  const found = gather(
    column,
    rows.map((row) => Math.max(0, row)),
  );
  if (found.type === "string") {
    for (let i = 0; i < rows.length; i++) if (rows[i] < 0) found.codes[i] = 0;
    return found;
  }
  const valid = found.valid ?? new Uint8Array(rows.length).fill(1);
  for (let i = 0; i < rows.length; i++) {
    if (rows[i] >= 0) continue;
    valid[i] = 0;
    if (found.values instanceof BigInt64Array) found.values[i] = 0n;
    else found.values[i] = found.type === "float64" ? NaN : 0;
  }
  return { ...found, valid };
}

/** A column of nulls. */
export function nullColumn(type: Column["type"], rows: number): Column {
  const valid = new Uint8Array(rows);
  if (type === "bool") return { type, values: new Uint8Array(rows), valid };
  if (type === "float64") return { type, values: new Float64Array(rows).fill(NaN), valid };
  if (type !== "string") return { type, values: new Float64Array(rows), valid };
  const dictionary = new PackedDictionary(new Int32Array(2), new Uint8Array(0));
  return { type, codes: new Int32Array(rows), dictionary };
}

/** Joins two frames that are in memory whole. */
export function joinFrames(spec: JoinSpec, schema: Schema, probe: Frame, table: Frame): Frame {
  const prober = new JoinTable(spec, table.batch).prober();
  const pieces = [prober.probe(probe.batch)];
  const rest = prober.rest();
  return rest === undefined ? { schema, batch: pieces[0] } : concatenate(schema, [...pieces, rest]);
}
