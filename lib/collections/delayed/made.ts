import type { GraphCall } from "../../runtime/calls/calls.ts";

/** What a task gave instead of a value: calls, one of which has the value as its result. */
export interface GivenGraph {
  readonly graph: GraphCall[];
  readonly root: number;
}

/**
 * Whether this thread has ever made a collection, and who can look for such in a task's result. In the global object, since a thread may
 * hold two copies of this library, and so that a worker whose tasks make none never loads the rest of this folder.
 */
interface Made {
  /** Of Delayed values. */
  count: number;
  /** There may be collections. */
  any: boolean;
  continuationOf: ((result: object) => GivenGraph | undefined) | undefined;
}

const SLOT = Symbol.for("abanico.made");
const shared = globalThis as { [SLOT]?: Made };

/** Counts one more, and gives its number: 1, 2, 3 … in this thread. */
export function countMade(): number {
  return ++slot().count;
}

/** To be called where a collection is made. */
export function noteCollection(): void {
  slot().any = true;
}

export function setContinuation(continuationOf: (result: object) => GivenGraph | undefined): void {
  slot().continuationOf = continuationOf;
}

/** The calls behind a result that is a Delayed or holds collections; undefined for any other. */
export function givenGraph(result: object): GivenGraph | undefined {
  const made = shared[SLOT];
  return made === undefined || !made.any ? undefined : made.continuationOf?.(result);
}

function slot(): Made {
  return (shared[SLOT] ??= { count: 0, any: false, continuationOf: undefined });
}
