import { hashOf } from "./join-keys.ts";
import type { JoinSpec } from "./steps.ts";

/** Which rows of both sides meet, in the order of the probing side. */
export interface Matches {
  readonly probe: Int32Array;
  /** −1: none. */
  readonly table: Int32Array;
}

/** Rows by their keys' words: chains by hash, each in the order of the rows. Rows count from 1 here: 0 ends a chain. */
export class RowIndex {
  readonly #heads: Int32Array;
  readonly #mask: number;
  /** Of each row: the next of its chain, then its words. So a look at a row is one miss of the caches. */
  readonly #records: Int32Array;
  readonly #stride: number;

  /** Rows that are null (1) are in no chain. */
  constructor(words: readonly Int32Array[], rows: number, isNull: Uint8Array | undefined) {
    let size = 16;
    while (size < 2 * rows) size *= 2;
    this.#mask = size - 1;
    const heads = (this.#heads = new Int32Array(size));
    const stride = (this.#stride = 1 + words.length);
    const records = (this.#records = new Int32Array(stride * (rows + 1)));
    words.forEach((word, k) => {
      for (let i = 0, at = stride + 1 + k; i < rows; i++, at += stride) records[at] = word[i];
    });
    const hashes = hashOf(words, rows);
    // From the last row on, so that each chain is in order.
    for (let row = rows; row > 0; row--) {
      if (isNull !== undefined && isNull[row - 1] === 1) continue;
      const slot = hashes[row - 1] & this.#mask;
      records[row * stride] = heads[slot];
      heads[slot] = row;
    }
  }

  /** `met`: where rows that meet one are marked. Null rows of the probing side meet none. */
  matches(
    how: JoinSpec["how"],
    words: readonly Int32Array[],
    rows: number,
    isNull: Uint8Array | undefined,
    met: Uint8Array | undefined,
  ): Matches {
    const [records, stride] = [this.#records, this.#stride];
    const firsts = this.#firstRows(words, rows, isNull);
    const onlyAsks = how === "semi" || how === "anti";
    const keepsAlone = how === "left" || how === "outer" || how === "anti";
    const [first, second = first] = words;
    const secondAt = words.length > 1 ? 2 : 1;
    let probe = new Int32Array(rows);
    let table = new Int32Array(rows);
    let count = 0;
    for (let i = 0; i < rows; i++) {
      let any = false;
      for (let row = firsts[i]; row !== 0; row = records[row * stride]) {
        const at = row * stride;
        if (records[at + 1] !== first[i] || records[at + secondAt] !== second[i]) continue;
        if (stride > 3 && !isEqual(records, at, words, i)) continue;
        any = true;
        if (onlyAsks) break;
        if (met !== undefined) met[row - 1] = 1;
        if (count === probe.length) [probe, table] = [larger(probe), larger(table)];
        probe[count] = i;
        table[count++] = row - 1;
      }
      if (any ? how !== "semi" : !keepsAlone) continue;
      if (count === probe.length) [probe, table] = [larger(probe), larger(table)];
      probe[count] = i;
      table[count++] = -1;
    }
    return { probe: probe.subarray(0, count), table: table.subarray(0, count) };
  }

  /** Where each row's chain begins: looked up for all at once, so that the misses of the caches go side by side. */
  #firstRows(words: readonly Int32Array[], rows: number, isNull: Uint8Array | undefined): Int32Array {
    const firsts = hashOf(words, rows);
    const [heads, mask] = [this.#heads, this.#mask];
    for (let i = 0; i < rows; i++) firsts[i] = heads[firsts[i] & mask];
    if (isNull !== undefined) for (let i = 0; i < rows; i++) if (isNull[i] === 1) firsts[i] = 0;
    return firsts;
  }
}

function isEqual(records: Int32Array, at: number, words: readonly Int32Array[], i: number): boolean {
  for (let k = 2; k < words.length; k++) if (words[k][i] !== records[at + 1 + k]) return false;
  return true;
}

function larger(rows: Int32Array): Int32Array<ArrayBuffer> {
  const out = new Int32Array(2 * rows.length + 16);
  out.set(rows);
  return out;
}
