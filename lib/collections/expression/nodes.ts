import type { FunctionName } from "../functions/table.ts";
import type { Params } from "../functions/spec.ts";
import type { ScalarType } from "../schema.ts";

/** An expression as plain data: what travels in the plan. */
export type ExpressionNode =
  | { readonly op: "col"; readonly name: string }
  | LiteralNode
  | { readonly op: UnaryOp; readonly args: readonly [ExpressionNode] }
  | { readonly op: BinaryOp; readonly args: readonly [ExpressionNode, ExpressionNode] }
  | { readonly op: "isIn"; readonly args: readonly [ExpressionNode]; readonly values: readonly LiteralJson[] }
  | CastNode
  | FunctionNode;

export interface LiteralNode {
  readonly op: "lit";
  readonly type: ScalarType | "null";
  readonly value: LiteralJson;
}

export interface CastNode {
  readonly op: "cast";
  readonly args: readonly [ExpressionNode];
  readonly to: ScalarType;
  /** What becomes of a value that the type cannot hold. Absent: an error. */
  readonly errors?: "null";
}

/** A call of a function of the table (functions/table.ts). */
export interface FunctionNode {
  readonly op: FunctionName;
  readonly args: readonly ExpressionNode[];
  readonly params?: Params;
}

/** A literal in JSON: an int64 outside ±2^53 and floats that JSON lacks are told by their spelling. Dates are days, timestamps µs since 1970. */
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

/** The columns that an expression reads. */
export function columnsRead(node: ExpressionNode, into: Set<string> = new Set()): Set<string> {
  if (node.op === "col") into.add(node.name);
  else if (node.op !== "lit") for (const arg of node.args) columnsRead(arg, into);
  return into;
}
