import type { Schema } from "../../collections/schema.ts";
import { concatenate } from "../frame/collect.ts";
import type { Frame } from "../frame/encode.ts";

/** Columns without rows. */
export function emptyFrame(schema: Schema): Frame {
  return concatenate(schema, []);
}
