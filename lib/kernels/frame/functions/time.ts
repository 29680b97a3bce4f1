import type { Params } from "../../../collections/functions/spec.ts";
import type { TimeFunction } from "../../../collections/functions/table.ts";
import { addMonths, civilOf, dayOf, dayOfYear, daysOf, isDay, isoWeek, microsOf, timeOf, weekdayOf } from "../../../collections/time/calendar.ts"; // prettier-ignore
import { instantOf } from "../../../collections/time/iso.ts";
import { ValueError } from "../../../errors.ts";
import { TextDictionary, type Batch, type Column, type TimeColumn } from "../column.ts";
import { castColumn } from "../cast.ts";
import { formatter } from "./format-time.ts";
import { WholeValues } from "./whole.ts";

type Evaluator = (batch: Batch) => Column;

/** What a function gives for a day, and for µs of that day. */
const PARTS: Readonly<
  Record<Exclude<TimePart, "truncate" | "plus" | "format">, (days: number, time: number) => number>
> = {
  year: (days) => civilOf(days).year,
  quarter: (days) => Math.ceil(civilOf(days).month / 3),
  month: (days) => civilOf(days).month,
  day: (days) => civilOf(days).day,
  weekday: weekdayOf,
  dayOfYear,
  week: (days) => isoWeek(days).week,
  isoYear: (days) => isoWeek(days).year,
  hour: (_, time) => Math.floor(time / 3_600e6),
  minute: (_, time) => Math.floor(time / 60e6) % 60,
  second: (_, time) => Math.floor(time / 1e6) % 60,
  millisecond: (_, time) => Math.floor(time / 1e3) % 1000,
  microsecond: (_, time) => time % 1e6,
};

/** The day that a period begins on. */
const STARTS: Readonly<Record<string, (days: number) => number>> = {
  year: (days) => daysOf(civilOf(days).year, 1, 1),
  quarter(days) {
    const { year, month } = civilOf(days);
    return daysOf(year, month - ((month - 1) % 3), 1);
  },
  month: (days) => days - civilOf(days).day + 1,
  week: (days) => days - weekdayOf(days) + 1,
  day: (days) => days,
};

/** µs. */
const CLOCK_UNITS: Readonly<Record<string, number>> = { hour: 3_600e6, minute: 60e6, second: 1e6, millisecond: 1e3 };

export type TimePart = Exclude<TimeFunction, "toDate" | "toTimestamp" | "inTimeZone" | "fromTimeZone">;

export function timeCall(op: TimePart, params: Params, arg: Evaluator, type: "date" | "timestamp"): Evaluator {
  return (batch) => {
    // The null literal alone has another type; casts give times.
    const column = castColumn(arg(batch), type) as TimeColumn;
    if (op === "truncate") return truncated(column, String(params["unit"]));
    if (op === "plus") return later(column, params);
    if (op === "format") return formatted(column, String(params["format"]));
    return partOf(column, PARTS[op]);
  };
}

/** Each value's day and µs of it; slots of nulls are left out. */
function eachMoment({ type, values, valid }: TimeColumn, use: (i: number, days: number, time: number) => void): void {
  for (let i = 0; i < values.length; i++) {
    if (valid?.[i] === 0) continue;
    const value = values[i];
    if (type === "date") use(i, Number(value), 0);
    else use(i, dayOf(value), timeOf(value));
  }
}

function partOf(column: TimeColumn, part: (days: number, time: number) => number): Column {
  const out = new Float64Array(column.values.length);
  eachMoment(column, (i, days, time) => (out[i] = part(days, time)));
  return { type: "int64", values: out, valid: column.valid };
}

function truncated(column: TimeColumn, unit: string): Column {
  const out = new WholeValues(column.values.length);
  const clock = CLOCK_UNITS[unit];
  const start = STARTS[unit];
  const isDate = column.type === "date";
  eachMoment(column, (i, days, time) => {
    if (clock !== undefined) out.set(i, microsOf(days, time - (time % clock)));
    else out.set(i, isDate ? start(days) : microsOf(start(days), 0));
  });
  return out.column(column.type, column.valid);
}

/** The days of the least and the greatest timestamp that 64 bits hold, rounded inwards. */
const MAX_TIMESTAMP_DAY = 106_751_990;

function later(column: TimeColumn, { months = 0, days: more = 0, microseconds = 0 }: Params): Column {
  const out = new WholeValues(column.values.length);
  const isDate = column.type === "date";
  eachMoment(column, (i, days, time) => {
    const day = (months === 0 ? days : addMonths(days, Number(months))) + Number(more);
    const value = isDate ? day : instantOf(day, time + Number(microseconds));
    if (isDate ? !isDay(day) : Math.abs(dayOf(value)) > MAX_TIMESTAMP_DAY)
      throw new ValueError(`A ${column.type} plus a duration lies beyond what a ${column.type} can hold.`, {
        fields: { value: String(column.values[i]), type: column.type },
        fix: "take a shorter duration, or leave such rows out.",
      });
    out.set(i, value);
  });
  return out.column(column.type, column.valid);
}

function formatted(column: TimeColumn, format: string): Column {
  const spell = formatter(format);
  const dictionary = new TextDictionary();
  const codes = new Int32Array(column.values.length);
  eachMoment(column, (i, days, time) => (codes[i] = dictionary.code(spell(days, time))));
  return { type: "string", codes, dictionary };
}
