import type { Json } from "../errors.ts";
import type { AggregateNode } from "./aggregate.ts";
import { AGGREGATES, AGGREGATE_NAMES } from "./aggregate-table.ts";
import type { ArithmeticOp, BinaryOp, ExpressionNode, LiteralJson, UnaryOp } from "./expression.ts";
import type { Params } from "./functions/spec.ts";
import { FUNCTIONS, FUNCTION_NAMES, arity, isFunction, paramProblem, type FunctionName } from "./functions/table.ts";
import { arrayAt, objectAt, oneOfAt, refuse, textAt } from "./plain.ts";
import { SCALAR_TYPES, type ScalarType } from "./schema.ts";

const ARITHMETIC: readonly ArithmeticOp[] = ["add", "sub", "mul", "div", "floorDiv", "mod", "pow"];
const BINARY: readonly BinaryOp[] = [
  ...ARITHMETIC,
  ...(["eq", "ne", "lt", "le", "gt", "ge", "and", "or", "xor", "fillNull"] as const),
];
const UNARY: readonly UnaryOp[] = ["neg", "abs", "not", "isNull", "isNotNull"];
const OPS = ["col", "lit", ...UNARY, ...BINARY, "isIn", "cast", ...FUNCTION_NAMES] as const;

/** Deeper than anyone writes, and shallow enough for every walk over the tree. */
const MAX_DEPTH = 1_000;

/** An expression from plain data. `PlanError` says where it is not one. */
export function expressionAt(value: unknown, path: string, depth = 0): ExpressionNode {
  if (depth > MAX_DEPTH) refuse(path.slice(0, 60), `at most ${MAX_DEPTH} expressions in each other`, "more");
  const op = oneOfAt(objectAt(value, path)["op"], `${path}.op`, OPS);
  if (op === "col") return { op, name: textAt(objectAt(value, path, ["op", "name"])["name"], `${path}.name`) };
  if (op === "lit") return literalAt(value, path);
  const args = (count: number) => argumentsAt(value, path, count, depth);
  if (op === "isIn") {
    const { values } = objectAt(value, path, ["op", "args", "values"]);
    const list = arrayAt(values, `${path}.values`).map((item, i) => literalJsonAt(item, `${path}.values[${i}]`));
    return { op, args: [args(1)[0]], values: list };
  }
  if (op === "cast") {
    const { to, errors } = objectAt(value, path, ["op", "args", "to", "errors"]);
    const cast = { op, args: [args(1)[0]], to: oneOfAt(to, `${path}.to`, SCALAR_TYPES) } as const;
    return errors === undefined ? cast : { ...cast, errors: oneOfAt(errors, `${path}.errors`, ["null"]) };
  }
  if (isFunction(op)) return callAt(op, value, path, depth);
  objectAt(value, path, ["op", "args"]);
  const unary = UNARY.find((known) => known === op);
  if (unary !== undefined) return { op: unary, args: [args(1)[0]] };
  const [left, right] = args(2);
  return { op: oneOfAt(op, `${path}.op`, BINARY), args: [left, right] };
}

function callAt(op: FunctionName, value: unknown, path: string, depth: number): ExpressionNode {
  const object = objectAt(value, path, ["op", "args", "params"]);
  const spec = FUNCTIONS[op];
  const { least, most } = arity(spec);
  const given = arrayAt(object["args"], `${path}.args`);
  if (given.length < least || given.length > most)
    refuse(`${path}.args`, `an array of ${most === Infinity ? "at least " : ""}${least}`, given);
  const args = given.map((arg, i) => expressionAt(arg, `${path}.args[${i}]`, depth + 1));
  if (object["params"] === undefined && paramProblem(spec, {}) === undefined) return { op, args };
  const params = objectAt(object["params"], `${path}.params`) as Params; // `paramProblem` looks at each
  const problem = paramProblem(spec, params);
  if (problem !== undefined) refuse(`${path}.params.${problem.name}`, problem.expected, problem.found as Json);
  return { op, args, params };
}

/** An aggregate from plain data. */
export function aggregateAt(value: unknown, path: string): AggregateNode {
  const object = objectAt(value, path, ["kind", "input", "other", "params"]);
  const kind = oneOfAt(object["kind"], `${path}.kind`, AGGREGATE_NAMES);
  const spec = AGGREGATES[kind];
  const inputAt = (name: "input" | "other", isTaken: boolean) => {
    if (isTaken) return { [name]: expressionAt(object[name], `${path}.${name}`) };
    return object[name] === undefined ? {} : refuse(`${path}.${name}`, "nothing", object[name]);
  };
  const inputs = { ...inputAt("input", spec.inputs > 0), ...inputAt("other", spec.inputs > 1) };
  const params = objectAt(object["params"] ?? {}, `${path}.params`) as Params; // `paramProblem` looks at each
  const problem = paramProblem(spec, params);
  if (problem !== undefined) refuse(`${path}.params.${problem.name}`, problem.expected, problem.found);
  return { kind, ...inputs, ...(object["params"] === undefined ? {} : { params }) };
}

function argumentsAt(value: unknown, path: string, count: number, depth: number): ExpressionNode[] {
  const args = arrayAt(objectAt(value, path)["args"], `${path}.args`);
  if (args.length !== count) refuse(`${path}.args`, `an array of ${count}`, args);
  return args.map((arg, i) => expressionAt(arg, `${path}.args[${i}]`, depth + 1));
}

function literalAt(value: unknown, path: string): ExpressionNode {
  const object = objectAt(value, path, ["op", "type", "value"]);
  const type = oneOfAt(object["type"], `${path}.type`, [...SCALAR_TYPES, "null"] as const);
  const literal = literalJsonAt(object["value"], `${path}.value`);
  if (!fits(literal, type)) refuse(`${path}.value`, type === "null" ? "null" : `a value of type ${type}`, literal);
  return { op: "lit", type, value: literal };
}

function fits(literal: LiteralJson, type: ScalarType | "null"): boolean {
  if (type === "null") return literal === null;
  if (type === "bool") return typeof literal === "boolean";
  if (type === "string") return typeof literal === "string";
  if (typeof literal === "number") return type === "float64" || Number.isSafeInteger(literal);
  return typeof literal === "object" && literal !== null && (type === "float64" ? "float" : "int") in literal;
}

const FLOATS = ["NaN", "Infinity", "-Infinity", "-0"] as const;

function literalJsonAt(value: unknown, path: string): LiteralJson {
  if (value === null || typeof value === "boolean" || typeof value === "string") return value;
  if (typeof value === "number")
    return Number.isFinite(value) ? value : refuse(path, '{ "float": … } for what JSON cannot spell', value);
  const { int, float } = objectAt(value, path, ["int", "float"]);
  if (float !== undefined) return { float: oneOfAt(float, `${path}.float`, FLOATS) };
  const text = textAt(int, `${path}.int`);
  if (!/^-?\d{1,19}$/.test(text) || BigInt.asIntN(64, BigInt(text)) !== BigInt(text))
    refuse(`${path}.int`, "an integer of 64 bits", text);
  return { int: text };
}
