import { OptionError } from "../errors.ts";
import type { ScalarType } from "./schema.ts";

/** An expression as plain data: what travels in the plan. */
export type ExpressionNode =
  | { readonly op: "col"; readonly name: string }
  | { readonly op: "lit"; readonly type: ScalarType | "null"; readonly value: LiteralJson }
  | { readonly op: UnaryOp; readonly args: readonly [ExpressionNode] }
  | { readonly op: BinaryOp; readonly args: readonly [ExpressionNode, ExpressionNode] }
  | { readonly op: "isIn"; readonly args: readonly [ExpressionNode]; readonly values: readonly LiteralJson[] }
  | { readonly op: "cast"; readonly args: readonly [ExpressionNode]; readonly to: ScalarType };

/** A literal in JSON: an int64 outside ±2^53 and floats that JSON lacks are told by their spelling. */
export type LiteralJson =
  | null
  | boolean
  | number
  | string
  | { readonly int: string }
  | { readonly float: "NaN" | "Infinity" | "-Infinity" | "-0" };

export type ArithmeticOp = "add" | "sub" | "mul" | "div" | "floorDiv" | "mod" | "pow";
export type ComparisonOp = "eq" | "ne" | "lt" | "le" | "gt" | "ge";
export type BooleanOp = "and" | "or" | "xor";
export type BinaryOp = ArithmeticOp | ComparisonOp | BooleanOp | "fillNull";
export type UnaryOp = "neg" | "abs" | "not" | "isNull" | "isNotNull";

export type AggregateKind = "sum" | "mean" | "min" | "max" | "count";

/** An aggregate as plain data. `input` absent: rows are counted. */
export interface AggregateNode {
  readonly kind: AggregateKind | "size";
  readonly input?: ExpressionNode;
}

/** What may stand where an expression is expected: the value becomes a literal. */
export type Operand = Expression | boolean | number | bigint | string | null;

/**
 * A lazy expression over the columns of a frame. Makes nothing until the frame is computed.
 *
 * Nulls, as in pandas' nullable types: arithmetic and comparison with a null give null; `and`, `or` follow Kleene's logic; `filter`
 * keeps the rows where its condition is true, so neither false nor null. NaN is a float64 value that equals nothing; aggregates skip
 * it as they skip nulls.
 */
export class Expression {
  readonly node: ExpressionNode;

  constructor(node: ExpressionNode) {
    this.node = node;
  }

  /** Sum. int64 with int64 stays int64 (exact; `OverflowError` beyond 64 bits), otherwise float64. */
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
  /** Whether the value is one of the list; null stays null. */
  isIn(values: readonly (boolean | number | bigint | string)[]): Expression {
    return new Expression({ op: "isIn", args: [this.node], values: values.map((value) => literalJson(value)) });
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
  /** To another type: int64 ↔ float64 (towards zero; NaN, infinities and what is beyond 64 bits become null), bool → number, anything → string. */
  cast(to: ScalarType): Expression {
    return new Expression({ op: "cast", args: [this.node], to });
  }

  /** Sum of the values that are not null or NaN; 0 where there are none. int64 and bool: exact, `OverflowError` beyond 64 bits. float64: summed in twice the precision. */
  sum(): Aggregate {
    return new Aggregate({ kind: "sum", input: this.node });
  }
  /** Mean of the values that are not null or NaN; null where there are none. float64. */
  mean(): Aggregate {
    return new Aggregate({ kind: "mean", input: this.node });
  }
  /** Least value that is not null or NaN; null where there is none. Strings by code point. */
  min(): Aggregate {
    return new Aggregate({ kind: "min", input: this.node });
  }
  /** Greatest value that is not null or NaN; null where there is none. */
  max(): Aggregate {
    return new Aggregate({ kind: "max", input: this.node });
  }
  /** How many values are not null or NaN. int64. */
  count(): Aggregate {
    return new Aggregate({ kind: "count", input: this.node });
  }

  toString(): string {
    return formatExpression(this.node);
  }
}

/** One value a group. */
export class Aggregate {
  readonly node: AggregateNode;

  constructor(node: AggregateNode) {
    this.node = node;
  }

  toString(): string {
    return this.node.input === undefined
      ? `${this.node.kind}()`
      : `${this.node.kind}(${formatExpression(this.node.input)})`;
  }
}

/** The column of that name. */
export function col(name: string): Expression {
  if (typeof name !== "string") throw new OptionError(`col(…) expects a column name, found ${typeof name}.`);
  return new Expression({ op: "col", name });
}

/** A constant. Whole numbers are int64, other numbers float64, bigints int64. */
export function lit(value: boolean | number | bigint | string | null): Expression {
  return new Expression({ op: "lit", type: literalType(value), value: literalJson(value) });
}

/** How many rows a group has, nulls and all. int64. */
export function size(): Aggregate {
  return new Aggregate({ kind: "size" });
}

export function asExpression(value: Operand): Expression {
  if (value instanceof Expression) return value;
  if ((value as unknown) instanceof Aggregate)
    // not by its type, but users of plain JavaScript do it

    throw new OptionError(`${String(value)} is an aggregate; it may stand only in agg({ … }).`, {
      fix: "aggregate first, then filter or assign on the result.",
    });
  return lit(value);
}

function binary(op: BinaryOp, left: Expression, right: Operand): Expression {
  return new Expression({ op, args: [left.node, asExpression(right).node] });
}

function unary(op: UnaryOp, arg: Expression): Expression {
  return new Expression({ op, args: [arg.node] });
}

/** The type that a value has as a literal. `OptionError` for what can be none. */
export function literalType(value: unknown): ScalarType | "null" {
  if (value === null) return "null";
  if (typeof value === "boolean") return "bool";
  if (typeof value === "bigint") return "int64";
  if (typeof value === "string") return "string";
  if (typeof value === "number") return Number.isSafeInteger(value) && !Object.is(value, -0) ? "int64" : "float64";
  throw new OptionError(`A literal is a boolean, number, bigint, string or null, found ${typeof value}.`, {
    fix: 'name columns by col("…").',
  });
}

function literalJson(value: boolean | number | bigint | string | null): LiteralJson {
  if (typeof value === "bigint") {
    if (BigInt.asIntN(64, value) !== value) throw new OptionError(`${value} does not fit int64.`);
    return { int: value.toString() };
  }
  if (typeof value === "number" && (!Number.isFinite(value) || Object.is(value, -0)))
    // The cast lists what such numbers print as.
    return { float: (Object.is(value, -0) ? "-0" : String(value)) as "NaN" | "Infinity" | "-Infinity" | "-0" };
  return value;
}

/** The literal's value again. */
export function literalValue(json: LiteralJson): null | boolean | number | bigint | string {
  if (typeof json !== "object" || json === null) return json;
  return "int" in json ? BigInt(json.int) : Number(json.float);
}

const SYMBOLS: Partial<Record<string, string>> = {
  add: "+",
  sub: "-",
  mul: "*",
  div: "/",
  floorDiv: "//",
  mod: "%",
  pow: "**",
  eq: "==",
  ne: "!=",
  lt: "<",
  le: "<=",
  gt: ">",
  ge: ">=",
  and: "and",
  or: "or",
  xor: "xor",
};

/** The expression as people write it. */
export function formatExpression(node: ExpressionNode): string {
  if (node.op === "col") return node.name;
  if (node.op === "lit") return formatLiteral(node.value, node.type === "float64");
  const args: readonly ExpressionNode[] = node.args;
  const infix = args.length > 1 || node.op === "isIn";
  const inner = args.map((arg) => ("args" in arg && infix ? `(${formatExpression(arg)})` : formatExpression(arg)));
  const symbol = SYMBOLS[node.op];
  if (symbol !== undefined) return inner.join(` ${symbol} `);
  if (node.op === "isIn") return `${inner[0]} in [${node.values.map((value) => formatLiteral(value)).join(", ")}]`;
  if (node.op === "cast") return `cast(${inner[0]}, ${node.to})`;
  return `${node.op}(${inner.join(", ")})`;
}

/** Floats keep their point, also where they are whole, so that they are not taken for integers. */
function formatLiteral(json: LiteralJson, float = false): string {
  const value = literalValue(json);
  if (typeof value === "string") return JSON.stringify(value);
  const text = Object.is(value, -0) ? "-0" : String(value);
  const pointed = typeof value === "number" && (float || !Number.isSafeInteger(value)) && /^-?\d+$/.test(text);
  return pointed ? `${text}.0` : text;
}

/** The columns that an expression reads. */
export function columnsRead(node: ExpressionNode, into: Set<string> = new Set()): Set<string> {
  if (node.op === "col") into.add(node.name);
  else if (node.op !== "lit") for (const arg of node.args) columnsRead(arg, into);
  return into;
}
