import { PackedDictionary } from "./column.ts";
import { refuseLongTexts } from "./encode.ts";
import { hashBytes } from "./hash.ts";

/** A dictionary that grows, by the texts' bytes: no string is made of them. */
export class TextTable {
  #mask = 255;
  #slots = new Int32Array(256);
  #hashes = new Int32Array(128);
  #offsets = new Int32Array(129);
  #data = new Uint8Array(1_024);
  /** Code 0 is null, and empty. */
  #size = 1;

  /** The code of the text at [start, end) of `from`, a new one where it has none yet. */
  code(from: Uint8Array, start: number, end: number): number {
    const hash = hashBytes(from, start, end);
    const at = this.#slotOf(hash, from, start, end);
    return this.#slots[at] === 0 ? this.#add(at, hash, from, start, end) : this.#slots[at];
  }

  /** The code of the text at [start, end) of `from`; 0 where it has none. */
  find(from: Uint8Array, start: number, end: number): number {
    return this.#slots[this.#slotOf(hashBytes(from, start, end), from, start, end)];
  }

  /** Where the text's code stands, or would stand. */
  #slotOf(hash: number, from: Uint8Array, start: number, end: number): number {
    let at = (hash ^ (hash >>> 15)) & this.#mask;
    for (let code = this.#slots[at]; code !== 0; code = this.#slots[at]) {
      if (this.#hashes[code] === hash && this.#isText(code, from, start, end)) return at;
      at = (at + 1) & this.#mask;
    }
    return at;
  }

  /** The texts so far. */
  dictionary(): PackedDictionary {
    const end = this.#offsets[this.#size];
    return new PackedDictionary(this.#offsets.slice(0, this.#size + 1), this.#data.slice(0, end));
  }

  #isText(code: number, from: Uint8Array, start: number, stop: number): boolean {
    const own = this.#offsets[code];
    if (this.#offsets[code + 1] - own !== stop - start) return false;
    for (let i = start; i < stop; i++) if (this.#data[own + i - start] !== from[i]) return false;
    return true;
  }

  #add(at: number, hash: number, from: Uint8Array, first: number, stop: number): number {
    const code = this.#size++;
    const start = this.#offsets[code];
    const end = start + stop - first;
    if (end > this.#data.length) {
      refuseLongTexts(end);
      const data = new Uint8Array(Math.min(2 ** 31 - 1, 2 * end));
      data.set(this.#data);
      this.#data = data;
    }
    if (code + 2 > this.#offsets.length) {
      this.#offsets = larger(this.#offsets);
      this.#hashes = larger(this.#hashes);
    }
    for (let i = first; i < stop; i++) this.#data[start + i - first] = from[i];
    this.#offsets[code + 1] = end;
    this.#hashes[code] = hash;
    this.#slots[at] = code;
    if (2 * code > this.#mask) this.#rehash();
    return code;
  }

  #rehash(): void {
    this.#mask = 2 * this.#mask + 1;
    this.#slots = new Int32Array(this.#mask + 1);
    for (let code = 1; code < this.#size; code++) {
      const hash = this.#hashes[code];
      let at = (hash ^ (hash >>> 15)) & this.#mask;
      while (this.#slots[at] !== 0) at = (at + 1) & this.#mask;
      this.#slots[at] = code;
    }
  }
}

function larger(words: Int32Array): Int32Array<ArrayBuffer> {
  const out = new Int32Array(2 * words.length);
  out.set(words);
  return out;
}
