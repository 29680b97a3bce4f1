/**
 * Expressions over batches, a vector at a time: `compile` turns an expression into a tree of closures, each of which fills a buffer
 * of its own and uses it again for the next batch. So the loops stay simple and fast, and nothing is allocated per row.
 *
 * Nulls travel beside the values: loops compute every slot, and `valid` says which count. Null slots hold 0 (NaN in floats), so they
 * never overflow. A result is good until the next call.
 */
import type { ArithmeticOp, BinaryOp, ExpressionNode } from "../../collections/expression.ts";
import { formatExpression, literalValue } from "../../collections/expression.ts";
import type { ScalarType, Schema } from "../../collections/schema.ts";
import { listedTime, timeOperands, typeOf } from "../../collections/typing.ts";
import { OverflowError } from "../../errors.ts";
import { castColumn } from "./cast.ts";
import { columnOf } from "./column.ts";
import { absolute, binaryArithmetic } from "./evaluate/arithmetic.ts";
import type { Evaluator } from "./evaluate/buffers.ts";
import { compare, isIn } from "./evaluate/comparison.ts";
import { constant, literal } from "./evaluate/constants.ts";
import { logic, not, nullTest } from "./evaluate/logic.ts";
import { coalesceCall } from "./functions/choice.ts";
import { compileCall } from "./functions/call.ts";
import { castCall } from "./functions/parse.ts";
import { asCount, asTime, isTime } from "./functions/time-arithmetic.ts";
import { overflowIn } from "./overflow.ts";

export type { Evaluator } from "./evaluate/buffers.ts";

export function compile(node: ExpressionNode, schema: Schema): Evaluator {
  switch (node.op) {
    case "col":
      return (batch) => columnOf(batch, node.name);
    case "lit":
      return literal(node);
    case "cast":
      return castCall(
        node.to,
        typeOf(node.args[0], schema),
        node.errors,
        compile(node.args[0], schema),
        formatExpression(node),
      );
    case "neg":
      return binaryArithmetic("mul", compile(node.args[0], schema), constant(-1, "int64"));
    case "abs":
      return absolute(compile(node.args[0], schema));
    case "not":
      return not(compile(node.args[0], schema));
    case "isNull":
    case "isNotNull":
      return nullTest(compile(node.args[0], schema), node.op === "isNull");
    case "isIn":
      return isIn(compile(node.args[0], schema), listed(node, typeOf(node.args[0], schema)));
    case "fillNull": {
      const type = typeOf(node, schema);
      return coalesceCall(node.args, type === "null" ? "float64" : type, (arg) => compile(arg, schema));
    }
    case "and":
    case "or":
    case "xor":
      return logic(node.op, compile(node.args[0], schema), compile(node.args[1], schema));
    case "eq":
    case "ne":
    case "lt":
    case "le":
    case "gt":
    case "ge":
      return compare(node.op, ...compared(timeOperands(node.args, schema), schema));
    case "add":
    case "sub":
    case "mul":
    case "div":
    case "floorDiv":
    case "mod":
    case "pow":
      return naming(node, arithmeticOf(node, schema));
    default:
      return compileCall(node, schema, compile);
  }
}

/** Dates and timestamps count as whole numbers do; what a sum or difference of them is, its type says. */
function arithmeticOf(node: ExpressionNode & { op: BinaryOp }, schema: Schema): Evaluator {
  const op = node.op as ArithmeticOp; // as its caller has looked up
  const types = node.args.map((arg) => typeOf(arg, schema));
  if (!types.some(isTime)) return binaryArithmetic(op, operand(node, 0, schema), operand(node, 1, schema));
  const unit = types.includes("timestamp") ? "timestamp" : "date";
  const [left, right] = node.args.map((arg, i) => asCount(compile(arg, schema), types[i], unit));
  return asTime(binaryArithmetic(op, left, right), typeOf(node, schema));
}

/** Both sides of a comparison; a date that meets a timestamp is its midnight. */
function compared(args: readonly [ExpressionNode, ExpressionNode], schema: Schema): [Evaluator, Evaluator] {
  const types = args.map((arg) => typeOf(arg, schema));
  const side = (i: 0 | 1): Evaluator => {
    const evaluate = compile(args[i], schema);
    return types[i] === "date" && types[1 - i] === "timestamp" ? castTo(evaluate, "timestamp") : evaluate;
  };
  return [side(0), side(1)];
}

/** The values of a list as the column has them. */
function listed(node: ExpressionNode & { op: "isIn" }, type: ScalarType | "null"): ReturnType<typeof literalValue>[] {
  if (!isTime(type)) return node.values.map(literalValue);
  // An instant that is no midnight equals no date.
  return node.values.flatMap((value) => {
    const time = listedTime(value, type) ?? { type, value };
    return time.type === type ? [literalValue(time.value)] : [];
  });
}

/** An overflow says in which expression it happened. */
function naming(node: ExpressionNode, evaluate: Evaluator): Evaluator {
  return (batch) => {
    try {
      return evaluate(batch);
    } catch (error) {
      throw error instanceof OverflowError ? overflowIn(formatExpression(node), error) : error;
    }
  };
}

/** An operand of arithmetic; the null literal takes the result's type. */
function operand(node: ExpressionNode & { op: BinaryOp }, i: 0 | 1, schema: Schema): Evaluator {
  const type = typeOf(node, schema);
  const evaluate = compile(node.args[i], schema);
  return type !== "null" && typeOf(node.args[i], schema) === "null" ? castTo(evaluate, type) : evaluate;
}

/** A buffer that is made again only when it is too small. */

function castTo(arg: Evaluator, to: ScalarType): Evaluator {
  return (batch) => castColumn(arg(batch), to);
}
