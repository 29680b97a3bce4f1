import { parseArgs } from "node:util";
import { nearestNames } from "../errors.ts";
import { UsageError } from "./usage.ts";

/** An option of a command. */
export interface OptionSpec {
  /** How help writes its value; absent: the option takes none. */
  readonly value?: string;
  readonly help: string;
}

export type OptionSpecs = Readonly<Record<string, OptionSpec>>;

/** Options that every command has. */
export const COMMON: OptionSpecs = {
  json: { help: "JSON on standard output, and errors as JSON on standard error" },
  quiet: { help: "nothing on standard error but errors" },
  debug: { help: "errors with their stacks and causes" },
  help: { help: "this text" },
};

/** A command line, understood. */
export interface Arguments {
  readonly positionals: readonly string[];
  /** The options in the order in which they were written; the value is "" where there is none to take. */
  readonly options: readonly { readonly name: string; readonly value: string }[];
  /** Whether an option was given. */
  has(name: string): boolean;
  /** The value of an option that may be given once. */
  one(name: string): string | undefined;
}

/** @throws UsageError for options that are not known, lack a value or have one that they do not take. */
export function readArguments(args: readonly string[], own: OptionSpecs): Arguments {
  const specs: OptionSpecs = { ...own, ...COMMON };
  const types = Object.entries(specs).map(([name, { value }]) => {
    return [name, { type: value === undefined ? "boolean" : "string", multiple: true }] as const;
  });
  const { tokens, positionals } = parseArgs({
    args: [...args],
    options: Object.fromEntries(types),
    allowPositionals: true,
    // Our own checks say more.
    strict: false,
    tokens: true,
  });
  const options = tokens.flatMap((token) => {
    if (token.kind !== "option") return [];
    checkOption(token.rawName, token.name, token.value, specs);
    return [{ name: token.name, value: token.value ?? "" }];
  });
  return {
    positionals,
    options,
    has: (name) => options.some((option) => option.name === name),
    one(name) {
      const given = options.filter((option) => option.name === name);
      if (given.length > 1) throw new UsageError(`--${name} may be given once.`);
      return given[0]?.value;
    },
  };
}

function checkOption(raw: string, name: string, value: string | undefined, specs: OptionSpecs): void {
  if (!Object.hasOwn(specs, name)) {
    const near = nearestNames(name, Object.keys(specs)).map((known) => `--${known}`);
    throw new UsageError(
      `There is no option ${raw}.`,
      near.length > 0 ? `did you mean ${near.join(" or ")}?` : "--help lists the options.",
    );
  }
  const wanted = specs[name].value;
  if (wanted === undefined && value !== undefined)
    throw new UsageError(`--${name} takes no value, found ${JSON.stringify(value)}.`);
  const swallowed = value?.startsWith("--") === true && Object.hasOwn(specs, value.slice(2));
  if (wanted !== undefined && (value === undefined || swallowed))
    throw new UsageError(`--${name} needs a value: --${name} ${wanted}.`);
}

/** The value of an option as a whole number of at least `least`. */
export function wholeOption(args: Arguments, name: string, least: number): number | undefined {
  const text = args.one(name);
  return text === undefined ? undefined : wholeValue(text, name, least);
}

/** The same for a value that is at hand; digits may be grouped as in 1_000. */
export function wholeValue(text: string, name: string, least: number): number {
  const value = /^\d[\d_]*$/.test(text) ? Number(text.replaceAll("_", "")) : NaN;
  if (Number.isSafeInteger(value) && value >= least) return value;
  throw new UsageError(`--${name} takes a whole number of at least ${least}, found ${JSON.stringify(text)}.`);
}

/** The value of an option that is one of a few words. */
export function wordOption<T extends string>(args: Arguments, name: string, words: readonly T[]): T | undefined {
  const text = args.one(name);
  const word = words.find((known) => known === text);
  if (text === undefined || word !== undefined) return word;
  throw new UsageError(`--${name} takes ${words.join(", ")}, found ${JSON.stringify(text)}.`);
}
