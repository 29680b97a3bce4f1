import type { ArrayJson } from "./array/json.ts";
import type { BagItemJson, BagJson } from "./bag/json.ts";
import type { FrameJson } from "./dataframe/json.ts";
import type { DelayedJson } from "./delayed/json.ts";
import type { ImagesJson } from "./images/json.ts";

/** Any collection as plain JSON: what `toJSON()` gives, what a pipeline file holds, and what a stack is invoked with. */
export type Pipeline = FrameJson | ArrayJson | BagJson | BagItemJson | ImagesJson | DelayedJson;
