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

  /** The text's code, a new one where it has none yet. */
  code(text: Uint8Array): number {
    const hash = hashBytes(text);
    let at = (hash ^ (hash >>> 15)) & this.#mask;
    for (let code = this.#slots[at]; code !== 0; code = this.#slots[at]) {
      if (this.#hashes[code] === hash && this.#isText(code, text)) return code;
      at = (at + 1) & this.#mask;
    }
    return this.#add(at, hash, text);
  }

  /** The texts so far. */
  dictionary(): PackedDictionary {
    const end = this.#offsets[this.#size];
    return new PackedDictionary(this.#offsets.slice(0, this.#size + 1), this.#data.slice(0, end));
  }

  #isText(code: number, text: Uint8Array): boolean {
    const start = this.#offsets[code];
    if (this.#offsets[code + 1] - start !== text.length) return false;
    for (let i = 0; i < text.length; i++) if (this.#data[start + i] !== text[i]) return false;
    return true;
  }

  #add(at: number, hash: number, text: Uint8Array): number {
    const code = this.#size++;
    const start = this.#offsets[code];
    const end = start + text.length;
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
    this.#data.set(text, start);
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
