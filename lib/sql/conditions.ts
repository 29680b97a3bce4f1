import { columnsRead, type Expression } from "../collections/expression.ts";
import type { Expr } from "./ast.ts";

/** The conditions that stand between ands. */
export function conjunctsOf(expr: Expr | undefined): Expr[] {
  if (expr === undefined) return [];
  if (expr.Nested !== undefined) return conjunctsOf(expr.Nested);
  if (expr.BinaryOp?.op === "And") return [...conjunctsOf(expr.BinaryOp.left), ...conjunctsOf(expr.BinaryOp.right)];
  return [expr];
}

/** Which of some sets of columns a condition reads from. */
export function sidesOf(value: Expression, sides: readonly ReadonlySet<string>[]): number[] {
  const read = [...columnsRead(value.node)];
  return sides.flatMap((side, i) => (read.some((name) => side.has(name)) ? [i] : []));
}

/** The two sides of an equation, each of which reads columns of one set alone: what frames may be joined by. */
export interface Equation {
  readonly sides: readonly [number, number];
  readonly values: readonly [Expression, Expression];
}

export function equationOf(
  expr: Expr,
  sides: readonly ReadonlySet<string>[],
  lower: (expr: Expr) => Expression,
): Equation | undefined {
  const node = expr.Nested === undefined ? expr : undefined;
  if (expr.Nested !== undefined) return equationOf(expr.Nested, sides, lower);
  if (node?.BinaryOp?.op !== "Eq") return undefined;
  const values = [lower(node.BinaryOp.left), lower(node.BinaryOp.right)] as const;
  const [left, right] = values.map((value) => sidesOf(value, sides));
  if (left.length !== 1 || right.length !== 1 || left[0] === right[0]) return undefined;
  return { sides: [left[0], right[0]], values };
}

/** All parts of an expression that are of a kind, outermost first; queries within are not looked into. */
export function partsOf<K extends "Subquery" | "Function">(expr: unknown, kind: K): Expr[] {
  if (typeof expr !== "object" || expr === null) return [];
  if (kind in expr && (expr as Expr)[kind] !== undefined) {
    const inner = kind === "Subquery" ? [] : Object.values(expr).flatMap((part) => partsOf(part, kind));
    return [expr as Expr, ...inner]; // it has the key of that kind
  }
  if ("Subquery" in expr || "InSubquery" in expr || "Exists" in expr) {
    const { InSubquery: within } = expr as Expr;
    return within === undefined ? [] : partsOf(within.expr, kind);
  }
  return Object.values(expr).flatMap((part) => partsOf(part, kind));
}
