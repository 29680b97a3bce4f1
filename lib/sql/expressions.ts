import { Expression } from "../collections/expression.ts";
import type { ScalarType, Schema } from "../collections/schema.ts";
import { typeOf } from "../collections/typing.ts";
import { AbanicoError, SqlError } from "../errors.ts";
import { isAggregateCall } from "./aggregates.ts";
import { fieldName, variantOf, type Expr, type FunctionCall, type Ident, type Kinds } from "./ast.ts";
import { callOf, functionName, ruleOf } from "./call.ts";
import { castTo, scalarTypeOf } from "./cast.ts";
import { partOf, timeRules } from "./functions-time.ts";
import { FUNCTION_RULES, substringOf } from "./functions.ts";
import { literalOf, typedLiteral } from "./literals.ts";
import { caseOf, inList, negatedIf, same, trimmed } from "./constructs.ts";
import { binaryOf, comparable, likePattern } from "./operators.ts";
import type { Problems } from "./problem.ts";

/** What expressions stand in. */
export interface Surroundings {
  readonly problems: Problems;
  /** All columns that expressions may come to read, as the frame has them. */
  schema(): Schema;
  column(parts: readonly Ident[]): Expression;
  /** An aggregate's value. Absent where none may stand. */
  aggregate?(call: FunctionCall, lower: (expr: Expr) => Expression): Expression;
  /** The value of a query of one row, which is a column by now. */
  scalar?(expr: Expr): Expression | undefined;
  /** A window function's value, which is a column by now. Absent where none may stand. */
  window?(call: FunctionCall, lower: (expr: Expr) => Expression): Expression;
}

/** The expression that a part of a query stands for. @throws SqlError */
export function lowerExpression(expr: Expr, within: Surroundings): Expression {
  try {
    const value = lowerKind(expr, within);
    // Types are checked part by part, so that an error says which one is wrong.
    typeOf(value.node, within.schema());
    return value;
  } catch (error) {
    if (!(error instanceof AbanicoError) || error instanceof SqlError) throw error;
    throw within.problems.at(expr, error.message.split("\n  fix: ")[0], error.fix, error);
  }
}

function lowerKind(expr: Expr, within: Surroundings): Expression {
  const { problems } = within;
  const lower = (part: Expr) => lowerExpression(part, within);
  const type = (value: Expression): ScalarType | "null" => typeOf(value.node, within.schema());
  const node = variantOf(expr);
  switch (node.kind) {
    case "Identifier":
      return within.column([node.value]);
    case "CompoundIdentifier":
      return within.column(node.value);
    case "Value":
      return literalOf(node.value, problems);
    case "TypedString":
      return typedLiteral(node.value, problems);
    case "Nested":
      return lower(node.value);
    case "BinaryOp":
      return binaryOf(node.value, { lower, type, problems });
    case "UnaryOp":
      return unary(node.value, lower(node.value.expr), problems);
    case "IsNull":
      return lower(node.value).isNull();
    case "IsNotNull":
      return lower(node.value).isNotNull();
    case "IsTrue":
      return lower(node.value).fillNull(false);
    case "IsNotTrue":
      return lower(node.value).fillNull(false).not();
    case "IsFalse":
      return lower(node.value).fillNull(true).not();
    case "IsNotFalse":
      return lower(node.value).fillNull(true);
    case "IsDistinctFrom":
      return same(lower(node.value[0]), lower(node.value[1])).not();
    case "IsNotDistinctFrom":
      return same(lower(node.value[0]), lower(node.value[1]));
    case "InList":
      return inList(node.value, lower, type);
    case "Between": {
      const [value, low, high] = [node.value.expr, node.value.low, node.value.high].map(lower);
      const [[a, from], [b, to]] = [comparable(value, low, type), comparable(value, high, type)];
      return negatedIf(node.value.negated, a.ge(from).and(b.le(to)));
    }
    case "Like":
    case "ILike": {
      const pattern = likePattern(node.value.pattern, node.value.escape_char, problems);
      const test = lower(node.value.expr).like(pattern, { ignoreCase: node.kind === "ILike" });
      return negatedIf(node.value.negated, test);
    }
    case "Case":
      return caseOf(node.value, lower, type);
    case "Cast": {
      const value = lower(node.value.expr);
      const to = scalarTypeOf(node.value.data_type, expr, problems);
      return castTo(value, type(value), node.value.data_type, to, node.value.kind === "TryCast");
    }
    case "Extract": {
      return partOf(fieldName(node.value.field), lower(node.value.expr), expr, problems);
    }
    case "Substring": {
      const parts = [node.value.expr, node.value.substring_from ?? ONE, node.value.substring_for ?? ONE];
      const call = callOf("substring", parts.map(lower), parts, type, problems);
      return substringOf(
        call.args[0],
        call.whole(1),
        node.value.substring_for === undefined ? undefined : call.whole(2),
      );
    }
    case "Trim":
      return trimmed(node.value, lower, type, problems);
    case "Floor":
      return lower(node.value.expr).floor();
    case "Ceil":
      return lower(node.value.expr).ceil();
    case "Function":
      return functionOf(node.value, expr, within, lower, type);
    case "Subquery":
      return (
        within.scalar?.(expr) ?? unsupported(problems, expr, "A query as a value here", "join it as a table instead.")
      );
    case "InSubquery":
    case "Exists":
      return unsupported(
        problems,
        expr,
        node.kind === "Exists"
          ? "exists, but as a condition of where that stands alone or between ands,"
          : "in (select …), but as a condition of where that stands alone or between ands,",
        "split the query, or join the table.",
      );
    case "Interval":
      return unsupported(problems, expr, "An interval that is not added to a date or a timestamp");
    default:
      return unsupported(problems, expr, constructName(Object.keys(expr)[0]));
  }
}

const ONE: Expr = { Value: { value: { Number: ["1", false] } } };

function unsupported(problems: Problems, expr: Expr, what: string, fix?: string): never {
  throw problems.unsupported(expr, what, fix);
}

/** "CompoundFieldAccess" as people read it. */
function constructName(kind: string): string {
  const words = kind.replace(/([a-z])([A-Z])/g, "$1 $2").toLowerCase();
  return `A construct of kind "${words}"`;
}

function unary({ op, expr }: Kinds["UnaryOp"], value: Expression, problems: Problems): Expression {
  if (op === "Not") return value.not();
  if (op === "Plus") return value;
  if (op !== "Minus") return unsupported(problems, expr, `The operator ${op}`);
  const { node } = value;
  // A constant stays one, and −2^63 is an int64.
  if (node.op === "lit" && typeof node.value === "number" && node.value !== 0)
    return new Expression({ ...node, value: -node.value });
  return value.neg();
}

function functionOf(
  call: FunctionCall,
  expr: Expr,
  within: Surroundings,
  lower: (expr: Expr) => Expression,
  type: (value: Expression) => ScalarType | "null",
): Expression {
  const { problems } = within;
  const name = functionName(call);
  if (call.over !== undefined) {
    if (within.window !== undefined) return within.window(call, lower);
    throw problems.at(
      expr,
      `the window function ${name}(…) cannot stand here.`,
      "it may stand in the select list, in order by and in qualify; or use a query in from.",
    );
  }
  if (isAggregateCall(call)) {
    if (within.aggregate !== undefined) return within.aggregate(call, lower);
    throw problems.at(expr, `the aggregate ${name}(…) cannot stand here.`, "use having, or a query in from.");
  }
  const given = call.args === "None" ? [] : (call.args.List?.args ?? []);
  const nodes = given.map(({ Unnamed: argument }) => {
    if (typeof argument === "object" && argument.Expr !== undefined) return argument.Expr;
    throw problems.at(expr, `${name}(…) expects values as its arguments.`);
  });
  if (call.args !== "None" && (call.args.List?.duplicate_treatment ?? call.args.List?.clauses[0]) !== undefined)
    return unsupported(problems, expr, `distinct or order by in ${name}(…)`);
  if (call.filter !== undefined || call.within_group.length > 0)
    return unsupported(problems, expr, `filter or within group behind ${name}(…)`);
  if (NOW.includes(name))
    return unsupported(
      problems,
      expr,
      `${name}, which differs from run to run,`,
      "write the day, as date '2020-01-31'.",
    );
  const rules = { ...FUNCTION_RULES, ...timeRules(problems) };
  const rule = ruleOf(rules, name, nodes.length, expr, [], problems);
  return rule.make(callOf(name, nodes.map(lower), nodes, type, problems));
}

const NOW = ["current_date", "current_timestamp", "now", "today", "get_current_timestamp"];
