import { PlanError, nearestNames, type Json, type OptionError } from "../errors.ts";

/**
 * Checks of plain data that comes from outside: plans, pipelines. Each gives the value with its type, or throws a `PlanError` that names
 * the path, what was expected there and what was found. Paths read as in JavaScript: `stages[1].tasks.blockSize`.
 */

/** Throws: this is not what may stand at the path. */
export function refuse(path: string, expected: string, found: unknown, fix?: string): never {
  throw new PlanError(`${path || "The document"} expects ${expected}, found ${show(found)}.`, {
    fields: { path, expected, found: brief(found) },
    fix: fix ?? `correct ${path || "the document"}.`,
  });
}

/** What is thrown for an option that whoever checks calls has refused: `path` is where the options stand, and the option is a member of it. */
export function refusedOption(error: OptionError, path: string): PlanError {
  const [, option] = /(?:^| option )([A-Za-z]\w*(?:\[".*"\])?)$/.exec(String(error.fields["option"] ?? "")) ?? [];
  const place = option === undefined || path.endsWith(`.${option}`) ? path : `${path}.${option}`;
  return new PlanError(`${place}: ${error.message}`, {
    fields: { ...error.fields, path: place },
    cause: error,
    // Otherwise the message has one.
    ...(error.fix === undefined ? { fix: `correct ${place}.` } : {}),
  });
}

export type PlainObject = { readonly [key: string]: unknown };

/** An object, all of whose keys are known; `known` absent: any may stand there. */
export function objectAt(value: unknown, path: string, known?: readonly string[]): PlainObject {
  if (typeof value !== "object" || value === null || Array.isArray(value)) refuse(path, "an object", value);
  const object = value as PlainObject; // just checked
  for (const key of known === undefined ? [] : Object.keys(object)) {
    if (known?.includes(key) || object[key] === undefined) continue;
    const near = nearestNames(key, known ?? []);
    const fix = near.length > 0 ? `did you mean ${near.map((name) => `"${name}"`).join(" or ")}?` : undefined;
    refuse(join(path, key), `nothing (known are ${known?.join(", ")})`, object[key], fix);
  }
  return object;
}

export function arrayAt(value: unknown, path: string): readonly unknown[] {
  return Array.isArray(value) ? value : refuse(path, "an array", value);
}

export function textAt(value: unknown, path: string): string {
  return typeof value === "string" ? value : refuse(path, "a string", value);
}

export function textsAt(value: unknown, path: string): readonly string[] {
  return arrayAt(value, path).map((text, i) => textAt(text, `${path}[${i}]`));
}

export function booleanAt(value: unknown, path: string): boolean {
  return typeof value === "boolean" ? value : refuse(path, "true or false", value);
}

/** A whole number of at least `least`. */
export function wholeAt(value: unknown, path: string, least = 0): number {
  if (typeof value === "number" && Number.isSafeInteger(value) && value >= least) return value;
  return refuse(path, `a whole number of at least ${least}`, value);
}

/** A number that is not negative; infinities are refused. */
export function amountAt(value: unknown, path: string): number {
  if (typeof value === "number" && Number.isFinite(value) && value >= 0) return value;
  return refuse(path, "a number that is not negative", value);
}

export function oneOfAt<T extends string>(value: unknown, path: string, allowed: readonly T[]): T {
  const found = allowed.find((text) => text === value);
  if (found !== undefined) return found;
  const near = typeof value === "string" ? nearestNames(value, allowed) : [];
  const fix = near.length > 0 ? `did you mean ${near.map((name) => `"${name}"`).join(" or ")}?` : undefined;
  return refuse(path, allowed.map((text) => `"${text}"`).join(" or "), value, fix);
}

/** The path of a member. */
export function join(path: string, key: string): string {
  const name = /^[A-Za-z_]\w*$/.test(key) ? key : `[${JSON.stringify(key)}]`;
  return path === "" || name.startsWith("[") ? `${path}${name}` : `${path}.${name}`;
}

function show(found: unknown): string {
  if (found === undefined) return "nothing";
  if (Array.isArray(found)) return `an array of ${found.length}`;
  if (typeof found === "object" && found !== null) return "an object";
  return typeof found === "string" ? JSON.stringify(shorten(found)) : String(found);
}

function brief(found: unknown): Json {
  if (typeof found === "string") return shorten(found);
  return found === null || typeof found === "boolean" || typeof found === "number" ? found : show(found);
}

function shorten(text: string): string {
  return text.length > 60 ? `${text.slice(0, 59)}…` : text;
}
