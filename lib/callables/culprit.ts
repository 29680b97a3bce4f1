import { HANDLE } from "../collections/delayed/held.ts";
import { isCollection } from "../collections/delayed/collections.ts";
import { refusalOf } from "../value-platform.ts";

/** What in a value cannot travel, the way to it, and what to do about it. */
export interface Culprit {
  /** As "the function f at .handlers[0]". */
  readonly where: string;
  readonly fix: string;
}

const DATA =
  "give data (numbers, strings, arrays, plain objects, Map, Set, Date, URL, typed arrays), or make the thing where it is used.";
/** So many parts of a value are looked at. */
const MOST = 100_000;

/** The first thing in a value that cannot be copied for another thread; undefined where none is found. */
export function culpritIn(root: unknown): Culprit | undefined {
  const seen = new Set<object>();
  const open: { readonly value: unknown; readonly path: string }[] = [{ value: root, path: "" }];
  for (const { value, path } of open) {
    const at = path === "" ? "" : ` at ${path}`;
    if (typeof value === "function") return { where: `the function ${value.name || "(no name)"}${at}`, fix: DATA };
    if (typeof value === "symbol") return { where: `the ${String(value)}${at}`, fix: DATA };
    if (typeof value !== "object" || value === null || seen.has(value) || seen.size > MOST) continue;
    seen.add(value);
    const found = refusedByStructuredClone(value, at) ?? refusedByUs(value, at);
    if (found !== undefined) return found;
    for (const [key, child] of entriesOf(value))
      open.push({
        value: child,
        path: /^\d+$/.test(String(key)) ? `${path}[${String(key)}]` : `${path}.${String(key)}`,
      });
  }
  return undefined;
}

function refusedByStructuredClone(value: object, at: string): Culprit | undefined {
  const kind = Object.prototype.toString.call(value);
  if (kind === "[object Generator]" || kind === "[object AsyncGenerator]")
    return { where: `a generator${at}, which is no array: [...generator] is one`, fix: DATA };
  if (value instanceof Promise) return { where: `a Promise${at}`, fix: "await it first." };
  return value instanceof WeakMap || value instanceof WeakSet || value instanceof WeakRef
    ? { where: `a ${value.constructor.name}${at}`, fix: DATA }
    : undefined;
}

function refusedByUs(value: object, at: string): Culprit | undefined {
  const refused = refusalOf(value);
  if (refused === undefined) return undefined;
  return { where: `${refused}${at}`, fix: fixFor(value, refused) };
}

function fixFor(value: object, refused: string): string {
  if (HANDLE in value || isCollection(value))
    return "give it as an argument of its own, or in an array or plain object: those are looked through. Or await its result first.";
  if (value instanceof AbortSignal) return "ask for the task's own, within the function: taskContext().signal.";
  if (/an instance of (Response|Request|Blob|File),/.test(refused))
    return "give what it holds: await it.bytes(), or await it.text().";
  return refused.includes("private member") ? "give plain data, or use TypeScript's private in place of #." : DATA;
}

function entriesOf(value: object): Iterable<[unknown, unknown]> {
  if (value instanceof Map) return value.entries();
  return value instanceof Set ? [...(value as Set<unknown>)].entries() : Object.entries(value);
}
