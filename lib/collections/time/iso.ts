import { DAY, civilOf, dayOf, daysInMonth, daysOf, isDay, microsOf, timeOf } from "./calendar.ts";

/** What an ISO 8601 text spells: a day (in days), or an instant (in µs). */
export type Spelled =
  { readonly type: "date"; readonly value: number } | { readonly type: "timestamp"; readonly value: number | bigint };

const DATE = /^([+-]\d{4,6}|\d{4})-(\d\d)-(\d\d)$/;
const INSTANT =
  /^([+-]\d{4,6}|\d{4})-(\d\d)-(\d\d)[Tt ](\d\d):(\d\d)(?::(\d\d)(?:[.,](\d{1,9}))?)?(?: ?([Zz])|([+-])(\d\d)(?::?(\d\d))?)?$/;

/**
 * Reads 2023-01-31, 2023-01-31T12:34:56.789Z, 2023-01-31 12:34 and 2023-01-31T12:34:56+02:00: with T or a space, seconds and their fraction
 * (what is beyond µs is cut off) where they are, an offset where it is (without one the time is UTC). Years outside 0000 to 9999 take a sign.
 * undefined for anything else, as days that no month has.
 */
export function parseIso(text: string): Spelled | undefined {
  const date = text.length <= 13 ? DATE.exec(text) : null;
  if (date !== null) {
    const value = checkedDay(date);
    return value === undefined ? undefined : { type: "date", value };
  }
  const found = INSTANT.exec(text);
  if (found === null) return undefined;
  const days = checkedDay(found);
  const [, , , , hour, minute, second = "0", fraction = "", , sign, offsetHours = "0", offsetMinutes = "0"] = found;
  if (days === undefined || +hour > 23 || +minute > 59 || +second > 59) return undefined;
  if (+offsetHours > 23 || +offsetMinutes > 59) return undefined;
  const offset = (sign === "-" ? -1 : 1) * (+offsetHours * 60 + +offsetMinutes);
  const seconds = (+hour * 60 + +minute - offset) * 60 + +second;
  return { type: "timestamp", value: instantOf(days, seconds * 1e6 + +fraction.padEnd(6, "0").slice(0, 6)) };
}

/** µs since 1970 of a day and µs that may lie before or behind it. */
export function instantOf(days: number, micros: number): number | bigint {
  const over = Math.floor(micros / DAY);
  return microsOf(days + over, micros - over * DAY);
}

function checkedDay([, year, month, day]: RegExpExecArray): number | undefined {
  if (+month < 1 || +month > 12 || +day < 1 || +day > daysInMonth(+year, +month)) return undefined;
  const days = daysOf(+year, +month, +day);
  return isDay(days) ? days : undefined;
}

/** The text's day; of an instant only where it is midnight, UTC. */
export function parseDate(text: string): number | undefined {
  const spelled = parseIso(text);
  if (spelled === undefined || spelled.type === "date") return spelled?.value;
  return timeOf(spelled.value) === 0 ? dayOf(spelled.value) : undefined;
}

/** The text's instant; a day's is its midnight, UTC. */
export function parseTimestamp(text: string): number | bigint | undefined {
  const spelled = parseIso(text);
  return spelled?.type === "date" ? microsOf(spelled.value, 0) : spelled?.value;
}

/** As 2023-01-31. */
export function spellDate(days: number): string {
  const { year, month, day } = civilOf(days);
  return `${spellYear(year)}-${two(month)}-${two(day)}`;
}

/** As 2023-01-31T12:34:56Z, with three or six digits of a second where they are not 0. */
export function spellTimestamp(micros: number | bigint): string {
  return `${spellDate(dayOf(micros))}T${spellTime(timeOf(micros))}Z`;
}

function spellTime(micros: number): string {
  const seconds = Math.floor(micros / 1e6);
  const fraction = micros - seconds * 1e6;
  const digits = fraction === 0 ? "" : `.${String(fraction).padStart(6, "0")}`;
  const clock = `${two(Math.floor(seconds / 3600))}:${two(Math.floor(seconds / 60) % 60)}:${two(seconds % 60)}`;
  return clock + (digits.endsWith("000") ? digits.slice(0, 4) : digits);
}

/** Four digits; outside 0000 to 9999 a sign and six. */
export function spellYear(year: number): string {
  if (year >= 0 && year <= 9999) return String(year).padStart(4, "0");
  return `${year < 0 ? "-" : "+"}${String(Math.abs(year)).padStart(6, "0")}`;
}

export function two(value: number): string {
  return value < 10 ? `0${value}` : String(value);
}
