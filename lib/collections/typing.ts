import { TypeMismatchError, UnknownColumnError, nearestNames } from "../errors.ts";
import type { ScalarType, Schema } from "./schema.ts";
import { formatExpression, literalType, literalValue, type AggregateNode, type ExpressionNode } from "./expression.ts";

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
      for (const value of node.values) common(node, [type, literalType(literalValue(value))]);
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
      common(node, both(node.args, schema));
      return "bool";
    case "fillNull":
      return common(node, both(node.args, schema));
    case "div":
    case "pow":
      return expect(node, both(node.args, schema), ["int64", "float64", "bool"], "float64");
    default: {
      const types = both(node.args, schema);
      expect(node, types, ["int64", "float64", "bool"], "float64");
      return types.includes("float64") ? "float64" : "int64";
    }
  }
}

/** The type of an aggregate's result. */
export function aggregateType(node: AggregateNode, schema: Schema): ScalarType {
  if (node.input === undefined) return "int64";
  const type = typeOf(node.input, schema);
  if (node.kind === "count") return "int64";
  if (node.kind === "min" || node.kind === "max") return type === "null" ? "float64" : type;
  if (type === "string" || type === "date" || type === "timestamp")
    throw new TypeMismatchError(`${node.kind}(${formatExpression(node.input)}) needs numbers, found ${type}.`, {
      fix:
        type === "string"
          ? "if the column holds numbers, give its type: readCsv(…, { types: { … } })."
          : 'aggregate what it counts: .cast("int64").',
    });
  return node.kind === "mean" || type === "float64" || type === "null" ? "float64" : "int64";
}

export function fieldOf(name: string, schema: Schema): { name: string; type: ScalarType } {
  const field = schema.find((f) => f.name === name);
  if (field !== undefined) return field;
  const names = schema.map((f) => f.name);
  const near = nearestNames(name, names);
  throw new UnknownColumnError(
    `There is no column "${name}"; the frame has ${names.map((n) => `"${n}"`).join(", ") || "no columns"}.`,
    {
      fields: { column: name, columns: names },
      fix: near.length > 0 ? `did you mean ${near.map((n) => `"${n}"`).join(" or ")}?` : "use one of those names.",
    },
  );
}

type AnyType = ScalarType | "null";

function both(args: readonly [ExpressionNode, ExpressionNode], schema: Schema): AnyType[] {
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
  if (a === b || b === "null") return a;
  if (a === "null") return b;
  const numbers: readonly AnyType[] = ["int64", "float64"];
  if (numbers.includes(a) && numbers.includes(b)) return "float64";
  throw new TypeMismatchError(`${formatExpression(node)} sets ${a} against ${b}.`, {
    fields: { expression: formatExpression(node), found: [a, b] },
    fix: `cast one of them, as in .cast("${a}").`,
  });
}

function castType(node: ExpressionNode & { op: "cast" }, from: AnyType): ScalarType {
  if (from === "string" && node.to !== "string")
    throw new TypeMismatchError(`${formatExpression(node)} would parse text.`, {
      fix: "give the column its type when reading: readCsv(…, { types: { … } }).",
    });
  if (node.to === "bool" && from !== "bool" && from !== "null")
    throw new TypeMismatchError(`${formatExpression(node)} is not supported.`, { fix: "compare: .ne(0)." });
  return node.to;
}
