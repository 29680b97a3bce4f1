import { PlanError, type JsonObject } from "../errors.ts";
import { nearestNames } from "../errors.ts";
import type { Fold, Kernel } from "./kernel.ts";

/**
 * Kernels and folds by name, each loaded when first asked for: a worker that only reads CSV never loads the rest.
 * The one table to extend when a collection brings a new kind of work.
 */
const kernels: Record<string, () => Promise<Kernel>> = {
  call: async () => (await import("./call/call.ts")).call,
  "calls.run": async () => (await import("./call/run-calls.ts")).runCalls,
  "bag.run": async () => (await import("./bag/run.ts")).runBag,
  "array.combine": async () => (await import("./array/run.ts")).combine,
  "array.frame": async () => (await import("./array/to-frame.ts")).toFrame,
  "array.run": async () => (await import("./array/run.ts")).runArray,
  "array.shapes": async () => (await import("./array/shapes.ts")).shapes,
  "frame.block": async () => (await import("./frame/blocks.ts")).block,
  "frame.facts": async () => (await import("./frame/blocks.ts")).facts,
  "frame.scan": async () => (await import("./frame/scan.ts")).scan,
  "frame.map": async () => (await import("./frame/map/map.ts")).mapRows,
  "frame.write": async () => (await import("./formats/write.ts")).writeRows,
  "images.run": async () => (await import("./image/run.ts")).run,
  "images.sheet": async () => (await import("./image/sheet.ts")).sheet,
};

/** A fold is made from its parameters. */
type FoldMaker = (params: JsonObject) => Fold<unknown, unknown> | Promise<Fold<unknown, unknown>>;

const folds: Record<string, () => Promise<FoldMaker>> = {
  call: async () => (await import("./call/call.ts")).callFold,
  "bag.fold": async () => (await import("./bag/folds.ts")).bagFold,
  "array.reduce": async () => (await import("./array/run.ts")).reduceFold as FoldMaker,
  "frame.collect": async () => (await import("./frame/folds.ts")).collectFold as FoldMaker, // a fold of its own partials
  "frame.group": async () => (await import("./frame/folds.ts")).groupFold as FoldMaker,
  list: async () => (await import("./list.ts")).listFold as FoldMaker, // as above
  "images.records": async () => (await import("./image/records.ts")).recordsFold,
};

export function loadKernel(op: string): Promise<Kernel> {
  return lookUp(kernels, op, "kernel")();
}

export async function loadFold(op: string, params: JsonObject): Promise<Fold<unknown, unknown>> {
  return (await lookUp(folds, op, "fold")())(params);
}

export function isKernel(op: string): boolean {
  return Object.hasOwn(kernels, op);
}

export function isFold(op: string): boolean {
  return Object.hasOwn(folds, op);
}

function lookUp<T>(table: Record<string, T>, op: string, what: string): T {
  if (Object.hasOwn(table, op)) return table[op];
  const near = nearestNames(op, Object.keys(table));
  throw new PlanError(`There is no ${what} named "${op}".`, {
    fields: { op, known: Object.keys(table) },
    fix:
      near.length > 0 ? `did you mean ${near.map((n) => `"${n}"`).join(" or ")}?` : "this plan needs a newer abanico.",
  });
}
