import { formatExpression } from "../../../collections/expression/format.ts";
import type { ExpressionNode, FunctionNode } from "../../../collections/expression/nodes.ts";
import { CHOICE_FUNCTIONS } from "../../../collections/functions/choice.ts";
import { MATH_FUNCTIONS } from "../../../collections/functions/math.ts";
import { HASH_FUNCTIONS } from "../../../collections/functions/hash.ts";
import type { FunctionSpec } from "../../../collections/functions/spec.ts";
import { TEXT_FUNCTIONS } from "../../../collections/functions/text.ts";
import type { ChoiceFunction, FunctionName } from "../../../collections/functions/table.ts";
import type { ScalarType, Schema } from "../../../collections/schema.ts";
import { typeOf } from "../../../collections/typing.ts";
import type { Batch, Column } from "../column.ts";
import { coalesceCall, nullIfCall, whenCall } from "./choice.ts";
import { hashCall } from "./hash.ts";
import { mathCall } from "./math.ts";
import { textCall } from "./text.ts";
import { readTime } from "./parse.ts";
import { fromZone, inZone } from "./zones.ts";
import { timeCall, type TimePart } from "./time.ts";

type Evaluator = (batch: Batch) => Column;
type Compile = (node: ExpressionNode, schema: Schema) => Evaluator;

/** A call of a function of the table as an evaluator. `compile`: makes those of its arguments. */
export function compileCall(node: FunctionNode, schema: Schema, compile: Compile): Evaluator {
  const inner = (arg: ExpressionNode) => compile(arg, schema);
  const found = typeOf(node, schema);
  const type = found === "null" ? "float64" : found;
  if (isOf(node, TEXT_FUNCTIONS)) return textCall(node, node.args.map(inner));
  if (isOf(node, MATH_FUNCTIONS)) return mathCall(node, node.args.map(inner), type);
  if (isOf(node, CHOICE_FUNCTIONS)) return choiceCall(node, type, inner);
  if (isOf(node, HASH_FUNCTIONS)) return hashCall(node.params ?? {}, node.args.map(inner));
  const from = typeOf(node.args[0], schema);
  const { op, params = {} } = node;
  if (op === "toDate") return readTime("date", from, params, inner(node.args[0]), formatExpression(node));
  if (op === "toTimestamp") return readTime("timestamp", from, params, inner(node.args[0]), formatExpression(node));
  if (op === "inTimeZone") return inZone(params, inner(node.args[0]));
  if (op === "fromTimeZone") return fromZone(params, inner(node.args[0]));
  // What is left of the table.
  return timeCall(op as TimePart, params, inner(node.args[0]), from === "date" ? "date" : "timestamp");
}

function isOf<T extends FunctionName>(
  node: FunctionNode,
  table: Readonly<Record<T, FunctionSpec>>,
): node is FunctionNode & { readonly op: T } {
  return Object.hasOwn(table, node.op);
}

function choiceCall(
  node: FunctionNode & { op: ChoiceFunction },
  type: ScalarType,
  inner: (arg: ExpressionNode) => Evaluator,
): Evaluator {
  if (node.op === "when") return whenCall(node.args, type, inner);
  if (node.op === "coalesce") return coalesceCall(node.args, type, inner);
  const [value, other] = node.args;
  return nullIfCall(inner(value), inner({ op: "eq", args: [value, other] }));
}
