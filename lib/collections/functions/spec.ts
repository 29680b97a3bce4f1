import type { Json } from "../../errors.ts";
import { SCALAR_TYPES, widerOf, type ScalarType } from "../schema.ts";

/**
 * What a function of expressions takes and gives. One entry in a table (text.ts, math.ts, time.ts, choice.ts) is all that types, JSON, printing
 * and the command line's language know of a function; its kernel stands in kernels/frame/functions under the same name.
 */
export interface FunctionSpec {
  /** The types that each argument may have. The null literal may stand anywhere. */
  readonly args: readonly (readonly ScalarType[])[];
  /** The last argument may stand any number of times, but at least once. */
  readonly rest?: true;
  /** Constants beside the arguments, in the order in which they are written. */
  readonly params?: readonly ParamSpec[];
  /** The result's type; undefined where the arguments' types do not go together. */
  readonly result: ScalarType | ((types: readonly AnyType[], params: Params) => AnyType | undefined);
  /** Whether it may throw for some values: then it is not asked for rows that a condition leaves out. */
  readonly mayFail?: true;
}

/** The null literal alone has type "null". */
export type AnyType = ScalarType | "null";
export type Params = Readonly<Record<string, Json>>;

export interface ParamSpec {
  readonly name: string;
  readonly optional?: true;
  /** What is expected, where the value is not it. */
  check(value: Json): string | undefined;
}

export const ANY = SCALAR_TYPES;
export const TEXT: readonly ScalarType[] = ["string"];
export const NUMBER: readonly ScalarType[] = ["int64", "float64", "bool"];
export const SIGNED: readonly ScalarType[] = ["int64", "float64"];
export const TIME: readonly ScalarType[] = ["date", "timestamp"];

/** The type of the argument. */
export const same = ([type]: readonly AnyType[]): AnyType => type;

/** The one type that holds all arguments, none made text. */
export function common(types: readonly AnyType[]): AnyType | undefined {
  return types.reduce<AnyType | undefined>((a, b) => (a === undefined ? a : widerOf(a, b)), "null");
}

const param = (name: string, check: ParamSpec["check"]): ParamSpec => ({ name, check });

export const textParam = (name: string): ParamSpec =>
  param(name, (value) => (typeof value === "string" ? undefined : "a string"));

export const wholeParam = (name: string, least = -Number.MAX_SAFE_INTEGER): ParamSpec =>
  param(name, (value) => {
    if (typeof value === "number" && Number.isSafeInteger(value) && value >= least) return undefined;
    return least > -Number.MAX_SAFE_INTEGER ? `a whole number of at least ${least}` : "a whole number";
  });

export const flagParam = (name: string): ParamSpec =>
  param(name, (value) => (typeof value === "boolean" ? undefined : "true or false"));

export const wordParam = (name: string, words: readonly string[]): ParamSpec =>
  param(name, (value) =>
    words.some((word) => word === value) ? undefined : words.map((word) => `"${word}"`).join(" or "),
  );

/** A regular expression's source, as JavaScript has them. */
export const patternParam: ParamSpec = param("pattern", (value) => {
  if (typeof value !== "string") return "a regular expression";
  return compiles(value, "u") ?? undefined;
});

/** Flags of a regular expression: i, m, s. Unicode is always on. */
export const flagsParam: ParamSpec = optional(
  param("flags", (value) => (typeof value === "string" && /^[ims]*$/.test(value) ? undefined : 'flags among "ims"')),
);

function compiles(pattern: string, flags: string): string | undefined {
  try {
    new RegExp(pattern, flags);
    return undefined;
  } catch (error) {
    return `a regular expression (${error instanceof Error ? error.message : String(error)})`;
  }
}

export function optional(spec: ParamSpec): ParamSpec {
  return { ...spec, optional: true };
}
