import type { ScalarType } from "../../collections/schema.ts";
import { InternalError } from "../../errors.ts";
import { TextDictionary, lengthOf, valueAt, type Column, type Scalar } from "./column.ts";

/** The column in another type; see `Expression.cast` for the rules. The same column where it has the type. */
export function castColumn(column: Column, to: ScalarType): Column {
  if (column.type === to) return column;
  if (to === "string") return toStrings(column);
  if (column.type === "string") {
    // Only the null literal meets a string type the other way round.
    throw new InternalError(`A cast of string to ${to}.`);
  }
  const n = column.values.length;
  if (to === "float64") {
    const values = Float64Array.from(column.values, Number);
    if (column.valid !== undefined) for (let i = 0; i < n; i++) if (column.valid[i] === 0) values[i] = NaN;
    return { type: to, values, valid: column.valid };
  }
  if (to === "bool") return { type: to, values: new Uint8Array(n), valid: new Uint8Array(n) }; // the null literal; typing refuses the rest
  if (column.type === "bool") return { type: to, values: Float64Array.from(column.values), valid: column.valid };
  return toIntegers(column.values as Float64Array, column.valid); // float64 is what is left
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

function toStrings(column: Column): Column {
  const dictionary = new TextDictionary();
  const codes = Int32Array.from({ length: lengthOf(column) }, (_, i) => {
    const value = valueAt(column, i);
    return value === null ? 0 : dictionary.code(textOf(value, column.type));
  });
  return { type: "string", codes, dictionary };
}

/** As pandas spells them: floats with a point, booleans capitalised as in Python are not; JavaScript's true and false are. */
function textOf(value: Exclude<Scalar, null>, type: ScalarType): string {
  return type === "float64" && Number.isInteger(value) && Math.abs(Number(value)) < 1e16
    ? `${String(value)}.0`
    : String(value);
}
