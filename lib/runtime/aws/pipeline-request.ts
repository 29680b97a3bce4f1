import { arrayWrite, type ArrayWrite, type WriteZarrOptions } from "../../collections/array/array-write.ts";
import { fromJSON } from "../../collections/from-json.ts";
import { writeTarget, type WriteOptions, type WriteTarget } from "../../collections/dataframe/write.ts";
import {
  amountAt,
  booleanAt,
  objectAt,
  oneOfAt,
  refuse,
  refusedOption,
  textAt,
  type PlainObject,
} from "../../collections/plain.ts";
import { OptionError, PlanError, type Json } from "../../errors.ts";
import { validatePlan } from "../../plan/validate.ts";
import type { RunRequest } from "./protocol.ts";

/** What a run asks for, but for what whoever starts it fills in. */
export type Asked = Omit<RunRequest, "abanico" | "run" | "createdAt">;

/** What may stand beside a collection or a plan. */
export const ASK_OPTIONS = ["notify", "maxCost", "stallMs", "deadlineMs"] as const;
const WHAT = ["collection", "write", "plan"] as const;
const FORMATS = { frame: ["csv", "parquet", "json", "arrow"], array: ["npy", "zarr"] } as const;

/**
 * What plain JSON asks for:
 *
 *     { "collection": { "abanico": 1, "frame": … }, "write": { "format": "parquet", "path": "s3://…/out/" }, "notify": true, "maxCost": 5 }
 *     { "plan": { "abanico": 1, "stages": … } }
 *     { "abanico": 1, "frame": … }                a collection by itself
 *
 * @throws PlanError whose `fields.path` says where it is not well formed. `more`: keys that the caller has looked at.
 */
export function askedOf(json: PlainObject, more: readonly string[] = []): Asked {
  if ("abanico" in json && !("collection" in json))
    return { what: { kind: "collection", collection: collectionAt(json, "") } };
  const object = objectAt(json, "", [...WHAT, ...ASK_OPTIONS, ...more]);
  return { what: whatOf(object), ...optionsOf(object) };
}

function whatOf(object: PlainObject): Asked["what"] {
  if (object["plan"] !== undefined) {
    if (object["collection"] !== undefined) refuse("collection", "nothing beside a plan", object["collection"]);
    if (object["write"] !== undefined) refuse("write", "nothing beside a plan", object["write"]);
    const { plan } = object;
    within("plan", () => validatePlan(plan));
    return { kind: "plan", plan: plan as Extract<Asked["what"], { kind: "plan" }>["plan"] }; // just checked
  }
  if (object["collection"] === undefined)
    refuse(
      "collection",
      "a collection, as toJSON() gives it",
      undefined,
      'write { "collection": { "abanico": 1, … } }.',
    );
  const collection = collectionAt(object["collection"], "collection");
  if (object["write"] === undefined) return { kind: "collection", collection };
  const kinds = typeof collection === "object" && collection !== null ? Object.keys(collection) : [];
  if (kinds.includes("frame")) return { kind: "collection", collection, write: writeAt(object["write"]) };
  if (kinds.includes("array")) return { kind: "collection", collection, write: arrayWriteAt(object["write"]) };
  return refuse("write", "nothing beside a collection that is neither a frame nor an array", object["write"]);
}

function optionsOf(object: PlainObject): Omit<Asked, "what"> {
  const { notify, ...amounts } = Object.fromEntries(ASK_OPTIONS.map((key) => [key, object[key]]));
  return {
    ...(notify === undefined ? {} : { notify: booleanAt(notify, "notify") }),
    ...Object.fromEntries(
      Object.entries(amounts).flatMap(([key, value]) => (value === undefined ? [] : [[key, amountAt(value, key)]])),
    ),
  };
}

function collectionAt(json: unknown, path: string): Json {
  within(path, () => fromJSON(json));
  return json as Json; // it came as JSON
}

function writeAt(json: unknown): WriteTarget {
  const { format, path, options } = targetAt(json);
  const named = oneOfAt(format, "write.format", FORMATS.frame);
  const place = textAt(path, "write.path");
  return within("write", () => writeTarget(named, place, options as WriteOptions)); // checked there
}

function arrayWriteAt(json: unknown): ArrayWrite {
  const { format, path, options } = targetAt(json);
  const named = oneOfAt(format, "write.format", FORMATS.array);
  const place = textAt(path, "write.path");
  return within("write", () => arrayWrite(named, place, options as WriteZarrOptions)); // checked there
}

function targetAt(json: unknown) {
  const { format, path, signal, ...options } = objectAt(json, "write");
  if (signal !== undefined) refuse("write.signal", "nothing", signal); // only calls have one
  return { format, path, options };
}

/** Runs a check that knows nothing of what is around its document. */
function within<T>(path: string, check: () => T): T {
  try {
    return check();
  } catch (error) {
    if (error instanceof OptionError) throw refusedOption(error, path);
    if (!(error instanceof PlanError) || path === "") throw error;
    const inner = typeof error.fields["path"] === "string" ? error.fields["path"] : "";
    const full = inner === "" ? path : `${path}.${inner}`;
    throw new PlanError(`In ${path}: ${error.message}`, { fields: { ...error.fields, path: full }, cause: error });
  }
}
