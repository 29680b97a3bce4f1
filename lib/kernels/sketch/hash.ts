/** Hashes of 64 bits, in two words. They depend on values alone: equal values hash alike on every machine, however their columns are held. */
import { isWideInteger, type Column, type Dictionary } from "../frame/column.ts";

const float = new Float64Array(1);
const wide = new BigInt64Array(float.buffer);
const halves = new Int32Array(float.buffer);

/** Writes the hashes of a column's rows. Of nulls and NaN, which `isValue` tells, they mean nothing. Keeps those of texts while the dictionary stays. */
export class ValueHasher {
  high = new Int32Array(0);
  low = new Int32Array(0);
  isValue = new Uint8Array(0);
  #dictionary: Dictionary | undefined;
  #known = new Uint8Array(0);
  #texts = new Int32Array(0);

  hash(column: Column, rows: number): void {
    if (this.high.length < rows) {
      this.high = new Int32Array(rows);
      this.low = new Int32Array(rows);
      this.isValue = new Uint8Array(rows);
    }
    if (column.type === "string") {
      this.#hashTexts(column.codes, column.dictionary, rows);
      return;
    }
    const { values, valid } = column;
    for (let i = 0; i < rows; i++) {
      const value = values[i];
      let seed = 0;
      if (typeof value === "bigint" && isWideInteger(value)) {
        wide[0] = value;
        seed = 1;
      } else float[0] = Number(value) + 0; // −0 becomes 0
      this.isValue[i] = (valid === undefined || valid[i] === 1) && (seed === 1 || float[0] === float[0]) ? 1 : 0;
      this.high[i] = mixed(halves[0], halves[1], 0x9747b28c ^ seed);
      this.low[i] = mixed(halves[1], halves[0], 0x2e1b2138 ^ seed);
    }
  }

  #hashTexts(codes: Int32Array, dictionary: Dictionary, rows: number): void {
    if (this.#dictionary !== dictionary) {
      this.#dictionary = dictionary;
      this.#known.fill(0);
    }
    if (this.#known.length < dictionary.size) {
      const [known, texts] = [new Uint8Array(2 * dictionary.size), new Int32Array(4 * dictionary.size)];
      known.set(this.#known);
      texts.set(this.#texts);
      [this.#known, this.#texts] = [known, texts];
    }
    for (let i = 0; i < rows; i++) {
      const code = codes[i];
      this.isValue[i] = code === 0 ? 0 : 1;
      if (code === 0) continue;
      if (this.#known[code] === 0) {
        this.#known[code] = 1;
        hashBytes(dictionary.bytes(code), this.#texts, 2 * code);
      }
      this.high[i] = this.#texts[2 * code];
      this.low[i] = this.#texts[2 * code + 1];
    }
  }
}

/** MurmurHash3 (A. Appleby, 2011) of two words. */
function mixed(a: number, b: number, seed: number): number {
  return finished(stepped(stepped(seed, a), b) ^ 8);
}

function stepped(h: number, word: number): number {
  const k = Math.imul(word, 0xcc9e2d51);
  const mixed = h ^ Math.imul((k << 15) | (k >>> 17), 0x1b873593);
  return (Math.imul((mixed << 13) | (mixed >>> 19), 5) + 0xe6546b64) | 0;
}

function finished(h: number): number {
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return h ^ (h >>> 16);
}

/** MurmurHash3 of the bytes with two seeds. */
function hashBytes(bytes: Uint8Array, out: Int32Array, at: number): void {
  let [high, low] = [0x9747b28c | 0, 0x2e1b2138];
  for (let i = 0; i < bytes.length; i += 4) {
    const word = bytes[i] | ((bytes[i + 1] ?? 0) << 8) | ((bytes[i + 2] ?? 0) << 16) | ((bytes[i + 3] ?? 0) << 24);
    high = stepped(high, word);
    low = stepped(low, ~word);
  }
  out[at] = finished(high ^ bytes.length);
  out[at + 1] = finished(low ^ bytes.length);
}
