import { PlanError, type JsonObject } from "../../errors.ts";
import type { Fold, Kernel } from "../kernel.ts";

/**
 * Calls a function that a module exports: `{ module: URL, name: export }`. The function is a kernel itself
 * (params, input, context) or, for `callFold`, makes a fold from the parameters.
 */
export const call: Kernel = (params, input, context) => {
  const known = imported.get(keyOf(params));
  // The casts are what the plan promises: an export named by a "call" stage is a kernel.
  if (known !== undefined) return (known as Kernel)(params, input, context);
  return importNamed(params).then((kernel) => (kernel as Kernel)(params, input, context));
};

export async function callFold(params: JsonObject): Promise<Fold<unknown, unknown>> {
  const make = await importNamed(params);
  // As above: an export named by a "call" fold makes a fold.
  return (make as (params: JsonObject) => Fold<unknown, unknown>)(params);
}

type Named = (...args: never[]) => unknown;

/** What was imported before, by module and name: asking the module loader again costs more than most small tasks. */
const imported = new Map<string, Named>();

function keyOf({ module, name }: JsonObject): string {
  return `${String(module)}#${String(name)}`;
}

async function importNamed(params: JsonObject): Promise<Named> {
  const key = keyOf(params);
  const known = imported.get(key) ?? (await importFresh(params["module"], params["name"]));
  imported.set(key, known);
  return known;
}

async function importFresh(module: unknown, name: unknown): Promise<Named> {
  if (typeof module !== "string" || typeof name !== "string")
    throw new PlanError(`A "call" needs { module: URL, name: export }, found ${JSON.stringify({ module, name })}.`);
  const exports: Record<string, unknown> = await import(module);
  const found = exports[name];
  if (typeof found !== "function")
    throw new PlanError(`Module ${module} has no function named "${name}".`, {
      fields: { module, name },
      fix: `export it; the module exports ${Object.keys(exports).join(", ") || "nothing"}.`,
    });
  return found as Named; // just checked
}
