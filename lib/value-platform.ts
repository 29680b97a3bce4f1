import { types } from "node:util";
import { isCollection } from "./collections/delayed/collections.ts";
import { HANDLE } from "./collections/delayed/held.ts";
import { privateMembersOf } from "./callables/private-members.ts";
import { classKeyOf } from "./callables/registry.ts";
import { fromErrorRecord, toErrorRecord, type ErrorRecord } from "./errors.ts";

/**
 * Objects that structured clone would make `{}` of, or less than they were: either they travel as what they say, or they are refused.
 *
 * - URL, URLSearchParams and Headers travel as text; errors of other classes than the native ones, or with fields, as records.
 * - Refused: results to come, instances whose class has private members, and objects with nothing that a copy could have (Response, Blob,
 *   AbortSignal, an instance without properties).
 *
 * What is written is `{ value, objects, texts }`: the value as it is, beside it the objects within it, and what each of them says.
 * Structured clone keeps which is which, so that the reader finds their remains wherever they are, also in a Map or an instance.
 */
interface Accompanied {
  readonly value: unknown;
  readonly objects: readonly object[];
  readonly texts: readonly Said[];
}

/** What an object says, by kind. */
type Said =
  | { readonly is: "url" | "query"; readonly text: string }
  | { readonly is: "headers"; readonly pairs: readonly (readonly [string, string])[] }
  | { readonly is: "error"; readonly record: ErrorRecord };

/** How objects with one prototype travel. `whole`: structured clone keeps them; `parts`: what they hold has to be looked at. */
type Kind = "parts" | "instance" | "map" | "set" | "whole" | "error" | "url" | "query" | "headers";

const kinds = new WeakMap<object, Kind>();
const NATIVE_ERRORS: readonly object[] = [
  ...[Error, EvalError, RangeError, ReferenceError, SyntaxError, TypeError, URIError].map(({ prototype }) => prototype),
];

function kindOf(value: object): Kind {
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype === Object.prototype || prototype === Array.prototype || prototype === null) return "parts";
  const key = prototype as object; // just checked
  const known = kinds.get(key);
  if (known !== undefined) return known;
  const found = newKind(value, key);
  kinds.set(key, found);
  return found;
}

function newKind(value: object, prototype: object): Kind {
  if (Array.isArray(value)) return "parts";
  if (types.isMap(value)) return "map";
  if (types.isSet(value)) return "set";
  if (value instanceof Error || types.isNativeError(value)) return "error";
  if (value instanceof URL) return "url";
  if (value instanceof URLSearchParams) return "query";
  // By name first: to ask for the global loads what fetches, some 20 ms.
  if (nameOf(value) === "Headers" && value instanceof Headers) return "headers";
  const isData = ArrayBuffer.isView(value) || types.isAnyArrayBuffer(value) || types.isBoxedPrimitive(value);
  // Those that structured clone refuses are left to it too.
  const shown = Object.prototype.toString.call(value);
  if (isData || types.isDate(value) || types.isRegExp(value) || types.isProxy(value)) return "whole";
  if (types.isPromise(value) || types.isWeakMap(value) || types.isWeakSet(value) || types.isExternal(value))
    return "whole";
  if (/Generator\]$| Iterator\]$|\[object WeakRef\]/.test(shown)) return "whole";
  // A plain object of another realm.
  if (Object.getPrototypeOf(prototype) === null && Object.hasOwn(prototype, "isPrototypeOf")) return "parts";
  return "instance";
}

/**
 * The objects within a value that have to be written beside it: mostly none.
 *
 * @throws DataCloneError for the first that cannot travel.
 */
export function objectsWithin(root: object): readonly object[] {
  const found = new Set<object>();
  // To remember parts costs more than all else, and only cycles need it: those who go on for long, remember from then on.
  let seen: Set<object> | undefined;
  let parts = 0;
  const open: object[] = [root];
  for (let part = open.pop(); part !== undefined; part = open.pop()) {
    const kind = kindOf(part);
    if (kind === "whole") continue;
    if (++parts > MOST_UNSEEN) {
      seen ??= new Set();
      if (seen.has(part)) continue;
      seen.add(part);
    }
    if (kind === "parts") {
      pushParts(part, open);
    } else {
      const refused = refusal(part, kind);
      if (refused !== undefined) throw new DOMException(`${refused}: it could not be cloned.`, "DataCloneError");
      if (kind === "map") for (const entry of part as Map<unknown, unknown>) pushParts(entry, open);
      else if (kind === "set") pushParts([...(part as Set<unknown>)], open);
      else if (kind === "instance") pushParts(part, open);
      else if (kind !== "error" || isLessened(part)) found.add(part);
    }
  }
  return found.size === 0 ? NONE : [...found];
}

const NONE: readonly object[] = [];
const MOST_UNSEEN = 100_000;

function pushParts(part: object, open: object[]): void {
  if (Array.isArray(part)) {
    for (const value of part as unknown[]) if (typeof value === "object" && value !== null) open.push(value);
    return;
  }
  // Faster than a list of its keys; what its prototype lists, structured clone leaves out, and it does no harm.
  for (const key in part) {
    const value = (part as Record<string, unknown>)[key];
    if (typeof value === "object" && value !== null) open.push(value);
  }
}

/** Whether structured clone would keep less than all of an error. Those of classes that travel are instances. */
function isLessened(error: object): boolean {
  if (classKeyOf(error) !== undefined) return false;
  const isNative = NATIVE_ERRORS.includes(Object.getPrototypeOf(error) as object);
  return !isNative || Object.hasOwn(error, "cause") || Object.keys(error).length > 0;
}

/** What is to be said of an object that would arrive as another thing than it is; undefined where it may travel. */
export function refusalOf(value: object): string | undefined {
  return refusal(value, kindOf(value));
}

function refusal(value: object, kind: Kind): string | undefined {
  if (kind === "whole" || kind === "parts") return undefined;
  const name = nameOf(value);
  if (HANDLE in value) return `a result to come (${name})`;
  if (isCollection(value)) return `a lazy collection (${name})`;
  if (classKeyOf(value) !== undefined) return undefined;
  const [hidden] = privateMembersOf(value);
  if (hidden !== undefined && kind !== "error" && kind !== "url" && kind !== "query" && kind !== "headers")
    return `an instance of ${name}, whose private member ${hidden} no copy can have`;
  if (kind !== "instance" || Object.keys(value).length > 0) return undefined;
  return `an instance of ${name}, which has no properties that a copy could have`;
}

function nameOf(value: object): string {
  const { constructor } = value as { readonly constructor?: unknown }; // any object may have any
  return (typeof constructor === "function" && constructor.name) || "a class without a name";
}

/** The value with what is said of the objects within it. */
export function accompanied(value: unknown, objects: readonly object[]): Accompanied {
  return { value, objects, texts: objects.map(saidBy) };
}

function saidBy(object: object): Said {
  const is = kindOf(object);
  // The casts are what the kinds say.
  if (is === "url") return { is, text: (object as URL).href };
  if (is === "query") return { is, text: (object as URLSearchParams).toString() };
  return is === "headers" ? { is, pairs: [...(object as Headers)] } : { is: "error", record: toErrorRecord(object) };
}

/** The value again, from what `accompanied` gave and structured clone has copied. */
export function unaccompanied(read: unknown): unknown {
  const { value, objects, texts } = read as Accompanied; // as it was written
  const again = new Map<unknown, unknown>(objects.map((remains, i) => [remains, made(texts[i])]));
  const seen = new Set<object>();
  const open: unknown[] = [value];
  const swap = (inner: unknown): unknown => {
    if (again.has(inner)) return again.get(inner);
    open.push(inner);
    return inner;
  };
  for (let part = open.pop(); open.length > 0 || part !== undefined; part = open.pop()) {
    if (typeof part !== "object" || part === null || seen.has(part) || again.has(part) || ArrayBuffer.isView(part))
      continue;
    seen.add(part);
    swapWithin(part, swap);
  }
  return again.has(value) ? again.get(value) : value;
}

function swapWithin(part: object, swap: (inner: unknown) => unknown): void {
  if (part instanceof Map) {
    const entries = [...part].map(([key, value]) => [swap(key), swap(value)] as const);
    part.clear();
    for (const [key, value] of entries) part.set(key, value);
  } else if (part instanceof Set) {
    const items = [...part].map(swap);
    part.clear();
    for (const item of items) part.add(item);
  }
  for (const key of Object.keys(part)) {
    const inner: unknown = Reflect.get(part, key);
    const other = swap(inner);
    if (other !== inner) Object.defineProperty(part, key, { value: other });
  }
}

function made(said: Said): unknown {
  switch (said.is) {
    case "url":
      return new URL(said.text);
    case "query":
      return new URLSearchParams(said.text);
    case "headers":
      return new Headers(said.pairs.map(([name, value]): [string, string] => [name, value]));
    case "error":
      return fromErrorRecord(said.record);
  }
}
