import { directiveProblem } from "../time/directives.ts";
import { isZone } from "../time/zone.ts";
import {
  TIME,
  optional,
  same,
  wholeParam,
  wordParam,
  type AnyType,
  type FunctionSpec,
  type Params,
  type ParamSpec,
} from "./spec.ts";

const CLOCK = ["timestamp"] as const;
const part = { args: [TIME], result: "int64" } as const;
const clockPart = { args: [CLOCK], result: "int64" } as const;

/** Units that `truncate` knows; those from "hour" on say nothing about a date. */
export const TIME_UNITS = [
  "year",
  "quarter",
  "month",
  "week",
  "day",
  "hour",
  "minute",
  "second",
  "millisecond",
] as const;
export type TimeUnit = (typeof TIME_UNITS)[number];

const formatParam: ParamSpec = {
  name: "format",
  check: (value) => (typeof value === "string" ? directiveProblem(value) : 'a format, as "%Y-%m-%d"'),
};
/** One of IANA's names, as "Europe/Berlin"; or an offset, as "+02:00". */
const zoneParam: ParamSpec = {
  name: "zone",
  check: (value) => (typeof value === "string" && isZone(value) ? undefined : 'a time zone, as "Europe/Berlin"'),
};
const errorsParam = optional(wordParam("errors", ["fail", "null"]));

/** Functions of dates and timestamps (UTC, unless a zone is named). Null where the argument is null. */
export const TIME_FUNCTIONS = {
  year: part,
  quarter: part,
  month: part,
  day: part,
  weekday: part,
  dayOfYear: part,
  week: part,
  isoYear: part,
  hour: clockPart,
  minute: clockPart,
  second: clockPart,
  millisecond: clockPart,
  microsecond: clockPart,
  truncate: { args: [TIME], params: [wordParam("unit", TIME_UNITS)], result: truncated },
  inTimeZone: { args: [TIME], params: [zoneParam], result: "timestamp" },
  fromTimeZone: {
    args: [TIME],
    params: [
      zoneParam,
      optional(wordParam("ambiguous", ["fail", "first", "second", "null"])),
      optional(wordParam("missing", ["fail", "shift", "null"])),
    ],
    result: "timestamp",
    mayFail: true,
  },
  plus: {
    args: [TIME],
    params: [optional(wholeParam("months")), optional(wholeParam("days")), optional(wholeParam("microseconds"))],
    result: ([type], { microseconds = 0 }) => (type === "date" && microseconds !== 0 ? undefined : type),
    mayFail: true,
  },
  format: { args: [TIME], params: [formatParam], result: "string" },
  toDate: {
    args: [["string", "date", "timestamp"]],
    params: [optional(formatParam), errorsParam],
    result: "date",
    mayFail: true,
  },
  toTimestamp: {
    args: [["string", "date", "timestamp"]],
    params: [optional(formatParam), errorsParam],
    result: "timestamp",
    mayFail: true,
  },
} as const satisfies Record<string, FunctionSpec>;

function truncated(types: readonly AnyType[], { unit }: Params): AnyType | undefined {
  const isClock = TIME_UNITS.findIndex((known) => known === unit) >= TIME_UNITS.indexOf("hour");
  return types[0] === "date" && isClock ? undefined : same(types);
}
