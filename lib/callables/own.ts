import type { Callable, CallableRef } from "./reference.ts";
import { ownRef } from "./registry.ts";

/**
 * Functions of this library that users submit as they are, as `mean`: they use other modules, so they travel by a name, and the worker takes them from its own
 * copy of the library.
 */
const PREFIX = "abanico.";

/** Says under which name a function travels: that which lib/collections/array/own.ts knows it by. */
export function ownFunction<F extends Callable>(name: string, fn: F): F {
  const ref: CallableRef = { kind: "builtin", name: `${PREFIX}${name}` };
  ownRef(fn, ref);
  Object.defineProperty(fn, "name", { value: name.slice(name.indexOf(".") + 1) });
  return fn;
}

export function isOwn(name: string): boolean {
  return name.startsWith(PREFIX);
}

/** Undefined where this version has none of that name. */
export async function loadOwn(name: string): Promise<unknown> {
  return (await import("../collections/array/own.ts")).ownArrayFunction(name.slice(PREFIX.length));
}
