import { literalValue, type Expression } from "../collections/expression.ts";
import type { ScalarType } from "../collections/schema.ts";
import type { Expr, FunctionCall } from "./ast.ts";
import { nearest, type Problems } from "./problem.ts";

/** A call, its arguments lowered. */
export interface Call {
  readonly name: string;
  readonly args: readonly Expression[];
  type(index: number): ScalarType | "null";
  /** An argument that has to be a constant. @throws SqlError */
  text(index: number): string;
  whole(index: number): number;
  number(index: number): number;
}

/** How many arguments a function takes, and what it makes of them. */
export interface FunctionRule {
  readonly args: readonly [least: number, most: number];
  make(call: Call): Expression;
}

export function functionName(call: FunctionCall): string {
  return call.name
    .map((part) => part.Identifier?.value ?? "")
    .join(".")
    .toLowerCase();
}

/** The call of these arguments. `nodes`: as they are written, for errors. */
export function callOf(
  name: string,
  args: readonly Expression[],
  nodes: readonly Expr[],
  typeOf: (value: Expression) => ScalarType | "null",
  problems: Problems,
): Call {
  const constant = (index: number, expected: string) => {
    const { node } = args[index];
    const negative = node.op === "neg" ? node.args[0] : undefined;
    const literal = negative ?? node;
    if (literal.op !== "lit")
      throw problems.at(nodes[index], `${name}(…) expects ${expected}, a constant, as argument ${index + 1}.`);
    const value = literalValue(literal.value);
    return negative === undefined ? value : -Number(value);
  };
  const number = (index: number) => {
    const value = constant(index, "a number");
    if (typeof value === "number" || typeof value === "bigint") return Number(value);
    throw problems.at(nodes[index], `${name}(…) expects a number as argument ${index + 1}, found ${String(value)}.`);
  };
  return {
    name,
    args,
    type: (index) => typeOf(args[index]),
    text(index) {
      const value = constant(index, "a text");
      if (typeof value === "string") return value;
      throw problems.at(nodes[index], `${name}(…) expects a text as argument ${index + 1}, found ${String(value)}.`);
    },
    whole(index) {
      const value = number(index);
      if (Number.isSafeInteger(value)) return value;
      throw problems.at(nodes[index], `${name}(…) expects a whole number as argument ${index + 1}, found ${value}.`);
    },
    number,
  };
}

/** The rule of a function that takes so many arguments. @throws SqlError where there is none */
export function ruleOf<R extends { readonly args: readonly [number, number] }>(
  rules: Readonly<Record<string, R>>,
  name: string,
  count: number,
  node: unknown,
  others: readonly string[],
  problems: Problems,
): R {
  if (!Object.hasOwn(rules, name))
    throw problems.at(
      node,
      `there is no function "${name}".`,
      nearest(name, [...Object.keys(rules), ...others], "functions"),
    );
  const rule = rules[name];
  const [least, most] = rule.args;
  if (count >= least && count <= most) return rule;
  const expected = least === most ? String(least) : most === Infinity ? `at least ${least}` : `${least} to ${most}`;
  throw problems.at(node, `${name}(…) expects ${expected} argument${expected === "1" ? "" : "s"}, found ${count}.`);
}
