import { DAY, daysInMonth, daysOf, microsOf } from "../../collections/time/calendar.ts";
import { parseDate, parseTimestamp } from "../../collections/time/iso.ts";
import type { TimeColumn } from "../frame/column.ts";
import { WholeValues } from "../frame/functions/whole.ts";
import { unquote } from "./header.ts";
import { isNullText } from "./texts.ts";
import type { CsvKernel } from "./wasm.ts";

/**
 * Reads fields as dates or timestamps, as ISO 8601 has them, from the kernel's memory: the common spellings byte by byte, all others as text. An empty
 * field is null, and what means null in number columns.
 */
export class TimeReader {
  readonly #type: "date" | "timestamp";
  #values = new Float64Array(0);
  #valid = new Uint8Array(0);
  #nulls = 0;
  /** Instants of this block beyond ±2^53 µs, by row. */
  readonly #wide = new Map<number, bigint>();

  constructor(type: "date" | "timestamp") {
    this.#type = type;
  }

  /**
   * Reads a column of a block; answers the row of the first field that is no date or timestamp, or `rows`. `entry`: where the index says the first row's
   * field ends; `width`: entries of a record; `last`: whether half of a line end may stand behind the field.
   */
  read(kernel: CsvKernel, entry: number, width: number, rows: number, last: boolean): number {
    if (this.#values.length < rows) {
      this.#values = new Float64Array(Math.ceil(rows * 1.25));
      this.#valid = new Uint8Array(this.#values.length);
    }
    this.#nulls = 0;
    this.#wide.clear();
    const ends = new Uint32Array(kernel.wasm.memory.buffer);
    const bytes = kernel.bytes();
    const quote = kernel.quote === "" ? -1 : kernel.quote.charCodeAt(0);
    let at = entry / 4;
    for (let row = 0; row < rows; row++, at += width) {
      const start = ends[at - 1] + 1;
      const end = last && bytes[ends[at] - 1] === RETURN && ends[at] > start ? ends[at] - 1 : ends[at];
      const isQuoted = bytes[start] === quote && end - start > 2 && bytes[end - 1] === quote;
      const value =
        (isQuoted ? readPlain(bytes, start + 1, end - 1, this.#type) : readPlain(bytes, start, end, this.#type)) ??
        this.#readText(start === end ? "" : unquote(kernel.text(start, end), kernel), kernel.nullTexts);
      if (value === undefined) return row;
      this.#set(row, value);
    }
    return rows;
  }

  /** What was read. Good until the next block. */
  column(rows: number): TimeColumn {
    const values = this.#values.subarray(0, rows);
    const valid = this.#nulls > 0 ? this.#valid.subarray(0, rows) : undefined;
    if (this.#wide.size === 0) return { type: this.#type, values, valid };
    const whole = new WholeValues(rows);
    for (let row = 0; row < rows; row++) whole.set(row, this.#wide.get(row) ?? values[row]);
    return { type: this.#type, values: whole.column(this.#type, valid).values, valid };
  }

  #set(row: number, value: number | bigint | null): void {
    this.#valid[row] = value === null ? 0 : 1;
    this.#values[row] = typeof value === "number" ? value : 0;
    if (value === null) this.#nulls++;
    else if (typeof value === "bigint") this.#wide.set(row, value);
  }

  #readText(text: string, nulls: ReadonlySet<string>): number | bigint | null | undefined {
    if (text === "" || isNullText(text, nulls)) return null;
    const bare = text.replace(/^ +| +$/g, "");
    return this.#type === "date" ? parseDate(bare) : parseTimestamp(bare);
  }
}

const [ZERO, DASH, COLON, POINT, SPACE, T, Z, RETURN] = [..."0-:. TZ\r"].map((c) => c.charCodeAt(0));

/** The commonest spellings without a string being made: 2023-01-31, and 2023-01-31T12:34:56 with a fraction or Z behind. undefined for all others. */
function readPlain(
  bytes: Uint8Array,
  at: number,
  end: number,
  type: "date" | "timestamp",
): number | bigint | undefined {
  const n = end - at;
  if (n < 10 || n > 27 || bytes[at + 4] !== DASH || bytes[at + 7] !== DASH) return undefined;
  const [year, month, day] = [digits(bytes, at, at + 4), digits(bytes, at + 5, at + 7), digits(bytes, at + 8, at + 10)];
  if (!(year >= 0 && month >= 1 && month <= 12 && day >= 1 && day <= daysInMonth(year, month))) return undefined;
  const days = daysOf(year, month, day);
  if (type === "date") return n === 10 ? days : undefined;
  if (n === 10) return microsOf(days, 0);
  const micros = n < 19 ? NaN : readClock(bytes, at + 10, end);
  return micros >= 0 && micros < DAY ? microsOf(days, micros) : undefined;
}

/** µs of the day; NaN or negative where it is no T12:34:56 with perhaps a fraction and Z behind. */
function readClock(bytes: Uint8Array, at: number, end: number): number {
  if ((bytes[at] !== T && bytes[at] !== SPACE) || bytes[at + 3] !== COLON || bytes[at + 6] !== COLON) return NaN;
  const hour = digits(bytes, at + 1, at + 3);
  const minute = digits(bytes, at + 4, at + 6);
  const second = digits(bytes, at + 7, at + 9);
  if (!(hour < 24 && minute < 60 && second < 60)) return NaN;
  const stop = bytes[end - 1] === Z ? end - 1 : end;
  const places = stop - at - 10;
  const whole = ((hour * 60 + minute) * 60 + second) * 1e6;
  if (places === -1) return whole;
  if (bytes[at + 9] !== POINT || places < 1 || places > 6) return NaN;
  return whole + digits(bytes, at + 10, stop) * SCALES[places];
}

/** µs of one unit in a fraction's last place, by its places. */
const SCALES = [1e6, 1e5, 1e4, 1e3, 100, 10, 1] as const;

/** NaN where one of them is no digit. */
function digits(bytes: Uint8Array, from: number, to: number): number {
  let value = 0;
  for (let i = from; i < to; i++) {
    const digit = bytes[i] - ZERO;
    value = digit >= 0 && digit <= 9 ? value * 10 + digit : NaN;
  }
  return value;
}
