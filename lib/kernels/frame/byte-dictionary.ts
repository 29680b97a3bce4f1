import { OptionError } from "../../errors.ts";
import { PackedDictionary, type Dictionary, type TextSpans } from "./column.ts";
import { hashBytes } from "./hash.ts";

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

  spans(): TextSpans {
    const ends = this.#ends;
    return { data: this.#data, start: (code) => ends[code - 1], end: (code) => ends[code] };
  }

  packed(): PackedDictionary {
    const offsets = new Int32Array(this.#size + 1);
    offsets.set(this.#ends.subarray(0, this.#size), 1);
    return new PackedDictionary(offsets, this.#data.slice(0, this.#ends[this.#size - 1]));
  }

  /** The code of the text at [start, end) of `from`, a new one where it has none yet. */
  code(from: Uint8Array, start: number, end: number): number {
    const hash = hashOf(from, start, end);
    const slot = this.#slotOf(hash, from, start, end);
    return this.#slots[slot] === 0 ? this.#add(from, start, end, hash, slot) : this.#slots[slot];
  }

  /** The code of the text at [start, end) of `from`; 0 where it has none. */
  find(from: Uint8Array, start: number, end: number): number {
    return this.#slots[this.#slotOf(hashOf(from, start, end), from, start, end)];
  }

  /** The code of a text of another dictionary, whose `spans` are given if it has any. */
  codeIn(other: Dictionary, code: number, spans: TextSpans | undefined): number {
    if (spans !== undefined) return this.code(spans.data, spans.start(code), spans.end(code));
    const bytes = other.bytes(code);
    return this.code(bytes, 0, bytes.length);
  }

  /** The codes of all texts of a packed dictionary, by theirs. */
  codesOf({ size, offsets, data }: PackedDictionary): Int32Array {
    const codes = new Int32Array(size);
    for (let code = 1; code < size; code++) codes[code] = this.code(data, offsets[code], offsets[code + 1]);
    return codes;
  }

  /** The code of a JavaScript string. */
  codeOf(text: string): number {
    const bytes = Buffer.from(text, "utf8");
    return this.code(bytes, 0, bytes.length);
  }

  /** Where the text's code stands, or would stand. */
  #slotOf(hash: number, from: Uint8Array, start: number, end: number): number {
    const mask = this.#slots.length - 1;
    let slot = hash & mask;
    for (let code = this.#slots[slot]; code !== 0; code = this.#slots[slot]) {
      if (this.#hashes[code] === hash && this.#isSame(code, from, start, end)) return slot;
      slot = (slot + 1) & mask;
    }
    return slot;
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
    for (let i = start; i < end; i++) this.#data[at + i - start] = from[i];
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

function hashOf(from: Uint8Array, start: number, end: number): number {
  const hash = hashBytes(from, start, end);
  return hash ^ (hash >>> 15);
}

function doubled(array: Int32Array<ArrayBuffer>): Int32Array<ArrayBuffer> {
  const larger = new Int32Array(2 * array.length);
  larger.set(array);
  return larger;
}
