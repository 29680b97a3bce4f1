import type { Json } from "../../errors.ts";
import { CHOICE_FUNCTIONS } from "./choice.ts";
import { HASH_FUNCTIONS } from "./hash.ts";
import { MATH_FUNCTIONS } from "./math.ts";
import type { FunctionSpec, Params } from "./spec.ts";
import { TEXT_FUNCTIONS } from "./text.ts";
import { TIME_FUNCTIONS } from "./time.ts";

const TABLE = {
  ...TEXT_FUNCTIONS,
  ...MATH_FUNCTIONS,
  ...TIME_FUNCTIONS,
  ...CHOICE_FUNCTIONS,
  ...HASH_FUNCTIONS,
} as const;

export type TextFunction = keyof typeof TEXT_FUNCTIONS;
export type MathFunction = keyof typeof MATH_FUNCTIONS;
export type TimeFunction = keyof typeof TIME_FUNCTIONS;
export type ChoiceFunction = keyof typeof CHOICE_FUNCTIONS;
export type FunctionName = keyof typeof TABLE;

/** All functions by name. */
export const FUNCTIONS: Readonly<Record<FunctionName, FunctionSpec>> = TABLE;
export const FUNCTION_NAMES = Object.keys(TABLE) as readonly FunctionName[]; // the keys of the table are its names

export function isFunction(op: string): op is FunctionName {
  return Object.hasOwn(TABLE, op);
}

/** How many arguments the function takes. */
export function arity(spec: FunctionSpec): { readonly least: number; readonly most: number } {
  return { least: spec.args.length, most: spec.rest ? Infinity : spec.args.length };
}

/** What is wrong with a function's constants: which, and what was expected there. */
export function paramProblem(
  spec: Pick<FunctionSpec, "params">,
  params: Params,
): { readonly name: string; readonly expected: string; readonly found: Json | undefined } | undefined {
  for (const { name, optional, check } of spec.params ?? []) {
    const found = Object.hasOwn(params, name) ? params[name] : undefined;
    const expected = found === undefined ? (optional ? undefined : (check(null) ?? "a value")) : check(found);
    if (expected !== undefined) return { name, expected, found };
  }
  const unknown = Object.keys(params).find((name) => !spec.params?.some((param) => param.name === name));
  return unknown === undefined ? undefined : { name: unknown, expected: "nothing", found: params[unknown] };
}

/** The constants in the order in which they are written, without those at the end that are not given; null for those between. */
export function writtenParams(spec: Pick<FunctionSpec, "params">, params: Params): Json[] {
  const written = (spec.params ?? []).map(({ name }) => params[name] ?? null);
  while (written.length > 0 && written[written.length - 1] === null) written.pop();
  return written;
}
