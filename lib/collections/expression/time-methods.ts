import type { Expression } from "../expression.ts";
import type { TimeUnit } from "../functions/time.ts";
import { TextMethods } from "./text-methods.ts";

/** What becomes of a value that cannot be read: an error, or null. Default "fail". */
export interface ParseOptions {
  readonly errors?: "fail" | "null";
}

/** What becomes of local times that are no single instant. Default "fail". */
export interface ZoneOptions {
  readonly ambiguous?: "fail" | "first" | "second" | "null";
  readonly missing?: "fail" | "shift" | "null";
}

/** A length of time by the calendar. Whole numbers, negative ones too; absent ones are 0. */
export interface Duration {
  readonly years?: number;
  readonly months?: number;
  readonly weeks?: number;
  readonly days?: number;
  readonly hours?: number;
  readonly minutes?: number;
  readonly seconds?: number;
  readonly milliseconds?: number;
  readonly microseconds?: number;
}

/**
 * Functions of dates and timestamps. Null gives null. The calendar is the Gregorian one, for all years; timestamps are UTC, without leap seconds.
 *
 * Differences and sums are `sub` and `add`: date − date is days, timestamp − timestamp µs (both int64); a date and an int64 are a date so many days
 * later, a timestamp and an int64 a timestamp so many µs later. A date stands for its midnight where it meets a timestamp. In comparisons, `isIn` and
 * `between` a constant string is read as ISO 8601.
 */
export abstract class TimeMethods extends TextMethods {
  /** A date from strings as 2023-01-31 (ISO 8601), or as the format says ("%d/%m/%Y", see `format`); a timestamp's day. @throws ValueError at compute for a string that is none, or a time that is not midnight */
  toDate(format?: string, { errors }: ParseOptions = {}): Expression {
    return this.call("toDate", [], { format, errors });
  }
  /**
   * A timestamp from strings as 2023-01-31T12:34:56.789Z (ISO 8601: T or a space, seconds and fraction may be absent, an offset as +02:00 is taken off,
   * none means UTC; what is beyond µs is cut off), or as the format says; of a date its midnight. @throws ValueError at compute for a string that is none
   */
  toTimestamp(format?: string, { errors }: ParseOptions = {}): Expression {
    return this.call("toTimestamp", [], { format, errors });
  }
  /**
   * Text as the format says, by strftime's directives: %Y %y %m %d %j %H %I %p %M %S %f (µs) %L (ms) %b %B %a %A %u %V %G %z %Z %s %F %T %%. Names are English.
   * Reading knows them all but %u %V %G. string.
   */
  format(format: string): Expression {
    return this.call("format", [], { format });
  }

  /** int64. */
  year(): Expression {
    return this.call("year");
  }
  /** 1 to 4. int64. */
  quarter(): Expression {
    return this.call("quarter");
  }
  /** 1 to 12. int64. */
  month(): Expression {
    return this.call("month");
  }
  /** Of the month, 1 to 31. int64. */
  day(): Expression {
    return this.call("day");
  }
  /** 1 for Monday to 7 for Sunday, as ISO 8601 counts (pandas: 0 to 6). int64. */
  weekday(): Expression {
    return this.call("weekday");
  }
  /** 1 to 366. int64. */
  dayOfYear(): Expression {
    return this.call("dayOfYear");
  }
  /** ISO 8601 week, 1 to 53; it may belong to another year, see `isoYear`. int64. */
  week(): Expression {
    return this.call("week");
  }
  /** The year that the ISO 8601 week belongs to. int64. */
  isoYear(): Expression {
    return this.call("isoYear");
  }
  /** 0 to 23; of timestamps only, as all below. int64. */
  hour(): Expression {
    return this.call("hour");
  }
  /** 0 to 59. int64. */
  minute(): Expression {
    return this.call("minute");
  }
  /** Whole seconds, 0 to 59. int64. */
  second(): Expression {
    return this.call("second");
  }
  /** Of the second, 0 to 999. int64. */
  millisecond(): Expression {
    return this.call("millisecond");
  }
  /** Of the second, 0 to 999,999. int64. */
  microsecond(): Expression {
    return this.call("microsecond");
  }

  /** The beginning of its year, quarter, month, week (Monday), day, hour, minute, second or millisecond. The type stays; dates know no hours. */
  truncate(unit: TimeUnit): Expression {
    return this.call("truncate", [], { unit });
  }
  /**
   * What clocks in a time zone show at a timestamp, as a timestamp of its own: `col("at").inTimeZone("Europe/Berlin").hour()`. Any part, `truncate`, `format`
   * and the date of it are local then; `fromTimeZone` leads back. The type knows no zone: compare instants before, not what clocks show.
   *
   * `zone`: one of IANA's names ("America/New_York", "UTC"), or an offset ("+05:30"). Rules of the zone are those that come with Node, for all years. A date is its
   * midnight in UTC. @throws OptionError for a zone that there is not
   */
  inTimeZone(zone: string): Expression {
    return this.call("inTimeZone", [], { zone });
  }
  /**
   * The timestamp at which clocks in a time zone show a time: for files that hold local times. Where clocks are set back they show an hour twice: an error,
   * or the first or second time, or null (`ambiguous`). Where they are set forward some times are never shown: an error, null, or `"shift"`: as many minutes
   * behind the change as they would have been, had clocks not been set (`missing`). @throws OptionError for a zone that there is not, ValueError at compute
   */
  fromTimeZone(zone: string, { ambiguous, missing }: ZoneOptions = {}): Expression {
    return this.call("fromTimeZone", [], { zone, ambiguous, missing });
  }
  /** Later by a duration: years and months first (to the month's last day where it is too short), then the rest. Dates take no hours. @throws ValueError at compute beyond the type's range */
  plus(duration: Duration): Expression {
    const { years = 0, months = 0, weeks = 0, days = 0 } = duration;
    const { hours = 0, minutes = 0, seconds = 0, milliseconds = 0, microseconds = 0 } = duration;
    const clock = (((hours * 60 + minutes) * 60 + seconds) * 1000 + milliseconds) * 1000 + microseconds;
    const given = (value: number) => (value === 0 ? undefined : value);
    return this.call("plus", [], {
      months: given(years * 12 + months),
      days: given(weeks * 7 + days),
      microseconds: given(clock),
    });
  }
}
