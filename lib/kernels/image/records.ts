import { decodeValue, encodeValue } from "../../values.ts";
import type { Fold } from "../kernel.ts";
import type { ImageRecord } from "./params.ts";

/** The fold that keeps the records of all images in their order: merging appends. */
const records: Fold<ImageRecord[], ImageRecord[]> = {
  appends: true,
  empty: () => [],
  merge(left, right) {
    // Not spread: that has as many arguments as there are records.
    for (const record of right) left.push(record);
    return left;
  },
  finish: (all) => all,
  encode: encodeValue,
  decode: (bytes) => decodeValue(bytes) as ImageRecord[], // what encode was given
};

export function recordsFold(): Fold<unknown, unknown> {
  return records as Fold<unknown, unknown>; // a fold of its own partials
}
