import { spellDate, spellTimestamp } from "../../collections/time/iso.ts";
import type { Column } from "../frame/column.ts";

/** How values are spelled in a text format. Strings are spelled by code, so that each distinct one is spelled once. */
export interface Spelling {
  readonly null: string;
  readonly nan: string;
  readonly infinity: string;
  text(text: string): string;
  time(text: string): string;
}

/** The spelling of each row of a column. */
export function speller(column: Column, { text, time, ...spelled }: Spelling): (row: number) => string {
  if (column.type === "string") {
    const { codes, dictionary } = column;
    const texts: string[] = [spelled.null];
    return (row) => (texts[codes[row]] ??= text(dictionary.text(codes[row])));
  }
  const { values, valid, type } = column;
  const isNull = (row: number) => valid !== undefined && valid[row] === 0;
  switch (type) {
    case "bool":
      return (row) => (isNull(row) ? spelled.null : values[row] !== 0 ? "true" : "false");
    case "float64":
      return (row) => (isNull(row) ? spelled.null : spellFloat(values[row] as number, spelled));
    case "date":
      return (row) => (isNull(row) ? spelled.null : time(spellDate(Number(values[row]))));
    case "timestamp":
      return (row) => (isNull(row) ? spelled.null : time(spellTimestamp(values[row])));
    case "int64":
      return (row) => (isNull(row) ? spelled.null : String(values[row]));
  }
}

/** Digits that give the same bits again, with a point or an exponent: a float stays one when it is read. */
function spellFloat(value: number, { nan, infinity }: Pick<Spelling, "nan" | "infinity">): string {
  if (Number.isInteger(value)) {
    if (Object.is(value, -0)) return "-0.0";
    return Math.abs(value) < 1e21 ? `${value}.0` : String(value);
  }
  if (Number.isFinite(value)) return String(value);
  // Where there is no word for infinity there is none for its opposite.
  if (Number.isNaN(value)) return nan;
  return value > 0 || infinity === nan ? infinity : infinity.replace(/^"?/, (quote) => `${quote}-`);
}
