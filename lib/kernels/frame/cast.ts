import type { ScalarType } from "../../collections/schema.ts";
import { dayOf, isDay, microsOf } from "../../collections/time/calendar.ts";
import { spellDate, spellTimestamp } from "../../collections/time/iso.ts";
import { InternalError, ValueError } from "../../errors.ts";
import { TextDictionary, lengthOf, valueAt, type Column, type NumberColumn, type Scalar } from "./column.ts";
import { WholeValues } from "./functions/whole.ts";

/** What becomes of values that the type cannot hold: null, or an error that names the expression. */
export type Misfits = "null" | { readonly where: string };

/**
 * The column in another type; see `Expression.cast` for the rules. The same column where it has the type. Strings are cast to other types by
 * functions/parse.ts. A float64 column that is cast to date or timestamp is the null literal's.
 */
export function castColumn(column: Column, to: ScalarType, misfits: Misfits = { where: `cast to ${to}` }): Column {
  if (column.type === to) return column;
  if (to === "string") return toStrings(column);
  // Only the null literal meets a string type the other way round.
  if (column.type === "string") throw new InternalError(`A cast of string to ${to}.`);
  const { values, valid } = column;
  if (to === "float64") return toFloats(values, valid);
  if (to === "bool") return toBooleans(values, valid);
  if (column.type === "bool") return { type: to, values: Float64Array.from(values, Number), valid };
  if (column.type === "float64") {
    if (to === "int64") return toIntegers(column.values, valid);
    return { type: to, values: new Float64Array(values.length), valid: new Uint8Array(values.length) };
  }
  return toTimes(column, to, misfits);
}

function toFloats(values: Float64Array | BigInt64Array | Uint8Array, valid: Uint8Array | undefined): Column {
  const out = Float64Array.from(values, Number);
  if (valid !== undefined) for (let i = 0; i < out.length; i++) if (valid[i] === 0) out[i] = NaN;
  return { type: "float64", values: out, valid };
}

function toBooleans(values: Float64Array | BigInt64Array | Uint8Array, valid: Uint8Array | undefined): Column {
  const out = new Uint8Array(values.length);
  for (let i = 0; i < out.length; i++) out[i] = Number(values[i]) !== 0 && valid?.[i] !== 0 ? 1 : 0;
  return { type: "bool", values: out, valid };
}

/** Towards zero; what no 64-bit integer holds becomes null. */
function toIntegers(floats: Float64Array, valid: Uint8Array | undefined): Column {
  const n = floats.length;
  const mask = new Uint8Array(n);
  const values = new Float64Array(n);
  let isWide = false;
  let nulls = 0;
  for (let i = 0; i < n; i++) {
    const whole = Math.trunc(floats[i]) + 0;
    const fits = whole >= -(2 ** 63) && whole < 2 ** 63 && valid?.[i] !== 0;
    mask[i] = fits ? 1 : 0;
    values[i] = fits ? whole : 0;
    if (!fits) nulls++;
    else if (Math.abs(whole) > 2 ** 53) isWide = true;
  }
  return {
    type: "int64",
    values: isWide ? BigInt64Array.from(values, BigInt) : values,
    valid: nulls > 0 ? mask : undefined,
  };
}

/** The days around 1970 whose µs fit 64 bits. */
const MAX_TIMESTAMP_DAY = 106_751_990;

/** Whole numbers, days and µs to each other: counts stay, a day and its midnight go together. */
function toTimes({ type, values, valid }: NumberColumn, to: "int64" | "date" | "timestamp", misfits: Misfits): Column {
  const changes = type !== "int64" && to !== "int64";
  if (!changes && to !== "date") return { type: to, values: values as Float64Array | BigInt64Array, valid };
  const out = new WholeValues(values.length);
  let mask = valid;
  for (let i = 0; i < values.length; i++) {
    if (valid?.[i] === 0) continue;
    const value = values[i];
    const days = type === "timestamp" ? dayOf(value) : Number(value);
    if (to === "date" ? isDay(days) : Math.abs(days) <= MAX_TIMESTAMP_DAY)
      out.set(i, to === "date" ? days : microsOf(days, 0));
    else {
      if (misfits !== "null") throw misfit(type === "date" ? spellDate(days) : String(value), to, misfits.where);
      if (mask === valid) mask = valid === undefined ? new Uint8Array(values.length).fill(1) : valid.slice();
      (mask as Uint8Array)[i] = 0; // made in the line before
    }
  }
  return out.column(to, mask);
}

function misfit(value: string, to: ScalarType, where: string): ValueError {
  return new ValueError(`${value} is beyond what a ${to} can hold. In: ${where}.`, {
    fields: { value, type: to, expression: where },
    fix: `leave such rows out, or make such values null: .cast("${to}", { errors: "null" }).`,
  });
}

function toStrings(column: Column): Column {
  const dictionary = new TextDictionary();
  const codes = Int32Array.from({ length: lengthOf(column) }, (_, i) => {
    const value = valueAt(column, i);
    return value === null ? 0 : dictionary.code(textOf(value, column.type));
  });
  return { type: "string", codes, dictionary };
}

/** Floats with a point; true and false as JavaScript has them; dates and timestamps as ISO 8601 has them. */
function textOf(value: Exclude<Scalar, null>, type: ScalarType): string {
  if (type === "date") return spellDate(Number(value));
  if (type === "timestamp") return spellTimestamp(value as number | bigint); // by the column's type
  if (Object.is(value, -0)) return "-0.0";
  return type === "float64" && Number.isInteger(value) && Math.abs(Number(value)) < 1e16
    ? `${String(value)}.0`
    : String(value);
}
