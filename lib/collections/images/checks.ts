import { OptionError, nearestNames } from "../../errors.ts";
import { knownKeys, wrong as wrongOption } from "../options.ts";

/** Checks of option values: each throws an `OptionError` that says what was expected and what was found. */
export type Check = (value: unknown, where: string) => void;

/** The options something takes, and those that it cannot do without. */
export interface Spec {
  readonly options: { readonly [option: string]: Check };
  readonly required?: readonly string[];
}

/** @throws OptionError for options that are unknown, missing or out of range. */
export function checkOptions(options: object, { options: known, required = [] }: Spec, where: string): void {
  knownKeys(options, Object.keys(known), where);
  const entries = new Map(Object.entries(options).filter(([, value]) => value !== undefined));
  const missing = required.find((option) => !entries.has(option));
  if (missing !== undefined)
    throw new OptionError(`${where} needs the option ${missing}.`, {
      fields: { option: missing },
      fix: `its options are ${Object.keys(known).join(", ")}.`,
    });
  for (const [option, value] of entries) known[option](value, `${where} option ${option}`);
}

export function whole(least: number, most: number, unit = ""): Check {
  const expected = `a whole number${unit && ` of ${unit}`} from ${least} to ${most}`;
  return (value, where) => {
    if (!Number.isInteger(value) || Number(value) < least || Number(value) > most) throw wrong(where, expected, value);
  };
}

export function number(least: number, most: number, unit = ""): Check {
  const expected = `a number${unit && ` of ${unit}`} from ${least} to ${most}`;
  return (value, where) => {
    if (typeof value !== "number" || !(value >= least && value <= most)) throw wrong(where, expected, value);
  };
}

export const flag: Check = (value, where) => {
  if (typeof value !== "boolean") throw wrong(where, "true or false", value);
};

export const text: Check = (value, where) => {
  if (typeof value !== "string" || value === "") throw wrong(where, "a path or URL", value);
};

export function oneOf(...allowed: readonly string[]): Check {
  return (value, where) => {
    if (typeof value === "string" && allowed.includes(value)) return;
    throw wrong(where, allowed.map((name) => `"${name}"`).join(" or "), value, allowed);
  };
}

const COLOUR_NAMES = [
  ...["black", "silver", "gray", "white", "maroon", "red", "purple", "fuchsia", "green", "lime", "olive", "yellow"],
  ...["navy", "blue", "teal", "aqua", "transparent"],
];

export const colour: Check = (value, where) => {
  if (
    typeof value === "string" &&
    (/^#([0-9a-f]{3}|[0-9a-f]{6}|[0-9a-f]{8})$/i.test(value) || COLOUR_NAMES.includes(value))
  )
    return;
  throw wrong(where, 'a colour such as "#ff8800", "#ff880080" or "white"', value, COLOUR_NAMES);
};

function wrong(where: string, expected: string, found: unknown, names: readonly string[] = []): OptionError {
  const near = typeof found === "string" ? nearestNames(found, names) : [];
  const fix = near.length === 0 ? undefined : `did you mean ${near.map((name) => `"${name}"`).join(" or ")}?`;
  return wrongOption(where, expected, found, fix);
}
