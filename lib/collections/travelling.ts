import { PlanError, type Json } from "../errors.ts";
import type { BagItemNode, BagNode } from "./bag/nodes.ts";
import type { Collection } from "./collection.ts";
import type { FrameNode } from "./dataframe/nodes.ts";
import type { ImagesNode } from "./images/nodes.ts";

/**
 * A collection on its way from a task to the client that computes it. Between threads of one program it may have inline functions,
 * which JSON that comes from anywhere may not: so this is what it is made from, not its JSON.
 */
export type Travelling =
  | { readonly is: "DataFrame"; readonly node: FrameNode }
  | { readonly is: "Bag"; readonly node: BagNode }
  | { readonly is: "BagItem"; readonly node: BagItemNode }
  | { readonly is: "Images"; readonly node: ImagesNode }
  | { readonly is: "JSON"; readonly json: Json };

/** @throws PlanError for a collection that cannot travel. */
export function travellingOf(collection: Collection<unknown>): Travelling {
  // By name and not by class: a thread may hold two copies of this library, and needs none of these classes to say so.
  const is: unknown = Reflect.get(collection, Symbol.toStringTag);
  if (is === "DataFrame" || is === "Bag" || is === "BagItem" || is === "Images")
    return { is, node: Reflect.get(collection, "node") as never }; // each has its node there
  if ("toJSON" in collection && typeof collection.toJSON === "function")
    return { is: "JSON", json: collection.toJSON() as Json }; // JSON by its name
  throw new PlanError(`A task gave a collection of kind "${collection.kind}", which cannot travel.`, {
    fields: { kind: collection.kind },
    fix: "give its result: await it within the task, or compute it where the program runs.",
  });
}
