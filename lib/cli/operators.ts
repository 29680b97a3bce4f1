import type { Expression } from "../collections/expression.ts";

/** The expression language's words, and what they make. A greater power binds more strongly. */
type Binary = (left: Expression, right: Expression) => Expression;
export interface Operator {
  readonly power: number;
  readonly make: Binary;
}

export const NOT = 4;
export const COMPARISON = 5;
export const SIGN = 8;
export const POWER = 9;

export const OPERATORS: Readonly<Record<string, Operator>> = {
  or: { power: 1, make: (a, b) => a.or(b) },
  xor: { power: 2, make: (a, b) => a.xor(b) },
  and: { power: 3, make: (a, b) => a.and(b) },
  "=": { power: COMPARISON, make: (a, b) => a.eq(b) },
  "==": { power: COMPARISON, make: (a, b) => a.eq(b) },
  "!=": { power: COMPARISON, make: (a, b) => a.ne(b) },
  "<>": { power: COMPARISON, make: (a, b) => a.ne(b) },
  "<": { power: COMPARISON, make: (a, b) => a.lt(b) },
  "<=": { power: COMPARISON, make: (a, b) => a.le(b) },
  ">": { power: COMPARISON, make: (a, b) => a.gt(b) },
  ">=": { power: COMPARISON, make: (a, b) => a.ge(b) },
  "+": { power: 6, make: (a, b) => a.add(b) },
  "-": { power: 6, make: (a, b) => a.sub(b) },
  "*": { power: 7, make: (a, b) => a.mul(b) },
  "/": { power: 7, make: (a, b) => a.div(b) },
  "//": { power: 7, make: (a, b) => a.floorDiv(b) },
  "%": { power: 7, make: (a, b) => a.mod(b) },
  "**": { power: POWER, make: (a, b) => a.pow(b) },
};

export const UNARY: Readonly<Record<string, (arg: Expression) => Expression>> = {
  abs: (arg) => arg.abs(),
  neg: (arg) => arg.neg(),
  isnull: (arg) => arg.isNull(),
  isnotnull: (arg) => arg.isNotNull(),
};
export const FUNCTIONS = [...Object.keys(UNARY), "not", "fillNull", "cast"];
