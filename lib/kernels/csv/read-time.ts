import { DAY, daysInMonth, daysOf, microsOf } from "../../collections/time/calendar.ts";
import { parseDate, parseTimestamp } from "../../collections/time/iso.ts";
import type { Dictionary, TimeColumn } from "../frame/column.ts";
import { WholeValues } from "../frame/functions/whole.ts";
import { isNullText } from "./texts.ts";

const [UNKNOWN, VALUE, NULL, WRONG] = [0, 1, 2, 3];

/**
 * A column of dates or timestamps from the codes of its texts: each distinct text is read once, as ISO 8601 has them. An empty field is null, and what
 * means null in number columns.
 */
export class TimeTexts {
  readonly #type: "date" | "timestamp";
  readonly #dictionary: Dictionary;
  readonly #nulls: ReadonlySet<string>;
  #states = new Uint8Array(0);
  #values = new Float64Array(0);
  /** Codes of instants beyond ±2^53 µs. */
  readonly #wide = new Map<number, bigint>();

  constructor(type: "date" | "timestamp", dictionary: Dictionary, nulls: ReadonlySet<string>) {
    this.#type = type;
    this.#dictionary = dictionary;
    this.#nulls = nulls;
  }

  /** Where the first text stands that is no date or timestamp; `codes.length` if there is none. */
  firstWrong(codes: Int32Array): number {
    this.#grow();
    const states = this.#states;
    for (let i = 0; i < codes.length; i++) {
      if (states[codes[i]] === UNKNOWN) this.#read(codes[i]);
      if (states[codes[i]] === WRONG) return i;
    }
    return codes.length;
  }

  /** Once `firstWrong` has found none. */
  column(codes: Int32Array): TimeColumn {
    const n = codes.length;
    const values = new Float64Array(n);
    const valid = new Uint8Array(n);
    let nulls = 0;
    for (let i = 0; i < n; i++) {
      values[i] = this.#values[codes[i]];
      valid[i] = this.#states[codes[i]] === VALUE ? 1 : 0;
      nulls += 1 - valid[i];
    }
    const mask = nulls > 0 ? valid : undefined;
    if (this.#wide.size === 0) return { type: this.#type, values, valid: mask };
    const whole = new WholeValues(n);
    for (let i = 0; i < n; i++) whole.set(i, this.#wide.get(codes[i]) ?? values[i]);
    return { type: this.#type, values: whole.column(this.#type, mask).values, valid: mask };
  }

  #grow(): void {
    const { size } = this.#dictionary;
    if (this.#states.length >= size) return;
    const [states, values] = [new Uint8Array(2 * size), new Float64Array(2 * size)];
    states.set(this.#states);
    values.set(this.#values);
    states[0] = NULL;
    [this.#states, this.#values] = [states, values];
  }

  #read(code: number): void {
    const bytes = this.#dictionary.bytes(code);
    const value = readPlain(bytes, this.#type) ?? this.#readText(Buffer.from(bytes).toString("utf8"));
    this.#states[code] = value === undefined ? WRONG : value === null ? NULL : VALUE;
    if (typeof value === "number") this.#values[code] = value;
    else if (typeof value === "bigint") this.#wide.set(code, value);
  }

  #readText(text: string): number | bigint | null | undefined {
    if (text === "" || isNullText(text, this.#nulls)) return null;
    const bare = text.replace(/^ +| +$/g, "");
    return this.#type === "date" ? parseDate(bare) : parseTimestamp(bare);
  }
}

const [ZERO, DASH, COLON, POINT, SPACE, T, Z] = [..."0-:. TZ"].map((c) => c.charCodeAt(0));

/** The commonest spellings without a string being made: 2023-01-31, and 2023-01-31T12:34:56 with a fraction or Z behind. undefined for all others. */
function readPlain(bytes: Uint8Array, type: "date" | "timestamp"): number | bigint | undefined {
  const n = bytes.length;
  if (n < 10 || bytes[4] !== DASH || bytes[7] !== DASH) return undefined;
  const [year, month, day] = [digits(bytes, 0, 4), digits(bytes, 5, 7), digits(bytes, 8, 10)];
  if (!(year >= 0 && month >= 1 && month <= 12 && day >= 1 && day <= daysInMonth(year, month))) return undefined;
  const days = daysOf(year, month, day);
  if (n === 10) return type === "date" ? days : microsOf(days, 0);
  if (type === "date" || n < 19 || (bytes[10] !== T && bytes[10] !== SPACE)) return undefined;
  if (bytes[13] !== COLON || bytes[16] !== COLON) return undefined;
  const seconds = digits(bytes, 11, 13) * 3600 + digits(bytes, 14, 16) * 60 + digits(bytes, 17, 19);
  const inRange = digits(bytes, 11, 13) < 24 && digits(bytes, 14, 16) < 60 && digits(bytes, 17, 19) < 60;
  const end = bytes[n - 1] === Z ? n - 1 : n;
  const places = end - 20;
  if (end !== 19 && (bytes[19] !== POINT || places < 1 || places > 6)) return undefined;
  const fraction = end === 19 ? 0 : digits(bytes, 20, end) * 10 ** (6 - places);
  const micros = seconds * 1e6 + fraction;
  return inRange && micros >= 0 && micros < DAY ? microsOf(days, micros) : undefined;
}

/** NaN where one of them is no digit. */
function digits(bytes: Uint8Array, from: number, to: number): number {
  let value = 0;
  for (let i = from; i < to; i++) {
    const digit = bytes[i] - ZERO;
    value = digit >= 0 && digit <= 9 ? value * 10 + digit : NaN;
  }
  return value;
}
