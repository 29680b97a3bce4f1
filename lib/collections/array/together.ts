import { Collection } from "../collection.ts";
import { ChunkedArray, type AnyArray } from "./chunked-array.ts";

/** Several arrays as one collection, whose result is the list of theirs: what they share is computed once where it can be. */
export class ArraysTogether extends Collection<unknown[]> {
  override readonly kind = "array";
  readonly arrays: readonly AnyArray[];

  constructor(arrays: readonly AnyArray[]) {
    super();
    this.arrays = arrays;
  }

  override toString(): string {
    return this.arrays.map(String).join("\n");
  }
}

export function isArray(value: object): value is AnyArray {
  return value instanceof ChunkedArray;
}
