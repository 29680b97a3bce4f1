/** What can be wrong with the text of a range of CSV, as errors that say where. */
import { CsvError } from "../../errors.ts";

/** Raised by a range that guessed where its first record starts and met what looks like an error. */
export class Doubt extends Error {}

export class RecordFaults {
  readonly #url: string;
  readonly #trusted: boolean;

  /** A range that is not `trusted` guessed where its first record starts: it doubts its guess, whatever it meets. */
  constructor(url: string, trusted: boolean) {
    this.#url = url;
    this.#trusted = trusted;
  }

  /** `offset` in bytes of the source; `row` counted from the range's first record, its number in the file is filled in where it is known. */
  fault(what: string, offset: number, row: number, fields: Record<string, string | number> = {}, fix?: string): Error {
    if (!this.#trusted) return new Doubt(what);
    return new CsvError(`${this.#url} ${what} (byte ${offset}, row {row}).`, {
      fields: { url: this.#url, offset, row, rowBase: "shard", ...fields },
      ...(fix === undefined ? {} : { fix }),
    });
  }

  ragged(fields: number, expected: number, text: string, offset: number, row: number): Error {
    return this.fault(
      `has ${fields} ${fields === 1 ? "field" : "fields"} in a record, expected ${expected}: ${JSON.stringify(text)}`,
      offset,
      row,
      { fields, expected, text },
      fields < expected
        ? 'correct the record, or pass { ragged: "pad" } to fill missing fields with nulls.'
        : "correct the record: a field that holds the delimiter needs quotes (and check the delimiter option).",
    );
  }

  /** `column`: the name of the field in which the quote stands, if there is a column for it. */
  openQuote(text: string, column: string | undefined, offset: number, row: number): Error {
    return this.fault(
      "has a quote that is never closed",
      offset,
      row,
      { text, ...(column === undefined ? {} : { column }) },
      'close the quote, or pass { quote: "" } if quotes mean nothing in this file.',
    );
  }

  otherHeader(problem: string, text: string, found: readonly string[], offset: number): Error {
    return new CsvError(`${this.#url} has another header than the first file: ${problem}.`, {
      fields: { url: this.#url, offset, row: 0, text, found },
      fix: "read files with different columns separately, or correct the file.",
    });
  }
}
