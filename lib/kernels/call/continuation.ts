import { deserialize, serialize } from "node:v8";
import { isCollection } from "../../collections/delayed/collections.ts";
import { travellingOf, type Travelling } from "../../collections/travelling.ts";
import { givenGraph, type GivenGraph } from "../../collections/delayed/made.ts";

/** What a task gave instead of a value: more calls, or a collection that is to be computed. */
export type Continuation = GivenGraph | { readonly collection: Travelling };

/** The first byte of a continuation's bytes; values' formats (values.ts) count from 0. */
const CONTINUATION = 254;

/**
 * The bytes of what has to be computed before there is a value, where a task gave a collection, or an array or plain object with such
 * inside; undefined where it gave a value. Costs next to nothing in a thread that has made no collection.
 *
 * @throws CallableError where a function of it cannot travel; GraphError for a cycle.
 * @throws PlanError where the collection cannot travel as JSON.
 */
export function continuationOf(result: unknown): Uint8Array | undefined {
  if (typeof result !== "object" || result === null) return undefined;
  const isLazy = isCollection(result) && result.kind !== "delayed";
  const given = isLazy ? { collection: travellingOf(result) } : givenGraph(result);
  if (given === undefined) return undefined;
  const body = serialize(given);
  const bytes = new Uint8Array(body.byteLength + 1);
  bytes[0] = CONTINUATION;
  bytes.set(body, 1);
  return bytes;
}

export function isContinuation(bytes: Uint8Array): boolean {
  return bytes[0] === CONTINUATION;
}

export function decodeContinuation(bytes: Uint8Array): Continuation {
  // Structured clone reads from ordinary memory only. What it gives is what `continuationOf` wrote.
  const body = bytes.buffer instanceof SharedArrayBuffer ? bytes.slice(1) : bytes.subarray(1);
  return deserialize(body) as Continuation;
}
