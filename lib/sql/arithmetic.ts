import { lit, type Expression } from "../collections/expression.ts";
import { when } from "../collections/expression/when.ts";
import type { ScalarType } from "../collections/schema.ts";

/** Arithmetic where SQL (as DuckDB has it) differs from the frames' own, which is Python's. */

/** The remainder with the dividend's sign; null for a divisor of 0. */
export function remainder(a: Expression, b: Expression): Expression {
  const floored = a.mod(b);
  return when(isOff(a, b, floored))
    .then(floored.sub(b))
    .otherwise(floored);
}

/** Whole numbers are divided towards zero (by 0: null); where there is a float among them, it is a division as any other, as in DuckDB. */
export function integerDivision(a: Expression, b: Expression, types: readonly (ScalarType | "null")[]): Expression {
  if (types.includes("float64")) return a.div(b);
  const floored = a.floorDiv(b);
  return when(isOff(a, b, a.mod(b)))
    .then(floored.add(1))
    .otherwise(floored);
}

/** Whether rounding down has gone away from zero. */
function isOff(a: Expression, b: Expression, floored: Expression): Expression {
  return floored.ne(0).and(a.lt(0).xor(b.lt(0)));
}

/** Rounded to so many decimals, halves away from zero (the frames' `round` goes to the even neighbour). */
export function roundAway(value: Expression, decimals: number, type: ScalarType | "null"): Expression {
  const unit = 10 ** Math.abs(decimals);
  if (type === "int64")
    return decimals >= 0
      ? value
      : signed(
          value,
          value
            .abs()
            .add(unit / 2)
            .floorDiv(unit)
            .mul(unit),
        );
  if (decimals === 0) return signed(value, wholeAway(value.abs()));
  if (decimals > 0) return signed(value, wholeAway(value.mul(unit).abs()).div(unit));
  return signed(value, wholeAway(value.div(unit).abs()).mul(unit));
}

function wholeAway(size: Expression): Expression {
  const floor = size.floor();
  return when(size.sub(floor).ge(0.5)).then(floor.add(1)).otherwise(floor);
}

function signed(value: Expression, size: Expression): Expression {
  return when(value.lt(0)).then(size.neg()).otherwise(size);
}

/** Towards zero. */
export function truncated(value: Expression): Expression {
  return when(value.lt(0)).then(value.ceil()).otherwise(value.floor());
}

/** The greatest (or least) of values, nulls left out; null where all are. */
export function extreme(values: readonly Expression[], which: "greatest" | "least"): Expression {
  return values.reduce((a, b) => {
    const isFirst = which === "greatest" ? a.ge(b) : a.le(b);
    return when(isFirst.or(b.isNull()).fillNull(false)).then(a).otherwise(b);
  });
}

/** Values as text, null as nothing. */
export function joinedText(values: readonly Expression[]): Expression {
  return values.map((value) => value.cast("string").fillNull(lit(""))).reduce((a, b) => a.concat(b));
}
