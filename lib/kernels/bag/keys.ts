import { TypeMismatchError } from "../../errors.ts";

/**
 * Values as keys, compared by value: two are equal where structured clone would make equal copies of them. Objects are compared by their
 * entries, in whatever order they were written; Map and Set by what they hold; −0 is 0, and NaN is NaN.
 *
 * A primitive is its own key in a Map. Anything else goes by a canonical text behind a NUL, so that no string is taken for it: strings
 * that begin with a NUL get another before.
 */
export type MapKey = unknown;

export function mapKeyOf(value: unknown): MapKey {
  if (typeof value === "string") return value.charCodeAt(0) === 0 ? `\0${value}` : value;
  if (typeof value !== "object" || value === null) return refuseUnclonable(value);
  return `\0o${canonical(value, [])}`;
}

function refuseUnclonable(value: unknown): MapKey {
  if (typeof value !== "function" && typeof value !== "symbol") return value;
  throw new TypeMismatchError(`A key expects a value that can be compared, found a ${typeof value}.`, {
    fix: "give plain data as the key: a string, a number, or an object of those.",
  });
}

/** Values by key, in order of first sight. */
export class Keyed<V> {
  readonly #entries = new Map<MapKey, V>();
  /** Keys that are not their own. */
  readonly #originals = new Map<MapKey, unknown>();

  get size(): number {
    return this.#entries.size;
  }

  get(key: unknown): V | undefined {
    return this.#entries.get(mapKeyOf(key));
  }

  /** The value of a key; where there is none yet, what `make` gives. */
  getOrMake(key: unknown, make: () => V): V {
    const at = mapKeyOf(key);
    const known = this.#entries.get(at);
    if (known !== undefined) return known;
    const made = make();
    const kept = typeof at === "string" && at === key ? detached(at) : at;
    this.#entries.set(kept, made);
    if (kept !== key && typeof kept === "string" && kept.charCodeAt(0) === 0) this.#originals.set(kept, key);
    return made;
  }

  *entries(): Generator<[unknown, V]> {
    for (const [at, value] of this.#entries) yield [this.originalOf(at), value];
  }

  originalOf(at: MapKey): unknown {
    return typeof at === "string" && at.charCodeAt(0) === 0 ? this.#originals.get(at) : at;
  }

  clear(): void {
    this.#entries.clear();
    this.#originals.clear();
  }
}

/**
 * The same string with characters of its own. What `split` and `slice` give is a view on the text it was cut from, which would live as
 * long as the key does: one long word would hold a whole block. (V8 copies what is shorter than 13 characters anyway.)
 */
export function detached(text: string): string {
  return text.length < 13 ? text : ` ${text}`.slice(1);
}

/** The partition of a key: the same on every thread, of every run. */
export function partitionOf(key: unknown, partitions: number): number {
  return partitions === 1 ? 0 : hashOf(mapKeyOf(key)) % partitions;
}

const float = new Float64Array(1);
const words = new Uint32Array(float.buffer);

/** 32 bits of a map key. */
export function hashOf(key: MapKey): number {
  switch (typeof key) {
    case "string":
      return hashText(key);
    case "number":
      float[0] = key === 0 ? 0 : key; // −0 is 0
      return mixed(words[0] ^ Math.imul(words[1], 0x9e3779b1));
    default:
      return hashText(`${typeof key} ${String(key)}`);
  }
}

/** FNV-1a over UTF-16 units (http://www.isthe.com/chongo/tech/comp/fnv/), then murmur3's finalizer, since its low bits are weak. */
function hashText(text: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  return mixed(hash);
}

function mixed(hash: number): number {
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}

/** A text that equal values have in common, and no others. */
function canonical(value: unknown, around: readonly object[]): string {
  switch (typeof value) {
    case "string":
      return JSON.stringify(value);
    case "number":
      return Object.is(value, -0) ? "0" : String(value);
    case "bigint":
      return `${value}n`;
    case "object":
      return value === null ? "null" : canonicalObject(value, around);
    default:
      return String(refuseUnclonable(value));
  }
}

function canonicalObject(value: object, around: readonly object[]): string {
  if (around.includes(value))
    throw new TypeMismatchError("A key expects a value that can be compared, found an object that holds itself.", {
      fix: "give a part of it as the key.",
    });
  const within = [...around, value];
  const inner = (part: unknown) => canonical(part, within);
  if (Array.isArray(value)) return `[${value.map(inner).join()}]`;
  if (value instanceof Date) return `Date(${value.getTime()})`;
  if (value instanceof RegExp) return `RegExp(${String(value)})`;
  if (value instanceof Map)
    return `Map(${[...value]
      .map(([k, v]) => `${inner(k)}:${inner(v)}`)
      .sort()
      .join()})`;
  if (value instanceof Set) return `Set(${[...value].map(inner).sort().join()})`;
  if (value instanceof Error) return `Error(${JSON.stringify([value.name, value.message])})`;
  if (value instanceof ArrayBuffer) return `ArrayBuffer(${Buffer.from(value).toString("base64")})`;
  if (ArrayBuffer.isView(value)) {
    const { buffer, byteOffset, byteLength } = value;
    const name = value instanceof Uint8Array ? "Uint8Array" : value.constructor.name; // a Buffer is cloned as one
    return `${name}(${Buffer.from(buffer, byteOffset, byteLength).toString("base64")})`;
  }
  if (value instanceof Number || value instanceof String || value instanceof Boolean) return inner(value.valueOf());
  const entries = Object.entries(value).map(([key, part]) => `${JSON.stringify(key)}:${inner(part)}`);
  return `{${entries.sort().join()}}`;
}
