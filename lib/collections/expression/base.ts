import { OptionError } from "../../errors.ts";
import type { Expression } from "../expression.ts";
import type { Params } from "../functions/spec.ts";
import { FUNCTIONS, paramProblem, type FunctionName } from "../functions/table.ts";
import { formatExpression } from "./format.ts";
import { literalJson, literalType, type Constant } from "./literal.ts";
import type { ExpressionNode } from "./nodes.ts";

/** What may stand where an expression is expected: the value becomes a literal. A `Date` is a timestamp. */
export type Operand = Expression | Constant;

/**
 * What all expressions are: a node, and calls of functions. The methods stand in classes above each other, a subject a file; `Expression` is
 * the last of them, and the only one that is made.
 */
export abstract class ExpressionBase {
  readonly node: ExpressionNode;

  constructor(node: ExpressionNode) {
    this.node = node;
  }

  /** The expression of another node. */
  protected abstract of(node: ExpressionNode): Expression;

  /** A function of this expression, others, and constants (those that are undefined are left out). @throws OptionError */
  protected call(
    op: FunctionName,
    others: readonly Operand[] = [],
    params: Readonly<Record<string, Params[string] | undefined>> = {},
  ): Expression {
    return this.of(callNode(op, [this.node, ...others.map(nodeOf)], params));
  }

  toString(): string {
    return formatExpression(this.node);
  }
}

/** A call as a node. @throws OptionError for a constant that cannot stand there. */
export function callNode(
  op: FunctionName,
  args: readonly ExpressionNode[],
  params: Readonly<Record<string, Params[string] | undefined>> = {},
): ExpressionNode {
  const given = Object.fromEntries(
    Object.entries(params).filter((entry): entry is [string, Params[string]] => entry[1] !== undefined),
  );
  const problem = paramProblem(FUNCTIONS[op], given);
  if (problem !== undefined)
    throw new OptionError(
      `${op}(…) expects ${problem.expected} for ${problem.name}, found ${JSON.stringify(problem.found) ?? "nothing"}.`,
      { fields: { function: op, param: problem.name } },
    );
  return Object.keys(given).length === 0 ? { op, args } : { op, args, params: given };
}

/** The operand's node: a value's is a literal. @throws OptionError for what can be none. */
export function nodeOf(value: Operand): ExpressionNode {
  if ((value as unknown) instanceof ExpressionBase) return (value as ExpressionBase).node; // just checked
  const constant = value as Constant; // what is left; `literalType` refuses the rest
  return { op: "lit", type: literalType(constant), value: literalJson(constant) };
}
