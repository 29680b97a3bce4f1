import { civilOf, dayOfYear, isoWeek, weekdayOf } from "../../../collections/time/calendar.ts";
import { MONTHS, WEEKDAYS, partsOf } from "../../../collections/time/directives.ts";
import { spellYear, two } from "../../../collections/time/iso.ts";
import { InternalError } from "../../../errors.ts";

/** A directive's text for a day and µs of it. */
const SPELLINGS: Readonly<Record<string, (days: number, time: number) => string>> = {
  Y: (days) => spellYear(civilOf(days).year),
  y: (days) => two(((civilOf(days).year % 100) + 100) % 100),
  m: (days) => two(civilOf(days).month),
  d: (days) => two(civilOf(days).day),
  j: (days) => String(dayOfYear(days)).padStart(3, "0"),
  H: (_, time) => two(hourOf(time)),
  I: (_, time) => two(((hourOf(time) + 11) % 12) + 1),
  p: (_, time) => (hourOf(time) < 12 ? "AM" : "PM"),
  M: (_, time) => two(Math.floor(time / 60e6) % 60),
  S: (_, time) => two(Math.floor(time / 1e6) % 60),
  f: (_, time) => String(time % 1e6).padStart(6, "0"),
  L: (_, time) => String(Math.floor(time / 1e3) % 1000).padStart(3, "0"),
  b: (days) => MONTHS[civilOf(days).month - 1].slice(0, 3),
  B: (days) => MONTHS[civilOf(days).month - 1],
  a: (days) => WEEKDAYS[weekdayOf(days) - 1].slice(0, 3),
  A: (days) => WEEKDAYS[weekdayOf(days) - 1],
  u: (days) => String(weekdayOf(days)),
  V: (days) => two(isoWeek(days).week),
  G: (days) => spellYear(isoWeek(days).year),
  z: () => "+0000",
  Z: () => "UTC",
  s: (days, time) => String(days * 86_400 + Math.floor(time / 1e6)),
  "%": () => "%",
};

function hourOf(time: number): number {
  return Math.floor(time / 3_600e6);
}

/** A format as a function from a day and µs of it to text. */
export function formatter(format: string): (days: number, time: number) => string {
  const parts = partsOf(format).map((part) => {
    if (typeof part === "string") return () => part;
    const spell = SPELLINGS[part.directive];
    if (spell === undefined) throw new InternalError(`A format with the directive %${part.directive}.`);
    return spell;
  });
  return (days, time) => parts.map((spell) => spell(days, time)).join("");
}
