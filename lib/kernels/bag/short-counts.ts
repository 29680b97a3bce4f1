/**
 * How often short strings are there: up to 16 characters, all below U+0100. That is most words of most texts, and what `frequencies` sees most.
 *
 * A Map of strings pays several cache misses a look-up: bucket, entry, the string's characters, the cell that counts. Here the characters
 * are the key, packed into four integers that lie beside the count: 32 bytes an entry, half a cache line, and no string is looked at or
 * kept. Open addressing with linear probing, at most half full.
 *
 *     i32 ×4 characters, four a number, the first lowest │ i32 length + 1, 0: free │ i32 order of first sight │ f64 count
 */
const INTS = 8;
const TAG = 4;
const ORDINAL = 5;
const COUNT = 3;
const LONGEST = 16;
const SMALLEST = 1 << 13;

export class ShortCounts {
  #slots = SMALLEST;
  #ints = new Int32Array(SMALLEST * INTS);
  #floats = new Float64Array(this.#ints.buffer);
  #size = 0;

  get size(): number {
    return this.#size;
  }

  /**
   * Counts a string; `others` other values were seen before it, if it is new. False for strings that are not short, which are not counted.
   * (Joining many and reading their bytes four at a time was tried: joining alone costs more than these loops.)
   */
  add(text: string, count: number, others: number): boolean {
    const length = text.length;
    if (length > LONGEST) return false;
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
    this.#count(a, b, c, d, length + 1, count, others);
    return true;
  }

  /** Puts each string with its count where its ordinal says. */
  entriesInto(out: [unknown, number][]): void {
    const ints = this.#ints;
    for (let at = 0; at < ints.length; at += INTS) {
      if (ints[at + TAG] === 0) continue;
      out[ints[at + ORDINAL]] = [textOf(ints, at, ints[at + TAG] - 1), this.#floats[at / 2 + COUNT]];
    }
  }

  clear(): void {
    this.#ints.fill(0);
    this.#size = 0;
  }

  #count(a: number, b: number, c: number, d: number, tag: number, count: number, others: number): void {
    const ints = this.#ints;
    const mask = this.#slots - 1;
    for (let slot = hashOf(a, b, c, d) & mask; ; slot = (slot + 1) & mask) {
      const at = slot * INTS;
      const found = ints[at + TAG];
      if (found === tag && ints[at] === a && ints[at + 1] === b && ints[at + 2] === c && ints[at + 3] === d) {
        this.#floats[slot * 4 + COUNT] += count;
        return;
      }
      if (found !== 0) continue;
      ints[at] = a;
      ints[at + 1] = b;
      ints[at + 2] = c;
      ints[at + 3] = d;
      ints[at + TAG] = tag;
      ints[at + ORDINAL] = others + this.#size;
      this.#floats[slot * 4 + COUNT] = count;
      if (2 * ++this.#size > this.#slots) this.#grow();
      return;
    }
  }

  #grow(): void {
    const [ints, floats] = [this.#ints, this.#floats];
    this.#slots *= 4;
    this.#ints = new Int32Array(this.#slots * INTS);
    this.#floats = new Float64Array(this.#ints.buffer);
    const mask = this.#slots - 1;
    for (let at = 0; at < ints.length; at += INTS) {
      if (ints[at + TAG] === 0) continue;
      let slot = hashOf(ints[at], ints[at + 1], ints[at + 2], ints[at + 3]) & mask;
      while (this.#ints[slot * INTS + TAG] !== 0) slot = (slot + 1) & mask;
      const to = slot * INTS;
      for (let i = 0; i <= ORDINAL; i++) this.#ints[to + i] = ints[at + i];
      this.#floats[slot * 4 + COUNT] = floats[at / 2 + COUNT];
    }
  }
}

function textOf(ints: Int32Array, at: number, length: number): string {
  let text = "";
  for (let i = 0; i < length; i++) text += String.fromCharCode((ints[at + (i >> 2)] >>> (8 * (i & 3))) & 255);
  return text;
}

/** Multiplications by odd constants, then murmur3's finalizer. */
function hashOf(a: number, b: number, c: number, d: number): number {
  let hash = Math.imul(a, 0x9e3779b1) ^ Math.imul(b, 0x85ebca77) ^ Math.imul(c, 0xc2b2ae3d) ^ Math.imul(d, 0x27d4eb2f);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return hash ^ (hash >>> 16);
}
