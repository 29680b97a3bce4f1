import { ANY, optional, wholeParam, type FunctionSpec } from "./spec.ts";

/** A number that looks like chance, and depends on the value alone. Null has one too. */
export const HASH_FUNCTIONS = {
  hash: { args: [ANY], rest: true, params: [optional(wholeParam("seed", 0))], result: "int64" },
} as const satisfies Record<string, FunctionSpec>;
