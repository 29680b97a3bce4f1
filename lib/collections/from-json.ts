import { PlanError } from "../errors.ts";
import { refuse } from "./plain.ts";
import { ChunkedArray } from "./array/chunked-array.ts";
import type { ArrayJson } from "./array/json.ts";
import { Bag } from "./bag/bag.ts";
import { BagItem } from "./bag/bag-item.ts";
import type { BagItemJson, BagJson } from "./bag/json.ts";
import type { Collection } from "./collection.ts";
import { DataFrame } from "./dataframe/dataframe.ts";
import type { FrameJson } from "./dataframe/json.ts";
import { ImageResult } from "./images/image-result.ts";
import type { ImagesJson } from "./images/json.ts";
import type { Delayed } from "./delayed/delayed.ts";
import type { Travelling } from "./travelling.ts";
import { delayedFromJson, type DelayedJson } from "./delayed/json.ts";

/** The collection of a description as `toJSON` gives it (an object; parse text first). @throws PlanError that says where it is not well formed. */
export function fromJSON(json: FrameJson): DataFrame;
export function fromJSON(json: ArrayJson): ChunkedArray;
export function fromJSON(json: DelayedJson): Delayed<unknown>;
export function fromJSON(json: ImagesJson): ImageResult<unknown>;
export function fromJSON(json: BagJson): Bag<unknown>;
export function fromJSON(json: BagItemJson): BagItem<unknown>;
export function fromJSON(json: unknown): Collection<unknown>;
export function fromJSON(json: unknown): Collection<unknown> {
  if (has(json, "bag")) return Bag.fromJSON(json);
  if (has(json, "array")) return ChunkedArray.fromJSON(json);
  if (has(json, "images")) return ImageResult.fromJSON(json);
  if (has(json, "bagItem")) return BagItem.fromJSON(json);
  if (has(json, "delayed")) return delayedFromJson(json);
  refuseOther(json);
  return DataFrame.fromJSON(json);
}

/** The collection that a task gave. */
export function fromTravelling(travelling: Travelling): Collection<unknown> {
  switch (travelling.is) {
    case "DataFrame":
      return new DataFrame(travelling.node);
    case "Bag":
      return new Bag(travelling.node);
    case "BagItem":
      return new BagItem(travelling.node);
    case "Images":
      return new ImageResult(travelling.node);
    case "JSON":
      return fromJSON(travelling.json);
  }
}

const KINDS = ["frame", "array", "bag", "bagItem", "images", "delayed"];

/** What is no description at all is told so, and not as a frame that is not well formed. */
function refuseOther(json: unknown): void {
  if (typeof json === "string")
    refuse("fromJSON(…)", "an object", json, "parse the text first: fromJSON(JSON.parse(text)).");
  if (typeof json !== "object" || json === null || Array.isArray(json) || has(json, "frame")) return;
  const found = Object.keys(json);
  if (found.length === 0 || found.join() === "abanico") return;
  const fix = 'write { "abanico": 1, "bag": { … } }, as toJSON() of a collection gives it.';
  throw new PlanError(`fromJSON(…) expects a description with one of ${KINDS.join(", ")}, found ${found.join(", ")}.`, {
    fields: { known: KINDS, found },
    fix,
  });
}

/** Which kind of collection it is, its one key besides the version says. */
function has(json: unknown, kind: string): boolean {
  return typeof json === "object" && json !== null && kind in json;
}
