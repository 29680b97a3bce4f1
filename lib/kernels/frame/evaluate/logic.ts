/** Truth values: Kleene's logic, and tests for null. */
import type { BooleanOp } from "../../../collections/expression.ts";
import { InternalError } from "../../../errors.ts";
import type { BoolColumn, Column } from "../column.ts";
import { bytes, type Evaluator } from "./buffers.ts";

/** Kleene: false and null = false; true or null = true. */
export function logic(op: BooleanOp, left: Evaluator, right: Evaluator): Evaluator {
  const out = bytes();
  const mask = bytes();
  return (batch) => {
    const [a, b] = [boolean(left(batch)), boolean(right(batch))];
    const values = out(batch.rows);
    for (let i = 0; i < values.length; i++)
      values[i] =
        op === "and" ? a.values[i] & b.values[i] : op === "or" ? a.values[i] | b.values[i] : a.values[i] ^ b.values[i];
    if (a.valid === undefined && b.valid === undefined) return { type: "bool", values };
    const valid = mask(batch.rows);
    for (let i = 0; i < values.length; i++) {
      const [av, bv] = [a.valid?.[i] ?? 1, b.valid?.[i] ?? 1];
      // The value that decides alone: false for "and", true for "or". Null slots hold 0.
      const decided =
        op === "and"
          ? (av & ~a.values[i]) | (bv & ~b.values[i])
          : op === "or"
            ? (av & a.values[i]) | (bv & b.values[i])
            : 0;
      valid[i] = (av & bv) | (decided & 1);
      if (op === "and" && (av & bv) === 0) values[i] = 0;
    }
    return { type: "bool", values, valid };
  };
}

/** A boolean column whose null slots are 0. The null literal counts as one. */
function boolean(column: Column): BoolColumn {
  if (column.type === "bool") return column;
  if (column.type === "float64")
    return { type: "bool", values: new Uint8Array(column.values.length), valid: column.valid };
  throw new InternalError(`A ${column.type} column where booleans are expected.`);
}

export function not(arg: Evaluator): Evaluator {
  const out = bytes();
  return (batch) => {
    const a = boolean(arg(batch));
    const values = out(batch.rows);
    for (let i = 0; i < values.length; i++) values[i] = 1 - a.values[i];
    if (a.valid !== undefined) for (let i = 0; i < values.length; i++) values[i] &= a.valid[i];
    return { type: "bool", values, valid: a.valid };
  };
}

export function nullTest(arg: Evaluator, whenNull: boolean): Evaluator {
  const out = bytes();
  return (batch) => {
    const a = arg(batch);
    const values = out(batch.rows);
    const [no, yes] = whenNull ? [0, 1] : [1, 0];
    if (a.type === "string") for (let i = 0; i < values.length; i++) values[i] = a.codes[i] === 0 ? yes : no;
    else if (a.valid === undefined) values.fill(no);
    else for (let i = 0; i < values.length; i++) values[i] = a.valid[i] === 0 ? yes : no;
    return { type: "bool", values };
  };
}
