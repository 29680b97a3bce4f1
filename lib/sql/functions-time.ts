import { lit, type Expression } from "../collections/expression.ts";
import { TIME_UNITS, type TimeUnit } from "../collections/functions/time.ts";
import { integerDivision } from "./arithmetic.ts";
import type { FunctionRule } from "./call.ts";
import { nearest, type Problems } from "./problem.ts";

/** Parts of a date or a timestamp, by SQL's names. */
const PARTS: Readonly<Record<string, (value: Expression) => Expression>> = {
  year: (value) => value.year(),
  quarter: (value) => value.quarter(),
  month: (value) => value.month(),
  week: (value) => value.week(),
  day: (value) => value.day(),
  hour: (value) => value.hour(),
  minute: (value) => value.minute(),
  second: (value) => value.second(),
  dayofweek: (value) => value.weekday().mod(7),
  isodow: (value) => value.weekday(),
  dayofyear: (value) => value.dayOfYear(),
  isoyear: (value) => value.isoYear(),
};

const OTHER_NAMES: Readonly<Record<string, string>> = {
  dow: "dayofweek",
  weekday: "dayofweek",
  doy: "dayofyear",
  dayofmonth: "day",
  weekofyear: "week",
};

/** A part by its name, as `extract` and `date_part` have it. @throws SqlError */
export function partOf(name: string, value: Expression, node: unknown, problems: Problems): Expression {
  const key = name.toLowerCase();
  const part = Object.hasOwn(OTHER_NAMES, key) ? OTHER_NAMES[key] : key;
  if (Object.hasOwn(PARTS, part)) return PARTS[part](value);
  throw problems.at(node, `there is no part "${name}" of a date.`, nearest(name, Object.keys(PARTS), "parts"));
}

/** From one date or timestamp to another, in units. */
const DIFFERENCES: Readonly<Record<string, (from: Expression, to: Expression) => Expression>> = {
  year: (from, to) => to.year().sub(from.year()),
  quarter: (from, to) => quarters(to).sub(quarters(from)),
  month: (from, to) => months(to).sub(months(from)),
  day: (from, to) => to.cast("date").sub(from.cast("date")),
  // Whole weeks, as DuckDB counts them; all others are boundaries between.
  week: (from, to) => integerDivision(to.cast("date").sub(from.cast("date")), lit(7), []),
  hour: (from, to) => elapsed(from, to, "hour", 3_600_000_000),
  minute: (from, to) => elapsed(from, to, "minute", 60_000_000),
  second: (from, to) => elapsed(from, to, "second", 1_000_000),
};

const months = (value: Expression) => value.year().mul(12).add(value.month());
const quarters = (value: Expression) => value.year().mul(4).add(value.quarter());
const elapsed = (from: Expression, to: Expression, unit: TimeUnit, microseconds: number) =>
  to.cast("timestamp").truncate(unit).sub(from.cast("timestamp").truncate(unit)).floorDiv(microseconds);

export function timeRules(problems: Problems): Readonly<Record<string, FunctionRule>> {
  const part = (name: string): FunctionRule => ({
    args: [1, 1],
    make: ({ args }) => partOf(name, args[0], undefined, problems),
  });
  const difference: FunctionRule = {
    args: [3, 3],
    make(call) {
      const unit = call.text(0).toLowerCase();
      if (Object.hasOwn(DIFFERENCES, unit)) return DIFFERENCES[unit](call.args[1], call.args[2]);
      throw problems.atText(
        unit,
        `date_diff knows no unit "${unit}".`,
        nearest(unit, Object.keys(DIFFERENCES), "units"),
      );
    },
  };
  return {
    ...Object.fromEntries([...Object.keys(PARTS), ...Object.keys(OTHER_NAMES)].map((name) => [name, part(name)])),
    date_part: { args: [2, 2], make: (call) => partOf(call.text(0), call.args[1], undefined, problems) },
    datepart: { args: [2, 2], make: (call) => partOf(call.text(0), call.args[1], undefined, problems) },
    date_trunc: { args: [2, 2], make: (call) => call.args[1].truncate(unitOf(call.text(0), problems)) },
    date_diff: difference,
    datediff: difference,
    strftime: { args: [2, 2], make: (call) => call.args[0].format(call.text(1)) },
    strptime: { args: [2, 2], make: (call) => call.args[0].toTimestamp(call.text(1)) },
    try_strptime: { args: [2, 2], make: (call) => call.args[0].toTimestamp(call.text(1), { errors: "null" }) },
  };
}

function unitOf(name: string, problems: Problems): TimeUnit {
  const unit = TIME_UNITS.find((known) => known === name.toLowerCase());
  if (unit !== undefined) return unit;
  throw problems.atText(name, `date_trunc knows no unit "${name}".`, nearest(name, TIME_UNITS, "units"));
}
