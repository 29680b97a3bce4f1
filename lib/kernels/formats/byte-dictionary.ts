import { OptionError } from "../../errors.ts";
import type { Dictionary } from "../frame/column.ts";

/** Bytes of all distinct texts of one column in one task: offsets of texts have 32 bits. */
const MOST_BYTES = 2 ** 31 - 1;

/**
 * Strings by code, made from UTF-8 bytes: no JavaScript string is made for a text that is only passed on. Code 0 is null. Grows, and never changes
 * what a code means, so that all batches of a task share one.
 */
export class ByteDictionary implements Dictionary {
  #data = new Uint8Array(1024);
  /** The same bytes. */
  #buffer = Buffer.from(this.#data.buffer);
  /** Text `code` is `#ends[code − 1]` to `#ends[code]`; nothing is at code 0. */
  #ends = new Int32Array(64);
  #hashes = new Int32Array(64);
  /** Codes by hash, open addressing at half load at most; 0 is free. */
  #slots = new Int32Array(128);
  #size = 1;
  #texts: (string | undefined)[] = [];

  get size(): number {
    return this.#size;
  }

  text(code: number): string {
    return (this.#texts[code] ??= this.#buffer.toString("utf8", this.#ends[code - 1], this.#ends[code]));
  }

  bytes(code: number): Uint8Array {
    return this.#data.subarray(this.#ends[code - 1], this.#ends[code]);
  }

  /** The code of the text at [start, end) of `from`, a new one where it has none yet. */
  code(from: Uint8Array, start: number, end: number): number {
    let hash = 0x811c9dc5;
    for (let i = start; i < end; i++) hash = Math.imul(hash ^ from[i], 0x01000193);
    hash ^= hash >>> 15;
    const mask = this.#slots.length - 1;
    for (let slot = hash & mask; ; slot = (slot + 1) & mask) {
      const code = this.#slots[slot];
      if (code === 0) return this.#add(from, start, end, hash, slot);
      if (this.#hashes[code] === hash && this.#isSame(code, from, start, end)) return code;
    }
  }

  /** The code of a JavaScript string. */
  codeOf(text: string): number {
    const bytes = Buffer.from(text, "utf8");
    return this.code(bytes, 0, bytes.length);
  }

  #isSame(code: number, from: Uint8Array, start: number, end: number): boolean {
    let at = this.#ends[code - 1];
    if (this.#ends[code] - at !== end - start) return false;
    for (let i = start; i < end; i++) if (from[i] !== this.#data[at++]) return false;
    return true;
  }

  #add(from: Uint8Array, start: number, end: number, hash: number, slot: number): number {
    const code = this.#size++;
    const at = this.#ends[code - 1];
    const stop = at + end - start;
    if (stop > MOST_BYTES)
      throw new OptionError(`The distinct texts of one column take more than 2 GiB in one task.`, {
        fields: { bytes: stop },
        fix: "read smaller pieces (blockSize, or smaller row groups), or fewer columns.",
      });
    if (stop > this.#data.length) {
      const larger = new Uint8Array(Math.min(MOST_BYTES, Math.max(stop, 2 * this.#data.length)));
      larger.set(this.#data.subarray(0, at));
      this.#data = larger;
      this.#buffer = Buffer.from(larger.buffer);
    }
    if (code >= this.#ends.length) {
      this.#ends = doubled(this.#ends);
      this.#hashes = doubled(this.#hashes);
    }
    this.#data.set(from.subarray(start, end), at);
    this.#ends[code] = stop;
    this.#hashes[code] = hash;
    this.#slots[slot] = code;
    if (2 * this.#size > this.#slots.length) this.#rehash();
    return code;
  }

  #rehash(): void {
    this.#slots = new Int32Array(2 * this.#slots.length);
    const mask = this.#slots.length - 1;
    for (let code = 1; code < this.#size; code++) {
      let slot = this.#hashes[code] & mask;
      while (this.#slots[slot] !== 0) slot = (slot + 1) & mask;
      this.#slots[slot] = code;
    }
  }
}

function doubled(array: Int32Array<ArrayBuffer>): Int32Array<ArrayBuffer> {
  const larger = new Int32Array(2 * array.length);
  larger.set(array);
  return larger;
}
