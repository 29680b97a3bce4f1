import type { Params } from "../../../collections/functions/spec.ts";
import { dayOf, timeOf } from "../../../collections/time/calendar.ts";
import { instantOf, spellTimestamp } from "../../../collections/time/iso.ts";
import { Zone } from "../../../collections/time/zone.ts";
import { ValueError } from "../../../errors.ts";
import { castColumn } from "../cast.ts";
import type { Batch, Column, TimeColumn } from "../column.ts";
import { ColumnValues } from "./whole.ts";

type Evaluator = (batch: Batch) => Column;

/** What a zone's clocks show at each timestamp, as a timestamp. */
export function inZone({ zone }: Params, arg: Evaluator): Evaluator {
  const clocks = new Zone(String(zone));
  return (batch) => mapped(arg(batch), (value) => later(value, clocks.offsetAt(msOf(value))));
}

/** The timestamp at which a zone's clocks show a time. @throws ValueError where they show it twice, or never, unless told what to take */
export function fromZone({ zone, ambiguous = "fail", missing = "fail" }: Params, arg: Evaluator): Evaluator {
  const clocks = new Zone(String(zone));
  return (batch) =>
    mapped(arg(batch), (value) => {
      const shown = msOf(value);
      const [first, second] = clocks.instantsOf(shown);
      if (second !== undefined) {
        if (ambiguous === "fail") throw unclear(value, String(zone), "twice", "ambiguous");
        return ambiguous === "null" ? undefined : later(value, (ambiguous === "first" ? first : second) - shown);
      }
      if (clocks.offsetAt(first) === shown - first) return later(value, first - shown);
      if (missing === "fail") throw unclear(value, String(zone), "never", "missing");
      return missing === "null" ? undefined : later(value, first - shown);
    });
}

function msOf(value: number | bigint): number {
  return dayOf(value) * 86_400_000 + Math.floor(timeOf(value) / 1000);
}

function later(value: number | bigint, ms: number): number | bigint {
  return instantOf(dayOf(value), timeOf(value) + ms * 1000);
}

function mapped(given: Column, make: (value: number | bigint) => number | bigint | undefined): Column {
  const { values, valid } = castColumn(given, "timestamp") as TimeColumn; // as the cast says
  const out = new ColumnValues("timestamp", values.length);
  for (let i = 0; i < values.length; i++) {
    const value = valid?.[i] === 0 ? undefined : make(values[i]);
    if (value !== undefined) out.set(i, value);
  }
  return out.column();
}

function unclear(value: number | bigint, zone: string, times: "twice" | "never", option: string): ValueError {
  const shown = spellTimestamp(value).replace(/Z$/, "");
  const choices = option === "ambiguous" ? '"first", "second" or "null"' : '"shift" or "null"';
  return new ValueError(`Clocks in ${zone} show ${shown} ${times}.`, {
    fields: { value: shown, zone },
    fix: `say what to take: fromTimeZone(${JSON.stringify(zone)}, { ${option}: … }) with ${choices}.`,
  });
}
