import { deserialize, serialize } from "node:v8";
import { decodeInstances, encodeInstances } from "./callables/classes.ts";
import { hasClasses } from "./callables/registry.ts";
import { UnreadableError } from "./errors.ts";
import { decodeArrays, encodeArrays } from "./value-arrays.ts";
import { decodeTables, encodeTables, whenReadable } from "./value-tables.ts";
import { accompanied, objectsWithin, unaccompanied } from "./value-platform.ts";
import { decodeTree, encodeTree } from "./value-tree.ts";

/**
 * Values of user functions as bytes: what travels between threads, lies in the vault, and waits in a store. The first byte names
 * the format, so that each reader knows what it has before it reads on:
 *
 *     0  structured clone   node:v8's serialize        6  number    f64, little-endian
 *     1  undefined                                     7  string    UTF-8
 *     2  null                                          8  bytes     a Uint8Array, as it is
 *     3  false
 *     4  true                                         9  instances structured clone, and which parts are of which class
 *                                                    10  tree      small arrays and plain objects, see value-tree.ts
 *                                                    12  tables    what holds Arrow tables, see value-tables.ts
 *                                                    13  platform  what holds URLs, Headers, errors with fields: value-platform.ts
 *                                                    14  arrays    what holds NDArrays, see value-arrays.ts
 *
 * Small values, of which there may be millions, cost no more than their bytes; all others are what structured clone makes of
 * them (Map, Set, Date, BigInt, typed arrays, errors, cycles), as with worker_threads. Functions and symbols cannot be cloned.
 * Instances of a class keep it if a module that `fromModule` loaded exports it; others become plain objects of their properties. What
 * would lose more than its class is refused, as an instance with private members.
 */
const CLONE = 0;
const UNDEFINED = 1;
const NULL = 2;
const FALSE = 3;
const TRUE = 4;
const NUMBER = 6;
const STRING = 7;
const BYTES = 8;
const INSTANCES = 9;
const TREE = 10;
const TABLES = 12;
const PLATFORM = 13;
const ARRAYS = 14;

/** A number's bytes. The bytes of a small array lie in the heap, where a DataView over its buffer would first have to move them from. */
const float = new Float64Array(1);
const floatBytes = new Uint8Array(float.buffer);

const text = new TextEncoder();
const plain = new TextDecoder("utf-8", { ignoreBOM: true });
/** A lone surrogate has no UTF-8. */
const LONE = /\p{Surrogate}/u;
/** ASCII texts up to this length cost less a byte at a time than a call of the encoder. */
const SHORT = 32;

/** How many bytes a number takes. */
export const NUMBER_BYTES = 9;

/** What `encodeValue` gives for a number, put into other bytes. */
export function putNumber(value: number, into: Uint8Array, at: number): void {
  into[at] = NUMBER;
  float[0] = value;
  for (let i = 0; i < 8; i++) into[at + 1 + i] = floatBytes[i];
}

/** Whether these are a number's bytes. */
export function isNumber(bytes: Uint8Array): boolean {
  return bytes.byteLength === NUMBER_BYTES && bytes[0] === NUMBER;
}

/** @throws what structured clone throws, a DataCloneError, where the value holds something that cannot be cloned. */
export function encodeValue(value: unknown): Uint8Array {
  switch (typeof value) {
    case "undefined":
      return Uint8Array.of(UNDEFINED);
    case "boolean":
      return Uint8Array.of(value ? TRUE : FALSE);
    case "number": {
      const bytes = new Uint8Array(NUMBER_BYTES);
      putNumber(value, bytes, 0);
      return bytes;
    }
    case "string":
      return shortText(value) ?? (LONE.test(value) ? cloned(value) : tagged(STRING, text.encode(value)));
    case "object":
      if (value === null) return Uint8Array.of(NULL);
      if (value instanceof Uint8Array && value.constructor === Uint8Array) return tagged(BYTES, value);
      return (
        encodeTree(value, TREE) ??
        encodeArrays(value, ARRAYS, encodeValue) ??
        encodeTables(value, TABLES, encodeValue) ??
        encodeObject(value)
      );
  }
  return cloned(value);
}

function encodeObject(value: object): Uint8Array {
  const objects = objectsWithin(value);
  return objects.length === 0 ? copied(value) : tagged(PLATFORM, copied(accompanied(value, objects)));
}

function copied(value: object): Uint8Array {
  return (hasClasses() ? encodeInstances(value, INSTANCES) : undefined) ?? cloned(value);
}

function cloned(value: unknown): Uint8Array {
  return tagged(CLONE, serialize(value));
}

export function decodeValue(bytes: Uint8Array): unknown {
  switch (bytes[0]) {
    case CLONE:
      return deserialize(ordinary(bytes));
    case UNDEFINED:
      return undefined;
    case NULL:
      return null;
    case FALSE:
      return false;
    case TRUE:
      return true;
    case NUMBER:
      for (let i = 0; i < 8; i++) floatBytes[i] = bytes[1 + i];
      return float[0];
    case STRING:
      return readShort(bytes) ?? plain.decode(ordinary(bytes));
    case BYTES:
      return bytes.slice(1);
    case INSTANCES:
      return decodeInstances(bytes);
    case TREE:
      return decodeTree(bytes);
    case TABLES:
      return decodeTables(bytes, decodeValue);
    case ARRAYS:
      return decodeArrays(bytes, decodeValue);
    case PLATFORM:
      return unaccompanied(decodeValue(bytes.subarray(1)));
  }
  throw new UnreadableError(`A value's bytes begin with ${bytes[0] ?? "nothing"}, which names no format.`, {
    fix: "run the same abanico version everywhere.",
  });
}

/** As `decodeValue`; a promise where a library that the value needs is not loaded yet. Those who can wait keep the thread free meanwhile. */
export function decodeSoon(bytes: Uint8Array): unknown {
  const loading = whenReadable(bytes, TABLES);
  return loading === undefined ? decodeValue(bytes) : loading.then(() => decodeValue(bytes));
}

function shortText(value: string): Uint8Array | undefined {
  if (value.length > SHORT) return undefined;
  const bytes = new Uint8Array(value.length + 1);
  bytes[0] = STRING;
  for (let i = 0; i < value.length; i++) {
    const unit = value.charCodeAt(i);
    if (unit >= 0x80) return undefined;
    bytes[i + 1] = unit;
  }
  return bytes;
}

function readShort(bytes: Uint8Array): string | undefined {
  if (bytes.byteLength > SHORT + 1) return undefined;
  let value = "";
  for (let i = 1; i < bytes.byteLength; i++) {
    if (bytes[i] >= 0x80) return undefined;
    value += String.fromCharCode(bytes[i]);
  }
  return value;
}

/** What follows the first byte. Decoders read from ordinary memory only. */
function ordinary(bytes: Uint8Array): Uint8Array {
  return bytes.buffer instanceof SharedArrayBuffer ? bytes.slice(1) : bytes.subarray(1);
}

function tagged(tag: number, body: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(body.byteLength + 1);
  bytes[0] = tag;
  bytes.set(body, 1);
  return bytes;
}
