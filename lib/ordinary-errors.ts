import { inspect, types } from "node:util";
import type { ErrorRecord, Json, JsonObject } from "./errors.ts";

/** Errors that are not ours as plain data, and back: native ones, those of users' classes, and whatever else was thrown. */

/** Names a class that a module exports: its bundle's URL, the hash of that bundle's content, the export. */
export interface ClassKey {
  readonly bundle: string;
  readonly hash: string;
  readonly name: string;
}

/** What knows users' classes: see `callables/classes.ts`. */
export interface ErrorClasses {
  keyOf(error: Error): ClassKey | undefined;
  prototypeOf(key: ClassKey): object | undefined;
}

let known: ErrorClasses | undefined;

/** Lets errors of users' classes come back as instances. Without it they come back as the native class they extend. */
export function setErrorClasses(classes: ErrorClasses): void {
  known = classes;
}

const NATIVE = ["EvalError", "RangeError", "ReferenceError", "SyntaxError", "TypeError", "URIError"];
/** These hold other errors in properties that are not listed: what they hold, in the order a record keeps it. */
const HOLDERS: Readonly<Record<string, readonly string[]>> = { SuppressedError: ["error", "suppressed"] };
/** No stack of a field's value is deeper, and no error's fields have more values than this: what else there is, is left out. */
const FIELD_DEPTH = 8;
const FIELD_VALUES = 10_000;
/** Of the errors in an AggregateError, as many as this. */
const HELD_ERRORS = 100;
const SET_BY_HAND = ["name", "message", "stack", "cause"];

export function isError(thrown: unknown): thrown is Error {
  return thrown instanceof Error || types.isNativeError(thrown);
}

/** The record but for its cause. `inner` makes records of the errors it holds, or undefined where there are too many. */
export function ordinaryRecord(error: Error, inner: (held: unknown) => ErrorRecord | undefined): ErrorRecord {
  const native = nativeNameOf(error);
  const held = heldErrors(error, native);
  const key = known?.keyOf(error);
  return {
    name: textOf(error.name, "Error"),
    message: textOf(error.message, ""),
    stack: typeof error.stack === "string" ? error.stack : undefined,
    fields: ownFields(error),
    ...(native === undefined ? {} : { native }),
    ...(held === undefined ? {} : { errors: held.slice(0, HELD_ERRORS).flatMap((one) => inner(one) ?? []) }),
    ...(key === undefined ? {} : { class: key }),
  };
}

/** Something other than an Error was thrown: `fields.thrown` keeps it as far as it is JSON, `fields.thrownType` says what it was. */
export function thrownRecord(thrown: unknown): ErrorRecord {
  const type = thrown === null ? "null" : typeof thrown;
  const shown = inspect(thrown, { depth: 3, breakLength: Infinity, maxStringLength: 1_000, maxArrayLength: 20 });
  const named = type === shown ? type : `${/^[aeiou]/.test(type) ? "an" : "a"} ${type} (${shown})`;
  const value = jsonLike(thrown, { left: FIELD_VALUES }, []);
  return { name: "Error", message: `${named} was thrown, not an Error`, fields: { thrown: value, thrownType: type } };
}

/** The error of a record that has no tag of ours. */
export function ordinaryError(record: ErrorRecord, cause: unknown, held: readonly Error[] | undefined): Error {
  const init = cause === undefined ? {} : { cause };
  const error =
    record.native === "DOMException"
      ? new DOMException(record.message, { name: record.name, ...init })
      : new Error(record.message, init);
  const prototype = (record.class && known?.prototypeOf(record.class)) ?? nativePrototype(record.native);
  if (prototype !== undefined) Object.setPrototypeOf(error, prototype);
  if (error.name !== record.name) hide(error, "name", record.name);
  if (record.stack !== undefined) hide(error, "stack", record.stack);
  // Defined, not assigned: a user's class may have an accessor of that name.
  for (const [key, value] of Object.entries(record.fields ?? {}))
    Object.defineProperty(error, key, { value, writable: true, enumerable: true, configurable: true });
  const holders = HOLDERS[record.native ?? ""];
  if (holders !== undefined) holders.forEach((key, i) => hide(error, key, held?.[i]));
  else if (held !== undefined) hide(error, "errors", held);
  return error;
}

function hide(error: Error, key: string, value: unknown): void {
  Object.defineProperty(error, key, { value, writable: true, enumerable: false, configurable: true });
}

function nativePrototype(name: string | undefined): object | undefined {
  if (name === undefined || name === "DOMException") return undefined;
  if (!NATIVE.includes(name) && name !== "AggregateError" && !(name in HOLDERS)) return undefined;
  // The cast is safe: the names above are those of error classes. A runtime may lack the newest.
  const native = (globalThis as unknown as Record<string, { prototype: object } | undefined>)[name];
  return native?.prototype;
}

/** The nearest native class but Error itself, by name, so that errors of another realm count too. */
function nativeNameOf(error: Error): string | undefined {
  for (let at: unknown = Object.getPrototypeOf(error); typeof at === "object" && at !== null;) {
    const name: unknown = Object.hasOwn(at, "constructor") ? at.constructor.name : undefined;
    if (typeof name === "string" && [...NATIVE, "AggregateError", "SuppressedError", "DOMException"].includes(name))
      return name;
    at = Object.getPrototypeOf(at);
  }
  return undefined;
}

function heldErrors(error: Error, native: string | undefined): readonly unknown[] | undefined {
  const held: (key: string) => unknown = (key) => Reflect.get(error, key);
  const holders = HOLDERS[native ?? ""];
  if (holders !== undefined) return holders.map(held);
  const errors = native === "AggregateError" ? held("errors") : undefined;
  return Array.isArray(errors) ? errors : undefined;
}

function textOf(value: unknown, otherwise: string): string {
  if (typeof value === "string") return value;
  return value === undefined ? otherwise : inspect(value);
}

function ownFields(error: Error): JsonObject {
  const fields: Record<string, Json> = {};
  const budget = { left: FIELD_VALUES };
  for (const key of Object.keys(error)) {
    if (SET_BY_HAND.includes(key)) continue;
    const value = jsonLike(read(error, key), budget, [error]);
    if (value !== undefined) fields[key] = value;
  }
  return fields;
}

/** A getter of a user's may throw; then there is nothing to keep. */
function read(from: object, key: string): unknown {
  try {
    return Reflect.get(from, key);
  } catch {
    return undefined; // as said above
  }
}

/** As JSON would have it (dates and URLs as text), without what JSON does not know, without cycles. */
function jsonLike(value: unknown, budget: { left: number }, around: readonly object[]): Json | undefined {
  if (value === null || typeof value === "string" || typeof value === "number" || typeof value === "boolean")
    return value;
  if (typeof value !== "object" || budget.left-- <= 0 || around.length > FIELD_DEPTH || around.includes(value))
    return undefined;
  if (isError(value)) return { name: textOf(value.name, "Error"), message: textOf(value.message, "") };
  if (value instanceof Date || value instanceof URL) return value.toJSON();
  const within = [...around, value];
  if (Array.isArray(value)) return value.slice(0, budget.left).map((item) => jsonLike(item, budget, within) ?? null);
  if (ArrayBuffer.isView(value) || value instanceof Map || value instanceof Set) return undefined;
  const fields: Record<string, Json> = {};
  for (const key of Object.keys(value)) {
    const field = key === "__proto__" ? undefined : jsonLike(read(value, key), budget, within);
    if (field !== undefined) fields[key] = field;
    budget.left--;
  }
  return fields;
}
