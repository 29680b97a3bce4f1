import { lit, type Expression } from "../collections/expression.ts";
import { when, type Then } from "../collections/expression/when.ts";
import type { ScalarType } from "../collections/schema.ts";
import type { Expr, Kinds } from "./ast.ts";
import { callOf } from "./call.ts";
import { comparable } from "./operators.ts";
import type { Problems } from "./problem.ts";

/** What expressions with words of their own (in, case, trim …) are made by. */

export function negatedIf(negated: boolean, test: Expression): Expression {
  return negated ? test.not() : test;
}

/** Equal, or null both. */
export function same(a: Expression, b: Expression): Expression {
  return a.eq(b).fillNull(false).or(a.isNull().and(b.isNull()));
}

export function inList(
  { expr, list, negated }: Kinds["InList"],
  lower: (expr: Expr) => Expression,
  type: (value: Expression) => ScalarType | "null",
): Expression {
  const value = lower(expr);
  const tests = list.map((item) => {
    const [a, b] = comparable(value, lower(item), type);
    return a.eq(b);
  });
  const constants = list.map((item) => lower(item).node);
  const plain = constants.flatMap((node) =>
    node.op === "lit" && (typeof node.value === "string" || typeof node.value === "number") && node.type === type(value)
      ? [node.value]
      : [],
  );
  const isPlain = plain.length === constants.length && type(value) !== "date" && type(value) !== "timestamp";
  return negatedIf(negated, isPlain ? value.isIn(plain) : anyOf(tests));
}

/** Joined by or in a tree that is as flat as may be: a long list is no deep one. */
function anyOf(tests: readonly Expression[]): Expression {
  if (tests.length === 1) return tests[0];
  const half = tests.length >> 1;
  return anyOf(tests.slice(0, half)).or(anyOf(tests.slice(half)));
}

export function caseOf(
  { operand, conditions, else_result: rest }: Kinds["Case"],
  lower: (expr: Expr) => Expression,
  type: (value: Expression) => ScalarType | "null",
): Expression {
  const subject = operand === undefined ? undefined : lower(operand);
  let chain: Then | undefined;
  for (const { condition, result } of conditions) {
    let test = lower(condition);
    if (subject !== undefined) {
      const [a, b] = comparable(subject, test, type);
      test = a.eq(b);
    }
    chain = (chain === undefined ? when(test) : chain.when(test)).then(lower(result));
  }
  const value = chain ?? lit(null); // the parser lets no case be without a when
  return rest === undefined || chain === undefined ? value : chain.otherwise(lower(rest));
}

export function trimmed(
  { expr, trim_where: where = "Both", trim_what: what, trim_characters: given }: Kinds["Trim"],
  lower: (expr: Expr) => Expression,
  type: (value: Expression) => ScalarType | "null",
  problems: Problems,
): Expression {
  const characters = what ?? given?.[0];
  const parts = characters === undefined ? [expr] : [expr, characters];
  const call = callOf("trim", parts.map(lower), parts, type, problems);
  const set = characters === undefined ? " " : call.text(1);
  if (where === "Leading") return call.args[0].trimStart(set);
  return where === "Trailing" ? call.args[0].trimEnd(set) : call.args[0].trim(set);
}
