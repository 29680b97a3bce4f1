import { civilOf, daysInMonth, daysOf, isDay } from "../../../collections/time/calendar.ts";
import { MONTHS, WEEKDAYS, partsOf } from "../../../collections/time/directives.ts";
import { instantOf, parseDate, parseTimestamp } from "../../../collections/time/iso.ts";

/** What a text may hold at each directive. Names in any case; numbers may lack their leading zeros. */
const PATTERNS: Readonly<Record<string, string>> = {
  Y: "[+-]?\\d{4,6}",
  y: "\\d\\d",
  m: "\\d\\d?",
  d: "\\d\\d?",
  j: "\\d{1,3}",
  H: "\\d\\d?",
  I: "\\d\\d?",
  p: "[AaPp][Mm]",
  M: "\\d\\d?",
  S: "\\d\\d?",
  f: "\\d{1,9}",
  L: "\\d{3}",
  b: alternatives(MONTHS.map((name) => name.slice(0, 3))),
  B: alternatives(MONTHS),
  a: alternatives(WEEKDAYS.map((name) => name.slice(0, 3))),
  A: alternatives(WEEKDAYS),
  z: "Z|[+-]\\d\\d:?(?:\\d\\d)?",
  Z: "UTC|GMT|Z",
  s: "-?\\d{1,12}",
  "%": "%",
};

function alternatives(names: readonly string[]): string {
  return names.map((name) => name.replace(/[a-z]/gi, (c) => `[${c.toUpperCase()}${c.toLowerCase()}]`)).join("|");
}

/** A reader of days (days since 1970) by a format, or of ISO 8601; undefined for a text that is none, or no midnight. */
export function dateReader(format: string | undefined): (text: string) => number | undefined {
  if (format === undefined) return parseDate;
  const read = reader(format);
  return (text) => {
    const found = read(text);
    return found?.micros === 0 ? found.days : undefined;
  };
}

/** A reader of instants (µs since 1970). */
export function timestampReader(format: string | undefined): (text: string) => number | bigint | undefined {
  if (format === undefined) return parseTimestamp;
  const read = reader(format);
  return (text) => {
    const found = read(text);
    return found === undefined ? undefined : instantOf(found.days, found.micros);
  };
}

/** Reads the whole text; parts of a date that the format lacks are those of 1970-01-01. Absent: undefined. */
function reader(format: string): (text: string) => { days: number; micros: number } | undefined {
  const directives: string[] = [];
  const source = partsOf(format).map((part) => {
    if (typeof part === "string") return part.replace(/[/$()*+.?[\\\]^{|}-]/g, "\\$&");
    directives.push(part.directive);
    return `(${PATTERNS[part.directive] ?? "(?!)"})`;
  });
  const pattern = new RegExp(`^${source.join("")}$`);
  return (text) => {
    const match = pattern.exec(text);
    if (match === null) return undefined;
    const found = new Map(directives.map((directive, i) => [directive, match[i + 1]]));
    const days = dayIn(found);
    const micros = timeIn(found);
    return days === undefined || micros === undefined ? undefined : { days, micros };
  };
}

type Found = ReadonlyMap<string, string>;

function numberIn(found: Found, directive: string): number | undefined {
  const text = found.get(directive);
  return text === undefined ? undefined : Number(text);
}

function dayIn(found: Found): number | undefined {
  const seconds = numberIn(found, "s");
  if (seconds !== undefined) return Math.floor(seconds / 86_400);
  const short = numberIn(found, "y");
  const year = numberIn(found, "Y") ?? (short === undefined ? 1970 : short + (short >= 69 ? 1900 : 2000));
  const ofYear = numberIn(found, "j");
  const month = numberIn(found, "m") ?? monthNamed(found.get("B") ?? found.get("b")) ?? 1;
  const day = numberIn(found, "d") ?? 1;
  if (month < 1 || month > 12 || day < 1 || day > daysInMonth(year, month)) return undefined;
  const days = ofYear === undefined ? daysOf(year, month, day) : daysOf(year, 1, 1) + ofYear - 1;
  if (ofYear !== undefined && (ofYear < 1 || civilOf(days).year !== year)) return undefined;
  return isDay(days) ? days : undefined;
}

function monthNamed(name: string | undefined): number | undefined {
  if (name === undefined) return undefined;
  return MONTHS.findIndex((month) => month.slice(0, 3).toLowerCase() === name.slice(0, 3).toLowerCase()) + 1;
}

/** µs since the day began, UTC; an offset may take it out of the day. */
function timeIn(found: Found): number | undefined {
  const half = found.get("p")?.toUpperCase();
  const twelve = numberIn(found, "I");
  if (twelve !== undefined && (twelve < 1 || twelve > 12)) return undefined;
  const ofTwelve = twelve === undefined ? undefined : (twelve % 12) + (half === "PM" ? 12 : 0);
  const hour = numberIn(found, "H") ?? ofTwelve ?? 0;
  const [minute, second] = [numberIn(found, "M") ?? 0, numberIn(found, "S") ?? 0];
  if (hour > 23 || minute > 59 || second > 59) return undefined;
  const fraction = found.get("f") ?? found.get("L") ?? "";
  const ofSecond = Number(fraction.padEnd(6, "0").slice(0, 6));
  const epoch = numberIn(found, "s");
  const seconds =
    epoch === undefined ? (hour * 60 + minute) * 60 + second : epoch - Math.floor(epoch / 86_400) * 86_400;
  return (seconds - offsetIn(found.get("z"))) * 1e6 + ofSecond;
}

/** Seconds. */
function offsetIn(text: string | undefined): number {
  const [, sign, hours, minutes = "0"] = /^([+-])(\d\d):?(\d\d)?$/.exec(text ?? "") ?? [];
  return sign === undefined ? 0 : (sign === "-" ? -60 : 60) * (60 * Number(hours) + Number(minutes || "0"));
}
