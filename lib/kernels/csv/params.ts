import type { ScalarType } from "../../collections/schema.ts";

/** What the characters of a CSV file mean. Plain JSON: part of the plan. Each is one ASCII character, or "" for none. */
export interface Dialect {
  readonly delimiter: string;
  readonly quote: string;
  /** Takes the next character's meaning off; "" where quotes are escaped by doubling only. */
  readonly escape: string;
  /** Texts that mean null in any column; absent: see texts.ts. An empty field without quotes is always null. */
  readonly nulls?: readonly string[];
  /** Records with too few fields are an error, or get nulls. */
  readonly ragged: "error" | "pad";
  /** Bytes that are not UTF-8 are an error, or read as U+FFFD. */
  readonly encodingErrors: "error" | "replace";
}

/** How a source's bytes become typed columns. */
export interface CsvFormat {
  readonly dialect: Dialect;
  /** The first record of every file, word for word; null: files have no header. */
  readonly header: readonly string[] | null;
  /** All columns of the file, in order. */
  readonly columns: readonly CsvColumn[];
}

export interface CsvColumn {
  readonly name: string;
  readonly type: ScalarType;
  /** What the type may become when a value does not fit: null for a type that the user fixed. */
  readonly widensTo: ScalarType | null;
}
