import { CallableError, type JsonObject } from "../errors.ts";
import { callSite, lineOfSource, type Place } from "./call-site.ts";
import { cannotTravel, travelNotes } from "./describe-errors.ts";
import { builtinPathOf, needsNew } from "./globals.ts";
import { foreignPrivateNames, obstaclesOf } from "./obstacles.ts";
import { parseFunction, type ParsedFunction } from "./parse.ts";
import type { Callable, CallableRef } from "./reference.ts";
import { isClass, moduleRefOf, RAW } from "./registry.ts";

/** What was described before, by function; and by source and file, for functions that are made anew again and again. */
const described = new WeakMap<Callable, CallableRef>();
const bySource = new Map<string, CallableRef>();
const SOURCES_KEPT = 10_000;

/**
 * A function as plain data that a worker makes it from again. `what` names the call it was given to, for messages: "map(…)".
 *
 * An export of a module that `fromModule` loaded goes by name, one that every thread has by its path, any other by its source, after
 * a parser has found that it uses nothing of the place where it was written.
 *
 * @throws {CallableError} says what is in the way, in which line, and what to do.
 */
export function refOf(fn: Callable, what: string): CallableRef {
  if (typeof fn !== "function") throw notAFunction(fn, what);
  const known = moduleRefOf(fn) ?? described.get(fn);
  if (known !== undefined) return known;
  const raw: unknown = Reflect.get(fn, RAW);
  // What a wrapper carries is the function that it wraps.
  const ref = typeof raw === "function" && raw !== fn ? refOf(raw as Callable, what) : describe(fn, what);
  described.set(fn, ref);
  return ref;
}

function describe(fn: Callable, what: string): CallableRef {
  const builtin = builtinPathOf(fn);
  if (builtin !== undefined) {
    if (needsNew(builtin)) throw isAClass(builtin, what, undefined);
    return { kind: "builtin", name: builtin };
  }
  const place = callSite();
  const source = Function.prototype.toString.call(fn);
  const key = `${place?.file ?? ""}\n${source}`;
  const known = bySource.get(key);
  if (known !== undefined) return known;
  const ref = inline(fn, source, what, place);
  if (bySource.size >= SOURCES_KEPT) bySource.clear();
  bySource.set(key, ref);
  return ref;
}

function inline(fn: Callable, source: string, what: string, place: Place | undefined): CallableRef {
  const name = nameOf(fn);
  if (isClass(fn)) throw isAClass(name === "" ? "the class" : name, what, place);
  if (source.includes("[native code]")) throw isNative(name, source, what, place);
  const parsed = parsedOrThrow(source, name, what, place);
  const obstacles = obstaclesOf(parsed, name);
  for (const hidden of foreignPrivateNames(parsed.function))
    obstacles.push({
      name: hidden,
      kind: "construct",
      line: 1,
      text: "",
      why: "it belongs to the class where the function was written",
    });
  if (obstacles.length > 0) throw cannotTravel({ parsed, obstacles, name, what, place });
  if (place === undefined) return { kind: "inline", source: parsed.expression, name };
  return { kind: "inline", source: parsed.expression, name, file: place.file, line: lineOfSource(source, place) };
}

function nameOf(fn: Callable): string {
  return typeof fn.name === "string" ? fn.name : "";
}

function parsedOrThrow(source: string, name: string, what: string, place: Place | undefined): ParsedFunction {
  try {
    return parseFunction(source);
  } catch (cause) {
    const said = cause instanceof Error ? cause.message : String(cause);
    const newTarget = said.includes("new.target");
    const why = newTarget ? "it uses new.target of the function around it" : `its source cannot be read: ${said}`;
    const fix = newTarget ? "pass it as an argument." : "put it into a module and load that by fromModule.";
    throw travelError(what, place, name, why, fix, { source: source.slice(0, 1_000) }, cause);
  }
}

function isNative(name: string, source: string, what: string, place: Place | undefined): CallableError {
  const bound = name.startsWith("bound ");
  const why = bound
    ? "it was made by bind, which hides its source"
    : "it is native code, or hides its source (a Proxy)";
  const fix = bound
    ? "give the function itself, and what was bound as extra arguments behind it."
    : `wrap it in a function: (x) => x.${name === "" ? "method" : name}().`;
  return travelError(what, place, name, why, fix, { source: source.slice(0, 200) });
}

function isAClass(name: string, what: string, place: Place | undefined): CallableError {
  const fix =
    place === undefined
      ? `wrap it in a function: (x) => new ${name}(x).`
      : `put it into a module beside a function that makes one, (x) => new ${name}(x), and load that by fromModule.`;
  return travelError(what, place, name, "it is a class, which cannot be called without new", fix, {});
}

function notAFunction(found: unknown, what: string): CallableError {
  const kind = found === null ? "null" : Array.isArray(found) ? "an array" : typeof found;
  return new CallableError(`${what} expects a function, found ${kind}.`, {
    fields: { what, found: kind },
    fix: "give it a function, as (x) => x * 2.",
  });
}

function travelError(
  what: string,
  place: Place | undefined,
  name: string,
  why: string,
  fix: string,
  fields: JsonObject,
  cause?: unknown,
): CallableError {
  const { subject, facts } = travelNotes(what, place, name);
  return new CallableError(`${subject} cannot travel to a worker: ${why}.`, {
    fields: { ...facts, ...fields },
    fix,
    ...(cause === undefined ? {} : { cause }),
  });
}
