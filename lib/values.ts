import { deserialize, serialize } from "node:v8";
import { UnreadableError } from "./errors.ts";

/**
 * Values of user functions as bytes: what travels between threads, lies in the vault, and waits in a store. The first byte names
 * the format, so that each reader knows what it has before it reads on:
 *
 *     0  structured clone   node:v8's serialize        6  number    f64, little-endian
 *     1  undefined                                     7  string    UTF-8
 *     2  null                                          8  bytes     a Uint8Array, as it is
 *     3  false
 *     4  true
 *
 * Small values, of which there may be millions, cost no more than their bytes; all others are what structured clone makes of
 * them (Map, Set, Date, BigInt, typed arrays, errors, cycles), as with worker_threads. Functions and symbols cannot be cloned.
 */
const CLONE = 0;
const UNDEFINED = 1;
const NULL = 2;
const FALSE = 3;
const TRUE = 4;
const NUMBER = 6;
const STRING = 7;
const BYTES = 8;

const text = new TextEncoder();
const plain = new TextDecoder("utf-8", { ignoreBOM: true });
/** A lone surrogate has no UTF-8. */
const LONE = /\p{Surrogate}/u;

/** @throws what structured clone throws, a DataCloneError, where the value holds something that cannot be cloned. */
export function encodeValue(value: unknown): Uint8Array {
  switch (typeof value) {
    case "undefined":
      return Uint8Array.of(UNDEFINED);
    case "boolean":
      return Uint8Array.of(value ? TRUE : FALSE);
    case "number": {
      const bytes = new Uint8Array(9);
      bytes[0] = NUMBER;
      new DataView(bytes.buffer).setFloat64(1, value, true);
      return bytes;
    }
    case "string":
      if (!LONE.test(value)) return tagged(STRING, text.encode(value));
      break;
    case "object":
      if (value === null) return Uint8Array.of(NULL);
      if (value instanceof Uint8Array && value.constructor === Uint8Array) return tagged(BYTES, value);
      break;
  }
  return tagged(CLONE, serialize(value));
}

export function decodeValue(bytes: Uint8Array): unknown {
  switch (bytes[0]) {
    case CLONE:
      // Structured clone reads from ordinary memory only.
      return deserialize(bytes.buffer instanceof SharedArrayBuffer ? bytes.slice(1) : bytes.subarray(1));
    case UNDEFINED:
      return undefined;
    case NULL:
      return null;
    case FALSE:
      return false;
    case TRUE:
      return true;
    case NUMBER:
      return new DataView(bytes.buffer, bytes.byteOffset).getFloat64(1, true);
    case STRING:
      return plain.decode(bytes.buffer instanceof SharedArrayBuffer ? bytes.slice(1) : bytes.subarray(1));
    case BYTES:
      return bytes.slice(1);
  }
  throw new UnreadableError(`A value's bytes begin with ${bytes[0] ?? "nothing"}, which names no format.`, {
    fix: "run the same abanico version everywhere.",
  });
}

function tagged(tag: number, body: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(body.byteLength + 1);
  bytes[0] = tag;
  bytes.set(body, 1);
  return bytes;
}
