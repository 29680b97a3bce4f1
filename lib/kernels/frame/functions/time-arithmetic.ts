import type { AnyType } from "../../../collections/functions/spec.ts";
import { castColumn } from "../cast.ts";
import type { Batch, Column, IntegerColumn } from "../column.ts";
import { OverflowError } from "../../../errors.ts";
import { isDay } from "../../../collections/time/calendar.ts";

type Evaluator = (batch: Batch) => Column;

export function isTime(type: AnyType): type is "date" | "timestamp" {
  return type === "date" || type === "timestamp";
}

/** A date or timestamp as a count of days or µs (`unit`), for arithmetic; whole numbers as they are. */
export function asCount(evaluate: Evaluator, type: AnyType, unit: "date" | "timestamp"): Evaluator {
  return (batch) => {
    const column = evaluate(batch);
    const { values, valid } = (isTime(type) ? castColumn(column, unit) : castColumn(column, "int64")) as IntegerColumn; // as both say
    return { type: "int64", values, valid };
  };
}

/** A count as what its type says. @throws OverflowError for a date beyond 32 bits of days */
export function asTime(evaluate: Evaluator, type: AnyType): Evaluator {
  if (!isTime(type)) return evaluate;
  return (batch) => {
    const { values, valid } = evaluate(batch) as IntegerColumn; // as arithmetic of whole numbers gives
    if (type === "date") refuseFarDays(values, valid);
    return { type, values, valid };
  };
}

function refuseFarDays(values: Float64Array | BigInt64Array, valid: Uint8Array | undefined): void {
  for (let i = 0; i < values.length; i++)
    if (!isDay(Number(values[i])) && valid?.[i] !== 0)
      throw new OverflowError(`Day ${values[i]} from 1970-01-01 does not fit a date.`, {
        fields: { days: String(values[i]) },
        fix: "add fewer days, or leave such rows out.",
      });
}
