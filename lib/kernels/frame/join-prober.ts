import { columnOf, type Batch, type Column, type Dictionary, type StringColumn } from "./column.ts";
import { wordsOf } from "./hash.ts";
import type { TextCodes } from "./join-keys.ts";
import { anyNull } from "./join-keys.ts";
import type { Matches, RowIndex } from "./join-matches.ts";
import { gatherOrNull, nullColumn } from "./or-null.ts";
import { gather } from "./pipeline.ts";
import type { JoinOutput, JoinSpec } from "./steps.ts";

/** One who asks a table batch by batch: keeps what it has looked up, and, for an outer join, what was met. */
export class Prober {
  readonly #spec: JoinSpec;
  readonly #table: Batch;
  readonly #texts: readonly (TextCodes | undefined)[];
  readonly #index: RowIndex;
  readonly #met: Uint8Array | undefined;
  readonly #codes: (ProbeCodes | undefined)[] = [];

  constructor(spec: JoinSpec, table: Batch, texts: readonly (TextCodes | undefined)[], index: RowIndex) {
    this.#spec = spec;
    this.#table = table;
    this.#texts = texts;
    this.#index = index;
    this.#met = spec.how === "outer" ? new Uint8Array(table.rows) : undefined;
  }

  /** What the batch's rows become. */
  probe(batch: Batch): Batch {
    const keys = this.#spec.probeKeys.map((name) => columnOf(batch, name));
    const words = keys.flatMap((key, k) =>
      key.type === "string" ? [this.#tableCodes(key, k)] : wordsOf(key, batch.rows),
    );
    const isNull = anyNull(keys, batch.rows);
    const matches = this.#index.matches(this.#spec.how, words, batch.rows, isNull, this.#met);
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
