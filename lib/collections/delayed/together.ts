import { Collection } from "../collection.ts";
import type { Delayed } from "./delayed.ts";

/** Several Delayed values as one collection, whose result is the array of theirs: they are computed as one graph, which shares what they share. */
export class Together extends Collection<unknown[]> {
  readonly roots: readonly Delayed<unknown>[];

  constructor(roots: readonly Delayed<unknown>[]) {
    super();
    this.roots = roots;
  }

  get kind(): "delayed" {
    return "delayed";
  }

  override toString(): string {
    return this.roots.map(String).join("\n");
  }
}
