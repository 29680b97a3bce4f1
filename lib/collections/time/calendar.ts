/**
 * Days and the proleptic Gregorian calendar, for any year, by whole numbers alone (H. Hinnant, "chrono-Compatible Low-Level Date Algorithms",
 * 2013). Days count from 1970-01-01; months from January = 1.
 */

/** µs of a day. */
export const DAY = 86_400_000_000;
const BIG_DAY = 86_400_000_000n;
/** A date has 32 bits of days, as in Arrow. */
const MAX_DAY = 2 ** 31 - 1;

export interface Civil {
  readonly year: number;
  readonly month: number;
  readonly day: number;
}

export function civilOf(days: number): Civil {
  const shifted = days + 719_468; // from 0000-03-01
  const era = Math.floor(shifted / 146_097);
  const ofEra = shifted - era * 146_097;
  const yearOfEra = Math.floor(
    (ofEra - Math.floor(ofEra / 1_460) + Math.floor(ofEra / 36_524) - Math.floor(ofEra / 146_096)) / 365,
  );
  const ofYear = ofEra - (365 * yearOfEra + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100));
  const shiftedMonth = Math.floor((5 * ofYear + 2) / 153); // from March
  const month = shiftedMonth < 10 ? shiftedMonth + 3 : shiftedMonth - 9;
  return {
    year: yearOfEra + era * 400 + (month <= 2 ? 1 : 0),
    month,
    day: ofYear - Math.floor((153 * shiftedMonth + 2) / 5) + 1,
  };
}

/** The day's number; days beyond the month's last go on into the next. */
export function daysOf(year: number, month: number, day: number): number {
  const shiftedYear = month <= 2 ? year - 1 : year;
  const era = Math.floor(shiftedYear / 400);
  const yearOfEra = shiftedYear - era * 400;
  const ofYear = Math.floor((153 * (month > 2 ? month - 3 : month + 9) + 2) / 5) + day - 1;
  return era * 146_097 + yearOfEra * 365 + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100) + ofYear - 719_468;
}

export function isLeap(year: number): boolean {
  return year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0);
}

export function daysInMonth(year: number, month: number): number {
  if (month === 2) return isLeap(year) ? 29 : 28;
  return month === 4 || month === 6 || month === 9 || month === 11 ? 30 : 31;
}

/** 1 for Monday to 7 for Sunday, as in ISO 8601. */
export function weekdayOf(days: number): number {
  return ((((days + 3) % 7) + 7) % 7) + 1;
}

/** From 1. */
export function dayOfYear(days: number): number {
  return days - daysOf(civilOf(days).year, 1, 1) + 1;
}

/** The week that holds the year's first Thursday is its first; weeks begin on Monday (ISO 8601). */
export function isoWeek(days: number): { readonly year: number; readonly week: number } {
  const thursday = days - weekdayOf(days) + 4;
  const { year } = civilOf(thursday);
  return { year, week: Math.floor((thursday - daysOf(year, 1, 1)) / 7) + 1 };
}

/** The day so many months later; where that month is too short, its last. */
export function addMonths(days: number, months: number): number {
  const { year, month, day } = civilOf(days);
  const index = year * 12 + month - 1 + months;
  const newYear = Math.floor(index / 12);
  const newMonth = index - newYear * 12 + 1;
  return daysOf(newYear, newMonth, Math.min(day, daysInMonth(newYear, newMonth)));
}

/** Whether a date can hold the day. */
export function isDay(days: number): boolean {
  return days >= -MAX_DAY - 1 && days <= MAX_DAY;
}

/** A moment of a day as µs since 1970: a bigint beyond ±2^53, where a number is not exact. `micros`: µs of the day. */
export function microsOf(days: number, micros: number): number | bigint {
  const sum = days * DAY + micros;
  return Number.isSafeInteger(sum) ? sum : BigInt(days) * BIG_DAY + BigInt(micros);
}

/** The day that a timestamp falls on. */
export function dayOf(micros: number | bigint): number {
  if (typeof micros === "number") return Math.floor(micros / DAY);
  return Number(micros / BIG_DAY) - (micros % BIG_DAY < 0n ? 1 : 0);
}

/** µs since the day began. */
export function timeOf(micros: number | bigint): number {
  if (typeof micros === "number") return micros - Math.floor(micros / DAY) * DAY;
  const rest = Number(micros % BIG_DAY);
  return rest < 0 ? rest + DAY : rest;
}
