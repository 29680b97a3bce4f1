import type { CountBytes } from "./count-bytes.ts";

/**
 * How often short strings are there: up to 16 characters, all below U+0100. That is most words of most texts, and what `frequencies` sees most.
 *
 * A Map of strings pays several cache misses a look-up: bucket, entry, the string's characters, the cell that counts. Here the characters
 * are the key, packed into four integers that lie beside the count, and no string is looked at or kept. Entries stand in order of first
 * sight, so those of the most frequent strings lie together, in few cache lines. An index of their numbers finds them: open addressing
 * with linear probing, at most half full, and small, since what is looked for is spread over all of it.
 *
 *     entry   i32 ×4 characters, four a number, the first lowest │ i32 length │ i32 order of first sight │ f64 count
 *     index   i32: number of the entry + 1, 0: free
 */
export const ENTRY_INTS = 8;
export const LENGTH = 4;
const ORDINAL = 5;
const COUNT = 3;
const SMALLEST = 1 << 12;

/** Where a table lies: WebAssembly that counts in it too has to find it. */
export interface TableRoom {
  /** So many zeros, at a multiple of 8 bytes. */
  take(ints: number): Int32Array;
  /** The table lies here from now on. */
  placed(ints: Int32Array, index: Int32Array): void;
}

const OWN_ROOM: TableRoom = { take: (ints) => new Int32Array(ints), placed: () => undefined };

export class ShortCounts {
  readonly #room: TableRoom;
  #index: Int32Array;
  #ints: Int32Array;
  #floats: Float64Array;
  #size = 0;

  constructor(room: TableRoom = OWN_ROOM) {
    this.#room = room;
    this.#ints = room.take(SMALLEST * ENTRY_INTS);
    this.#floats = floatsOf(this.#ints);
    this.#index = room.take(2 * SMALLEST);
    room.placed(this.#ints, this.#index);
  }

  get size(): number {
    return this.#size;
  }

  /**
   * Counts a string; `others` other values were seen before it, if it is new. False for strings that are not short, which are not counted.
   * (Joining many and reading their bytes four at a time was tried: joining alone costs more than these loops.)
   */
  add(text: string, count: number, others: number): boolean {
    const length = text.length;
    if (length > 16) return false;
    let a = 0;
    let b = 0;
    let c = 0;
    let d = 0;
    let seen = 0;
    let i = 0;
    // One loop for each number: most words end in the first or second. A shift by 32 and more is one by so much less.
    for (const end = length < 4 ? length : 4; i < end; i++) {
      const code = text.charCodeAt(i);
      seen |= code;
      a |= code << (8 * i);
    }
    for (const end = length < 8 ? length : 8; i < end; i++) {
      const code = text.charCodeAt(i);
      seen |= code;
      b |= code << (8 * i);
    }
    for (const end = length < 12 ? length : 12; i < end; i++) {
      const code = text.charCodeAt(i);
      seen |= code;
      c |= code << (8 * i);
    }
    for (; i < length; i++) {
      const code = text.charCodeAt(i);
      seen |= code;
      d |= code << (8 * i);
    }
    if (seen > 255) return false;
    this.addKey(a, b, c, d, length, count, others);
    return true;
  }

  /** The same of a string that is packed already. */
  addKey(a: number, b: number, c: number, d: number, length: number, count: number, others: number): void {
    const index = this.#index;
    const ints = this.#ints;
    const mask = index.length - 1;
    let slot = hashOf(a, b, c, d) & mask;
    for (let entry = index[slot]; entry !== 0; entry = index[slot]) {
      const at = (entry - 1) * ENTRY_INTS;
      const same = ints[at] === a && ints[at + 1] === b && ints[at + 2] === c && ints[at + 3] === d;
      if (same && ints[at + LENGTH] === length) {
        this.#floats[(at >> 1) + COUNT] += count;
        return;
      }
      slot = (slot + 1) & mask;
    }
    const at = this.#size * ENTRY_INTS;
    ints[at] = a;
    ints[at + 1] = b;
    ints[at + 2] = c;
    ints[at + 3] = d;
    ints[at + LENGTH] = length;
    ints[at + ORDINAL] = others + this.#size;
    this.#floats[(at >> 1) + COUNT] = count;
    index[slot] = ++this.#size;
    if (2 * this.#size === index.length) this.#grow();
  }

  /** Of the entry with this number. */
  ordinalOf(entry: number): number {
    return this.#ints[entry * ENTRY_INTS + ORDINAL];
  }

  countOf(entry: number): number {
    return this.#floats[(entry * ENTRY_INTS) / 2 + COUNT];
  }

  textOf(entry: number): string {
    const at = entry * ENTRY_INTS;
    let text = "";
    for (let i = 0; i < this.#ints[at + LENGTH]; i++) text += String.fromCharCode(codeAt(this.#ints, at, i));
    return text;
  }

  write(entry: number, into: CountBytes): void {
    into.add(this.#ints, entry * ENTRY_INTS, this.countOf(entry));
  }

  clear(): void {
    this.#index.fill(0);
    this.#size = 0;
  }

  #grow(): void {
    const ints = this.#ints;
    this.#ints = this.#room.take(2 * ints.length);
    this.#ints.set(ints);
    this.#floats = floatsOf(this.#ints);
    const index = (this.#index = this.#room.take(2 * this.#index.length));
    const mask = index.length - 1;
    for (let entry = 0; entry < this.#size; entry++) {
      const at = entry * ENTRY_INTS;
      let slot = hashOf(ints[at], ints[at + 1], ints[at + 2], ints[at + 3]) & mask;
      while (index[slot] !== 0) slot = (slot + 1) & mask;
      index[slot] = entry + 1;
    }
    this.#room.placed(this.#ints, index);
  }
}

function floatsOf(ints: Int32Array): Float64Array {
  return new Float64Array(ints.buffer, ints.byteOffset, ints.length / 2);
}

/** Character i of the string packed at `at`. */
export function codeAt(ints: Int32Array, at: number, i: number): number {
  return (ints[at + (i >> 2)] >>> (8 * (i & 3))) & 255;
}

/** Multiplications by odd constants, then murmur3's finalizer. ../text/assembly/words.ts has the same. */
function hashOf(a: number, b: number, c: number, d: number): number {
  let hash = Math.imul(a, 0x9e3779b1) ^ Math.imul(b, 0x85ebca77) ^ Math.imul(c, 0xc2b2ae3d) ^ Math.imul(d, 0x27d4eb2f);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return hash ^ (hash >>> 16);
}
