import { PlanError } from "../../errors.ts";
import { objectAt, oneOfAt, refuse } from "../plain.ts";
import { ON_ERROR, bagAt, bagItemAt } from "./json-nodes.ts";
import type { BagItemNode, BagNode, OnError } from "./nodes.ts";

/** A bag as plain JSON: what a pipeline file holds, and what travels to where it runs. `onError` stands for what will follow. */
export interface BagJson {
  readonly abanico: typeof BAG_VERSION;
  readonly bag: BagNode;
  readonly onError?: OnError;
}

export interface BagItemJson {
  readonly abanico: typeof BAG_VERSION;
  readonly bagItem: BagItemNode;
}

export const BAG_VERSION = 1;

export function bagToJson(node: BagNode, onError: OnError): BagJson {
  refuseBound(node, "bag");
  return { abanico: BAG_VERSION, bag: node, ...(onError === "fail" ? {} : { onError }) };
}

export function bagItemToJson(node: BagItemNode): BagItemJson {
  refuseBound(node, "bagItem");
  return { abanico: BAG_VERSION, bagItem: node };
}

export function bagFromJson(value: unknown): { readonly node: BagNode; readonly onError: OnError } {
  const json = objectAt(value, "", ["abanico", "bag", "onError"]);
  checkVersion(json["abanico"]);
  const onError = json["onError"] === undefined ? "fail" : oneOfAt(json["onError"], "onError", ON_ERROR);
  return { node: bagAt(json["bag"], "bag", 0), onError };
}

export function bagItemFromJson(value: unknown): BagItemNode {
  const json = objectAt(value, "", ["abanico", "bagItem"]);
  checkVersion(json["abanico"]);
  return bagItemAt(json["bagItem"], "bagItem");
}

function checkVersion(found: unknown): void {
  if (found === BAG_VERSION) return;
  const newer = typeof found === "number" && found > BAG_VERSION;
  const fix = newer ? "update abanico: a newer version wrote this." : `write { "abanico": ${BAG_VERSION}, … }.`;
  refuse("abanico", `the version ${BAG_VERSION} of pipelines`, found, fix);
}

/** Refuses what is bound to this process: inline functions, and items that a client keeps. */
export function refuseBound(node: unknown, path: string): void {
  if (typeof node !== "object" || node === null) return;
  if (Array.isArray(node)) {
    node.forEach((item, i) => refuseBound(item, `${path}[${i}]`));
    return;
  }
  const kind: unknown = Reflect.get(node, "kind");
  if (kind === "inline")
    throw new PlanError(`${path} is an inline function; it cannot travel as JSON.`, {
      fields: { path, expected: "a function of a module", found: "an inline function" },
      fix: "export the function from a module and load that with fromModule(…).",
    });
  if (kind === "kept" || kind === "keptValue")
    throw new PlanError(`${path} starts from what a client keeps with its workers; that cannot travel as JSON.`, {
      fields: { path, expected: "a source", found: kind },
      fix: "describe the bag from its source: call toJSON() before persist().",
    });
  // Values of the program are data, whatever they look like.
  if (kind === "sequence") return;
  for (const [key, value] of Object.entries(node))
    if (!["initial", "args", "otherwise"].includes(key)) refuseBound(value, `${path}.${key}`);
}
