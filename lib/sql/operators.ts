import type { Expression } from "../collections/expression.ts";
import type { ScalarType } from "../collections/schema.ts";
import { integerDivision, remainder } from "./arithmetic.ts";
import type { Expr, Kinds, ValueNode } from "./ast.ts";
import { durationOf } from "./literals.ts";
import type { Problems } from "./problem.ts";

type AnyType = ScalarType | "null";

interface Tools {
  lower(expr: Expr): Expression;
  type(value: Expression): AnyType;
  readonly problems: Problems;
}

type Operator = (a: Expression, b: Expression, types: readonly [AnyType, AnyType]) => Expression;

const OPERATORS: Readonly<Record<string, Operator>> = {
  And: (a, b) => a.and(b),
  Or: (a, b) => a.or(b),
  Plus: (a, b) => a.add(b),
  Minus: (a, b) => a.sub(b),
  Multiply: (a, b) => a.mul(b),
  Divide: (a, b) => a.div(b),
  Modulo: (a, b) => remainder(a, b),
  DuckIntegerDivide: integerDivision,
  StringConcat: (a, b) => a.cast("string").concat(b.cast("string")),
};

const COMPARISONS: Readonly<Record<string, (a: Expression, b: Expression) => Expression>> = {
  Eq: (a, b) => a.eq(b),
  NotEq: (a, b) => a.ne(b),
  Lt: (a, b) => a.lt(b),
  LtEq: (a, b) => a.le(b),
  Gt: (a, b) => a.gt(b),
  GtEq: (a, b) => a.ge(b),
};

export function binaryOf({ left, op, right }: Kinds["BinaryOp"], tools: Tools): Expression {
  const { lower, type, problems } = tools;
  const name = typeof op === "string" ? op : Object.keys(op)[0];
  const shifted = withInterval(name, left, right, tools);
  if (shifted !== undefined) return shifted;
  if (Object.hasOwn(COMPARISONS, name)) {
    const [a, b] = comparable(lower(left), lower(right), type);
    return COMPARISONS[name](a, b);
  }
  if (Object.hasOwn(OPERATORS, name)) {
    const [a, b] = [lower(left), lower(right)];
    return OPERATORS[name](a, b, [type(a), type(b)]);
  }
  const fix = name === "BitwiseXor" ? "write pow(x, y) for a power." : undefined;
  throw problems.unsupported(left, `The operator ${SIGNS[name] ?? name}`, fix);
}

const SIGNS: Readonly<Record<string, string>> = {
  BitwiseXor: "^",
  BitwiseAnd: "&",
  BitwiseOr: "|",
  PGRegexMatch: "~ (regexp_full_match is there)",
  PGRegexNotMatch: "!~ (regexp_full_match is there)",
};

function withInterval(name: string, left: Expr, right: Expr, { lower, problems }: Tools): Expression | undefined {
  const sign = name === "Minus" ? -1 : 1;
  if (name !== "Plus" && name !== "Minus") return undefined;
  if (right.Interval !== undefined) return lower(left).plus(durationOf(right.Interval, sign, problems));
  if (left.Interval === undefined || sign < 0) return undefined;
  return lower(right).plus(durationOf(left.Interval, 1, problems));
}

/** The sides of a comparison: a constant text that meets numbers or truth values is read as one, as SQL does. */
export function comparable(
  a: Expression,
  b: Expression,
  type: (value: Expression) => AnyType,
): readonly [Expression, Expression] {
  return [read(a, type(b)), read(b, type(a))];
}

function read(value: Expression, other: AnyType): Expression {
  const { node } = value;
  if (node.op !== "lit" || node.type !== "string") return value;
  if (other === "bool") return value.cast("bool");
  if (other !== "int64" && other !== "float64") return value;
  const text = String(node.value);
  return /^\s*[+-]?\d+\s*$/.test(text) ? value.cast("int64") : value.cast("float64");
}

/** A pattern of `like`, in which a backslash takes the next character's meaning off; in SQL only what `escape` names does. @throws SqlError */
export function likePattern(pattern: Expr, escape: ValueNode | undefined, problems: Problems): string {
  const text = constantText(pattern.Value);
  if (text === undefined) throw problems.unsupported(pattern, "A pattern that is no constant text");
  const sign = escape === undefined ? undefined : constantText(escape);
  if (sign === undefined || sign === "") return text.replaceAll("\\", "\\\\");
  let made = "";
  const characters = [...text];
  for (let i = 0; i < characters.length; i++) {
    const escaped = characters[i] === sign;
    if (escaped) i++;
    const character = characters[i] ?? "";
    made += (escaped && ["%", "_"].includes(character)) || character === "\\" ? `\\${character}` : character;
  }
  return made;
}

function constantText(node: ValueNode | undefined): string | undefined {
  return node === undefined || node.value === "Null" ? undefined : node.value.SingleQuotedString;
}
