import type { JsonObject } from "../errors.ts";
import type { Fold } from "./kernel.ts";

/** The fold of small lists of plain data: one list, in the order of the tasks. */
export function listFold<T>(_: JsonObject): Fold<T[], T[]> {
  return {
    appends: true,
    empty: () => [],
    merge: (left, right) => {
      // Not spread: that has as many arguments as there are items.
      for (const item of right) left.push(item);
      return left;
    },
    finish: (items) => items,
    encode: (items) => new TextEncoder().encode(JSON.stringify(items)),
    decode: (bytes) => JSON.parse(Buffer.from(bytes).toString()) as T[], // as encode wrote it
  };
}
