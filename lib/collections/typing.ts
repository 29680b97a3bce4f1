import { TypeMismatchError, UnknownColumnError, nearestNames } from "../errors.ts";
import { formatExpression, literalType, literalValue, type ExpressionNode } from "./expression.ts";
import { timeLiteral } from "./expression/literal.ts";
import type { CastNode, FunctionNode, LiteralJson } from "./expression/nodes.ts";
import type { AnyType } from "./functions/spec.ts";
import { FUNCTIONS, isFunction } from "./functions/table.ts";
import { findField, listed } from "./names.ts";
import { SCALAR_TYPES, widerOf, type ScalarType, type Schema } from "./schema.ts";

/** The type of an expression over columns of the given types; the null literal alone has type "null". `UnknownColumnError`, `TypeMismatchError`. */
export function typeOf(node: ExpressionNode, schema: Schema): ScalarType | "null" {
  switch (node.op) {
    case "col":
      return fieldOf(node.name, schema).type;
    case "lit":
      return node.type;
    case "cast":
      return castType(node, typeOf(node.args[0], schema));
    case "isNull":
    case "isNotNull":
      typeOf(node.args[0], schema);
      return "bool";
    case "isIn": {
      const type = typeOf(node.args[0], schema);
      for (const value of node.values)
        if (listedTime(value, type) === undefined) common(node, [type, literalType(literalValue(value))]);
      return "bool";
    }
    case "not":
      return expect(node, [typeOf(node.args[0], schema)], ["bool"], "bool");
    case "neg":
    case "abs": {
      const type = typeOf(node.args[0], schema);
      return expect(node, [type], ["int64", "float64"], type);
    }
    case "and":
    case "or":
    case "xor":
      return expect(node, both(node.args, schema), ["bool"], "bool");
    case "eq":
    case "ne":
    case "lt":
    case "le":
    case "gt":
    case "ge":
      common(node, both(timeOperands(node.args, schema), schema));
      return "bool";
    case "fillNull":
      return common(node, both(node.args, schema));
    case "div":
    case "pow":
      return expect(node, both(node.args, schema), ["int64", "float64", "bool"], "float64");
    case "add":
    case "sub":
    case "mul":
    case "floorDiv":
    case "mod": {
      const types = both(node.args, schema);
      const time = timeArithmetic(node.op, types);
      if (time !== undefined) return time;
      expect(node, types, ["int64", "float64", "bool"], "float64");
      return types.includes("float64") ? "float64" : "int64";
    }
    default:
      return callType(node, schema);
  }
}

/** What a sum or difference gives that has a date or a timestamp in it; undefined for those that mean nothing. */
function timeArithmetic(op: string, [a, b]: readonly AnyType[]): AnyType | undefined {
  const [isTime, isOtherTime] = [a, b].map((type) => type === "date" || type === "timestamp");
  if (op === "sub" && isTime && isOtherTime) return "int64";
  const isCount = (type: AnyType) => type === "int64" || type === "null";
  if (isTime && isCount(b) && (op === "add" || op === "sub")) return a;
  return isOtherTime && isCount(a) && op === "add" ? b : undefined;
}

function callType(node: FunctionNode, schema: Schema): AnyType {
  const spec = FUNCTIONS[node.op];
  const types = node.args.map((arg) => typeOf(arg, schema));
  types.forEach((type, i) => {
    const allowed = spec.args[Math.min(i, spec.args.length - 1)];
    if (type === "null" || allowed.includes(type)) return;
    throw new TypeMismatchError(
      `${formatExpression(node)} needs ${allowed.join(" or ")}, found ${type}: ${formatExpression(node.args[i])}.`,
      {
        fields: { expression: formatExpression(node), found: type, expected: [...allowed] },
        fix: allowed.includes("string") ? '.cast("string") first.' : `cast it, as in .cast("${allowed[0]}").`,
      },
    );
  });
  const result = typeof spec.result === "function" ? spec.result(types, node.params ?? {}) : spec.result;
  if (result !== undefined) return result;
  throw new TypeMismatchError(`${formatExpression(node)} is no use of ${types.join(", ")}.`, {
    fields: { expression: formatExpression(node), found: [...types] },
    fix: "cast them so that they go together.",
  });
}

type Pair = readonly [ExpressionNode, ExpressionNode];

/** The operands of a comparison: a constant string that meets a date or a timestamp is read as one. */
export function timeOperands([left, right]: Pair, schema: Schema): Pair {
  return [asTimeAgainst(left, right, schema), asTimeAgainst(right, left, schema)];
}

function asTimeAgainst(node: ExpressionNode, other: ExpressionNode, schema: Schema): ExpressionNode {
  if (node.op !== "lit" || node.type !== "string") return node;
  return listedTime(node.value, typeOf(other, schema)) ?? node;
}

/** A constant text as a value of the time's type; where a date is met by an instant, that. */
export function listedTime(value: LiteralJson, type: AnyType): ReturnType<typeof timeLiteral> {
  if (typeof value !== "string" || (type !== "date" && type !== "timestamp")) return undefined;
  return timeLiteral(value, type) ?? timeLiteral(value, "timestamp");
}

/** Whether it may throw for some values: an overflow, a cast, a text that cannot be read. */
export function mayFail(node: ExpressionNode): boolean {
  if (node.op === "col" || node.op === "lit") return false;
  if (node.op === "cast" && node.errors === undefined && node.to !== "string") return true;
  const fails = isFunction(node.op)
    ? FUNCTIONS[node.op].mayFail === true
    : ["add", "sub", "mul", "floorDiv", "neg", "abs"].includes(node.op);
  return fails || (node.args as readonly ExpressionNode[]).some(mayFail);
}

export function fieldOf(name: string, schema: Schema): { name: string; type: ScalarType } {
  const field = findField(schema, name);
  if (field !== undefined) return field;
  const names = schema.map((f) => f.name);
  const near = nearestNames(name, names);
  const nearest = near.length > 0 ? `did you mean ${near.map((n) => `"${n}"`).join(" or ")}?` : undefined;
  throw new UnknownColumnError(`There is no column "${name}"; the frame has ${listed(names) || "no columns"}.`, {
    fields: { column: name, columns: names },
    fix: otherDelimiter(names) ?? nearest ?? "use one of those names.",
  });
}

/** A single column whose name holds what other files put between fields has been read with the wrong delimiter. */
function otherDelimiter(names: readonly string[]): string | undefined {
  const found = names.length === 1 ? /[;\t|]/.exec(names[0]) : null;
  if (found === null) return undefined;
  return `if fields are delimited by ${JSON.stringify(found[0])}: readCsv(…, { delimiter: ${JSON.stringify(found[0])} }).`;
}

function both(args: Pair, schema: Schema): AnyType[] {
  return args.map((arg) => typeOf(arg, schema));
}

function expect<T extends AnyType>(
  node: ExpressionNode,
  found: readonly AnyType[],
  allowed: readonly AnyType[],
  result: T,
): T {
  if (found.every((type) => type === "null" || allowed.includes(type))) return result;
  throw new TypeMismatchError(
    `${formatExpression(node)} needs ${allowed.join(" or ")}, found ${found.join(" and ")}.`,
    {
      fields: { expression: formatExpression(node), found: [...found], expected: [...allowed] },
      fix: "cast the operands, or give the column its type: readCsv(…, { types: { … } }).",
    },
  );
}

function common(node: ExpressionNode, types: readonly AnyType[]): AnyType {
  const [a, b] = types;
  const wider = widerOf(a, b);
  if (wider !== undefined) return wider;
  throw new TypeMismatchError(`${formatExpression(node)} sets ${a} against ${b}.`, {
    fields: { expression: formatExpression(node), found: [a, b] },
    fix: `cast one of them, as in .cast("${a}").`,
  });
}

function castType(node: CastNode, from: AnyType): ScalarType {
  if (from === "null" || from === node.to || CASTS[from].includes(node.to)) return node.to;
  throw new TypeMismatchError(
    `${formatExpression(node)} is not supported: ${from} is cast to ${CASTS[from].join(", ")}.`,
    {
      fields: { expression: formatExpression(node), found: from, expected: [...CASTS[from]] },
      fix: 'go by way of another type, as in .cast("int64").cast("date").',
    },
  );
}

/** What each type can be cast to. */
const CASTS: Readonly<Record<ScalarType, readonly ScalarType[]>> = {
  bool: ["int64", "float64", "string"],
  int64: ["bool", "float64", "string", "date", "timestamp"],
  float64: ["bool", "int64", "string"],
  string: SCALAR_TYPES,
  date: ["timestamp", "int64", "string"],
  timestamp: ["date", "int64", "string"],
};
