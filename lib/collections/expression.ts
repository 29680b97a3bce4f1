import { OptionError } from "../errors.ts";
import { Aggregate } from "./aggregate.ts";
import type { ParseOptions } from "./expression/time-methods.ts";
import { nodeOf, type Operand } from "./expression/base.ts";
import { literalJson, literalType, timeLiteral, type Constant } from "./expression/literal.ts";
import type { BinaryOp, ExpressionNode, UnaryOp } from "./expression/nodes.ts";
import type { ScalarType } from "./schema.ts";
import { WindowMethods } from "./window-methods.ts";
import { Window } from "./window.ts";

export { Aggregate, size, type AggregateKind, type AggregateNode } from "./aggregate.ts";
export type { Operand } from "./expression/base.ts";
export { formatExpression } from "./expression/format.ts";
export { literalType, literalValue } from "./expression/literal.ts";
export { columnsRead } from "./expression/nodes.ts";
export type {
  ArithmeticOp,
  BinaryOp,
  BooleanOp,
  ComparisonOp,
  ExpressionNode,
  LiteralJson,
  UnaryOp,
} from "./expression/nodes.ts";

/**
 * A lazy expression over the columns of a frame. Makes nothing until the frame is computed.
 *
 * Nulls, as in pandas' nullable types: arithmetic and comparison with a null give null; `and`, `or` follow Kleene's logic; `filter`
 * keeps the rows where its condition is true, so neither false nor null. NaN is a float64 value that equals nothing; aggregates skip
 * it as they skip nulls.
 */
export class Expression extends WindowMethods {
  protected override of(node: ExpressionNode): Expression {
    return new Expression(node);
  }

  /** Sum. int64 with int64 stays int64 (exact; `OverflowError` beyond 64 bits), otherwise float64. For dates and timestamps see `TimeMethods`. */
  add(other: Operand): Expression {
    return binary("add", this, other);
  }
  /** Difference; types as for `add`. */
  sub(other: Operand): Expression {
    return binary("sub", this, other);
  }
  /** Product; types as for `add`. */
  mul(other: Operand): Expression {
    return binary("mul", this, other);
  }
  /** True division: float64 always; x / 0 is ±Infinity or NaN. */
  div(other: Operand): Expression {
    return binary("div", this, other);
  }
  /** Division rounded towards minus infinity, as Python's `//`. int64 by int64 stays int64; by 0 it is null. */
  floorDiv(other: Operand): Expression {
    return binary("floorDiv", this, other);
  }
  /** Remainder with the divisor's sign, as Python's `%`. int64 by int64 stays int64; by 0 it is null. */
  mod(other: Operand): Expression {
    return binary("mod", this, other);
  }
  /** Power: float64 always. */
  pow(other: Operand): Expression {
    return binary("pow", this, other);
  }
  neg(): Expression {
    return unary("neg", this);
  }
  abs(): Expression {
    return unary("abs", this);
  }

  /** Equal: numbers by value whatever their type, strings by bytes, booleans. bool. */
  eq(other: Operand): Expression {
    return binary("eq", this, other);
  }
  ne(other: Operand): Expression {
    return binary("ne", this, other);
  }
  /** Less: numbers by value, strings by code point, false before true. */
  lt(other: Operand): Expression {
    return binary("lt", this, other);
  }
  le(other: Operand): Expression {
    return binary("le", this, other);
  }
  gt(other: Operand): Expression {
    return binary("gt", this, other);
  }
  ge(other: Operand): Expression {
    return binary("ge", this, other);
  }
  /** low ≤ this ≤ high. */
  between(low: Operand, high: Operand): Expression {
    return this.ge(low).and(this.le(high));
  }
  /** Whether the value is one of the list; null stays null. Dates and timestamps are told by `Date`s or as ISO 8601 has them. */
  isIn(values: readonly Exclude<Constant, null>[]): Expression {
    return new Expression({ op: "isIn", args: [this.node], values: values.map(listed) });
  }

  /** A whole number from 0 to 2^32 − 1 that looks like chance, and depends on the value and the seed (default 0) alone: equal values have equal ones, and null has one too. int64; MurmurHash3's steps. */
  hash(seed?: number): Expression {
    return this.call("hash", [], { seed });
  }

  and(other: Operand): Expression {
    return binary("and", this, other);
  }
  or(other: Operand): Expression {
    return binary("or", this, other);
  }
  xor(other: Operand): Expression {
    return binary("xor", this, other);
  }
  not(): Expression {
    return unary("not", this);
  }

  /** True where the value is missing. A NaN is not: it is a value. */
  isNull(): Expression {
    return unary("isNull", this);
  }
  isNotNull(): Expression {
    return unary("isNotNull", this);
  }
  /** The value, or the other where it is null. Both have one type (int64 and float64 give float64). */
  fillNull(other: Operand): Expression {
    return binary("fillNull", this, other);
  }
  /**
   * To another type. A value that the type cannot hold is a `ValueError` at compute, or null with `{ errors: "null" }`.
   *
   * - string → number, bool, date, timestamp: as the CSV reader reads them, but an empty string is none of them.
   * - float64 → int64: towards zero; NaN, infinities and what is beyond 64 bits become null. int64 → float64: to the nearest.
   * - number → bool: whether it is not 0. bool → number: 0 or 1.
   * - date ↔ timestamp: midnight, the day. date, timestamp ↔ int64: days, µs since 1970-01-01 UTC.
   * - anything → string: floats with a point, true and false, dates and timestamps as ISO 8601 has them.
   *
   * @throws TypeMismatchError for pairs that mean nothing, as bool to date
   */
  cast(to: ScalarType, { errors }: ParseOptions = {}): Expression {
    return new Expression({ op: "cast", args: [this.node], to, ...(errors === "null" ? { errors } : {}) });
  }
}

/** The column of that name. */
export function col(name: string): Expression {
  if (typeof name !== "string") throw new OptionError(`col(…) expects a column name, found ${typeof name}.`);
  return new Expression({ op: "col", name });
}

/**
 * A constant. Whole numbers are int64, other numbers float64, bigints int64, a `Date` is a timestamp. `lit("2023-01-31", "date")` is a date,
 * `lit("2023-01-31T12:00Z", "timestamp")` a timestamp. @throws OptionError for a text that spells none
 */
export function lit(value: Constant, type?: "date" | "timestamp"): Expression {
  if (type === undefined) return new Expression({ op: "lit", type: literalType(value), value: literalJson(value) });
  const node = timeLiteral(value instanceof Date ? value.toISOString() : String(value), type);
  if (node !== undefined) return new Expression(node);
  throw new OptionError(`lit(${JSON.stringify(String(value))}, "${type}") expects a ${type} as ISO 8601 has it.`, {
    fix: type === "date" ? 'as "2023-01-31".' : 'as "2023-01-31T12:34:56Z".',
  });
}

export function asExpression(value: Operand): Expression {
  if (value instanceof Expression) return value;
  // Neither is an operand by its type, but users of plain JavaScript pass them.
  if ((value as unknown) instanceof Window)
    throw new OptionError(`${String(value)} is a window function; it may stand only in window({ … }).`, {
      fix: "add it by window({ … }) first, then filter or assign on that column.",
    });
  if ((value as unknown) instanceof Aggregate)
    throw new OptionError(`${String(value)} is an aggregate; it may stand only in agg({ … }).`, {
      fix: "aggregate first, then filter or assign on the result.",
    });
  return new Expression(nodeOf(value));
}

function binary(op: BinaryOp, left: Expression, right: Operand): Expression {
  return new Expression({ op, args: [left.node, asExpression(right).node] });
}

function unary(op: UnaryOp, arg: Expression): Expression {
  return new Expression({ op, args: [arg.node] });
}

/** In a list a text may spell a day or an instant, and a `Date` does. */
function listed(value: Exclude<Constant, null>) {
  return literalJson(value instanceof Date ? value.toISOString() : value);
}
