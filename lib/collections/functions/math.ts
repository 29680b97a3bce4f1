import { NUMBER, SIGNED, common, optional, same, wholeParam, type FunctionSpec } from "./spec.ts";

const real = { args: [NUMBER], result: "float64" } as const;

/** Functions of numbers. Null where the argument is null; NaN stays NaN. */
export const MATH_FUNCTIONS = {
  sqrt: real,
  exp: real,
  log: real,
  log2: real,
  log10: real,
  sin: real,
  cos: real,
  tan: real,
  isNaN: { args: [NUMBER], result: "bool" },
  sign: { args: [SIGNED], result: same },
  floor: { args: [SIGNED], result: same },
  ceil: { args: [SIGNED], result: same },
  round: { args: [SIGNED], params: [optional(wholeParam("decimals", -400))], result: same, mayFail: true },
  clip: { args: [SIGNED, SIGNED, SIGNED], result: common },
} as const satisfies Record<string, FunctionSpec>;
