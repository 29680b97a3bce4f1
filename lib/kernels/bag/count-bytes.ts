import { codeAt, LENGTH, type ShortCounts } from "./short-counts.ts";

/**
 * Counts of short strings as they travel, a tenth of what a list of strings and numbers costs:
 *
 *     u8 length │ its characters, a byte each │ count: seven bits a byte, the lowest first; the high bit says that more follow
 */
export class CountBytes {
  #bytes = new Uint8Array(256);
  #end = 0;
  #rows = 0;

  /** In bytes. */
  get length(): number {
    return this.#end;
  }

  get rows(): number {
    return this.#rows;
  }

  /** The string that is packed at `at` (short-counts.ts). */
  add(ints: Int32Array, at: number, count: number): void {
    // A length, 16 characters, and a count below 2^53.
    if (this.#end + 32 > this.#bytes.length) this.#grow();
    const bytes = this.#bytes;
    const length = ints[at + LENGTH];
    let end = this.#end;
    bytes[end++] = length;
    for (let i = 0; i < length; i++) bytes[end++] = codeAt(ints, at, i);
    let left = count;
    for (; left >= 128; left = Math.floor(left / 128)) bytes[end++] = (left % 128) | 128;
    bytes[end++] = left;
    this.#end = end;
    this.#rows++;
  }

  /** What it holds; then it holds nothing. */
  take(): Uint8Array {
    const taken = this.#bytes.slice(0, this.#end);
    this.#end = 0;
    this.#rows = 0;
    return taken;
  }

  #grow(): void {
    const grown = new Uint8Array(2 * this.#bytes.length);
    grown.set(this.#bytes);
    this.#bytes = grown;
  }
}

/** Adds the row at `at`; gives where the next begins. `others`: as for `ShortCounts.add`. */
export function addRow(counts: ShortCounts, bytes: Uint8Array, at: number, others: number): number {
  const length = bytes[at++];
  let a = 0;
  let b = 0;
  let c = 0;
  let d = 0;
  for (let i = 0; i < length; i++) {
    const code = bytes[at++] << (8 * (i & 3));
    if (i < 4) a |= code;
    else if (i < 8) b |= code;
    else if (i < 12) c |= code;
    else d |= code;
  }
  let count = 0;
  let unit = 1;
  for (; bytes[at] >= 128; unit *= 128) count += (bytes[at++] - 128) * unit;
  count += bytes[at++] * unit;
  counts.addKey(a, b, c, d, length, count, others);
  return at;
}
