import type { Collection } from "../collection.ts";

/** Whether a value is a collection, of whichever copy of this library. */
export function isCollection(value: object): value is Collection<unknown> {
  return "kind" in value && typeof value.kind === "string" && "compute" in value && typeof value.compute === "function";
}
