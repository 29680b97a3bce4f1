import type { Callable } from "./reference.ts";

/**
 * What every thread's global object has, whatever the program has put into this one's. Node defines its globals as not enumerable,
 * but for those below; an assignment (`globalThis.db = …`) makes an enumerable one.
 */
const ENUMERABLE = (
  "global clearImmediate setImmediate clearInterval clearTimeout setInterval setTimeout queueMicrotask structuredClone " +
  "atob btoa performance fetch navigator crypto"
).split(" ");
/** Of CommonJS, and where Node evaluates text: variables of the module, not of the thread. */
const OF_A_MODULE = ["require", "module", "exports", "__filename", "__dirname"];

/** Asks for no descriptor, which would load what a lazy global stands for: for `FormData` that is 100 ms of modules. */
export function isWorkerGlobal(name: string): boolean {
  if (OF_A_MODULE.includes(name)) return false;
  if (!Object.hasOwn(globalThis, name)) return name in Object.prototype;
  return !Object.prototype.propertyIsEnumerable.call(globalThis, name) || ENUMERABLE.includes(name);
}

/** Constructors that may be called without `new`. */
const CALLABLE_CLASSES = (
  "Array BigInt Boolean Date Error AggregateError EvalError Function Number Object RangeError ReferenceError RegExp String " +
  "Symbol SyntaxError TypeError URIError"
).split(" ");
/** Their functions do something to, or say something of, the thread they are on: not what a task wants. */
const NOT_TO_TRAVEL = ["process", "global", "globalThis", "WebAssembly", "console"];

/** What Node loads together, and late: asked for only where a function goes by the name of one, or of their functions. */
const LATE = "FormData Headers Request Response MessageEvent WebSocket EventSource CloseEvent".split(" ");
const NAMES_IN_LATE = [...LATE, "error", "json", "redirect"];

let paths: Map<unknown, string> | undefined;
let latePaths: Map<unknown, string> | undefined;

/** The path from the global object, as "Math.sqrt", of a function that every thread has. */
export function builtinPathOf(callable: Callable): string | undefined {
  const path = (paths ??= builtinPaths((name) => !LATE.includes(name))).get(callable);
  if (path !== undefined || !NAMES_IN_LATE.includes(callable.name)) return path;
  return (latePaths ??= builtinPaths((name) => LATE.includes(name))).get(callable);
}

/** Whether it has to be called with `new`. */
export function needsNew(path: string): boolean {
  return /^[A-Z]\w*$/.test(path) && !CALLABLE_CLASSES.includes(path);
}

/** The function at a path: bound to what it belongs to, as `Promise.resolve` and `crypto.randomUUID` have to be. */
export function builtinAt(path: string): Callable | undefined {
  const [first, second, ...rest] = path.split(".");
  if (rest.length > 0 || !isWorkerGlobal(first)) return undefined;
  const top: unknown = Reflect.get(globalThis, first);
  if (second === undefined) return isCallable(top) ? top : undefined;
  const member: unknown = top === undefined || top === null ? undefined : Reflect.get(Object(top), second);
  return isCallable(member) ? member.bind(top as never) : undefined; // `this` may be anything
}

function isCallable(value: unknown): value is Callable {
  return typeof value === "function";
}

function builtinPaths(wanted: (name: string) => boolean): Map<unknown, string> {
  const found = new Map<unknown, string>();
  const tops = Object.getOwnPropertyNames(globalThis).filter((name) => wanted(name) && isWorkerGlobal(name));
  const values = new Map(tops.map((name) => [name, valueOf(globalThis, name)]));
  for (const [name, value] of values) if (isCallable(value) && !found.has(value)) found.set(value, name);
  for (const [name, value] of values) {
    if (NOT_TO_TRAVEL.includes(name) || value === null || value === undefined) continue;
    for (const member of membersOf(Object(value))) {
      const inner = valueOf(Object(value), member);
      if (member !== "constructor" && isCallable(inner) && !found.has(inner)) found.set(inner, `${name}.${member}`);
    }
  }
  return found;
}

/** Its own, and for an instance as `crypto` those of its class. */
function membersOf(value: object): string[] {
  const prototype: unknown = typeof value === "function" ? null : Object.getPrototypeOf(value);
  const inherited =
    typeof prototype === "object" && prototype !== null && prototype !== Object.prototype
      ? Object.getOwnPropertyNames(prototype)
      : [];
  return [...Object.getOwnPropertyNames(value), ...inherited];
}

/** Some globals are getters that load what few need, or warn: they are left alone, but for the few that hold functions. */
function valueOf(from: object, name: string): unknown {
  const own = Object.getOwnPropertyDescriptor(from, name);
  if (own !== undefined && "value" in own) return own.value;
  if (from === globalThis)
    return ["crypto", "fetch", "performance"].includes(name) ? Reflect.get(from, name) : undefined;
  return own === undefined ? Reflect.get(from, name) : undefined;
}
