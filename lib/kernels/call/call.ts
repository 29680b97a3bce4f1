import { PlanError, type JsonObject } from "../../errors.ts";
import type { Fold, Kernel } from "../kernel.ts";

/**
 * Calls a function that a module exports: `{ module: URL, name: export }`. The function is a kernel itself
 * (params, input, context) or, for `callFold`, makes a fold from the parameters.
 */
export const call: Kernel = async (params, input, context) => {
  const kernel = await importNamed(params);
  // The cast is what the plan promises: an export named by a "call" stage is a kernel.
  return (kernel as Kernel)(params, input, context);
};

export async function callFold(params: JsonObject): Promise<Fold<unknown, unknown>> {
  const make = await importNamed(params);
  // As above: an export named by a "call" fold makes a fold.
  return (make as (params: JsonObject) => Fold<unknown, unknown>)(params);
}

async function importNamed(params: JsonObject): Promise<(...args: never[]) => unknown> {
  const { module, name } = params;
  if (typeof module !== "string" || typeof name !== "string")
    throw new PlanError(`A "call" needs { module: URL, name: export }, found ${JSON.stringify({ module, name })}.`);
  const exports: Record<string, unknown> = await import(module);
  const found = exports[name];
  if (typeof found !== "function")
    throw new PlanError(`Module ${module} has no function named "${name}".`, {
      fields: { module, name },
      fix: `export it; the module exports ${Object.keys(exports).join(", ") || "nothing"}.`,
    });
  return found as (...args: never[]) => unknown; // just checked
}
