/**
 * Keys as 32-bit words, and hashes of them. Equal values have equal words, however they are held: an int64 in f64 and in a BigInt64Array,
 * 0 and −0, any NaN. Hashes depend on the values alone, so they are the same on every machine.
 */
import type { Column, Dictionary, StringColumn } from "./column.ts";

const float = new Float64Array(1);
const halves = new Int32Array(float.buffer);
const NAN_HIGH = 0x7ff80000;

/** A number or boolean column as one or two words a row; what stands for null is 0. */
export function wordsOf(column: Exclude<Column, StringColumn>, rows: number): Int32Array[] {
  if (column.type === "bool") return [Int32Array.from(column.values.subarray(0, rows))];
  const low = new Int32Array(rows);
  const high = new Int32Array(rows);
  const { values, valid } = column;
  if (column.type === "float64") {
    const floats = column.values;
    for (let i = 0; i < rows; i++) {
      if (valid !== undefined && valid[i] === 0) continue;
      float[0] = floats[i] + 0; // −0 becomes 0
      const isNan = float[0] !== float[0];
      low[i] = isNan ? 0 : halves[0];
      high[i] = isNan ? NAN_HIGH : halves[1];
    }
  } else if (values instanceof BigInt64Array) {
    const words = new Int32Array(values.buffer, values.byteOffset, 2 * rows);
    for (let i = 0; i < rows; i++) {
      low[i] = words[2 * i];
      high[i] = words[2 * i + 1];
    }
  } else {
    for (let i = 0; i < rows; i++) {
      low[i] = values[i];
      high[i] = Math.floor(values[i] / 4294967296);
    }
  }
  return [low, high];
}

/** Which rows of the column are null; undefined where none is. */
export function nullsOf(column: Column, rows: number): Uint8Array | undefined {
  if (column.type !== "string") {
    const { valid } = column;
    return valid === undefined ? undefined : Uint8Array.from(valid.subarray(0, rows), (v) => 1 - v);
  }
  let nulls: Uint8Array | undefined;
  for (let i = 0; i < rows; i++) if (column.codes[i] === 0) (nulls ??= new Uint8Array(rows))[i] = 1;
  return nulls;
}

/** Which rows are null or NaN; undefined where none is. Words of NaN become those of null. */
function missingIn(column: Column, [low, high]: readonly Int32Array[], rows: number): Uint8Array | undefined {
  let missing = nullsOf(column, rows);
  if (column.type !== "float64") return missing;
  for (let i = 0; i < rows; i++) {
    if (high[i] !== NAN_HIGH || low[i] !== 0) continue;
    high[i] = 0;
    (missing ??= new Uint8Array(rows))[i] = 1;
  }
  return missing;
}

/** Takes one word more into the hashes: MurmurHash3's step (A. Appleby, 2011). */
export function mixWords(hashes: Int32Array, words: Int32Array): void {
  for (let i = 0; i < hashes.length; i++) {
    let k = Math.imul(words[i], 0xcc9e2d51);
    k = Math.imul((k << 15) | (k >>> 17), 0x1b873593);
    const h = hashes[i] ^ k;
    hashes[i] = (Math.imul((h << 13) | (h >>> 19), 5) + 0xe6546b64) | 0;
  }
}

/** MurmurHash3's last step: all bits of what came in change all bits. */
export function finishHashes(hashes: Int32Array): void {
  for (let i = 0; i < hashes.length; i++) {
    let h = hashes[i];
    h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
    h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
    hashes[i] = h ^ (h >>> 16);
  }
}

/** FNV-1a, of the bytes [start, end). */
export function hashBytes(bytes: Uint8Array, start = 0, end = bytes.length): number {
  let h = 0x811c9dc5 | 0;
  for (let i = start; i < end; i++) h = Math.imul(h ^ bytes[i], 0x01000193);
  return h;
}

/** Hashes rows of some columns. Keeps the hashes of strings while their dictionary stays the same. */
export class RowHasher {
  readonly #seed: number;
  readonly #texts: { dictionary: Dictionary; hashes: Int32Array; known: Uint8Array }[] = [];

  constructor(seed = 0) {
    this.#seed = seed | 0;
  }

  /** A hash a row. Nulls hash alike, and like NaN: for some (distinct, groups) they are equal, and nobody needs them to be parted. */
  hashes(columns: readonly Column[], rows: number): Int32Array {
    const hashes = new Int32Array(rows).fill(this.#seed);
    columns.forEach((column, k) => {
      if (column.type === "string") mixWords(hashes, this.#textWords(column, k, rows));
      else {
        const words = wordsOf(column, rows);
        const nulls = missingIn(column, words, rows);
        for (const word of words) mixWords(hashes, word);
        // Where nothing is null the word is the same for all rows, so that a batch without nulls hashes like one with.
        mixWords(hashes, nulls === undefined ? new Int32Array(rows) : Int32Array.from(nulls));
      }
    });
    finishHashes(hashes);
    return hashes;
  }

  #textWords({ codes, dictionary }: StringColumn, k: number, rows: number): Int32Array {
    let texts = this.#texts[k];
    const { size } = dictionary;
    if (texts?.dictionary !== dictionary)
      texts = this.#texts[k] = { dictionary, hashes: new Int32Array(size), known: new Uint8Array(size) };
    else if (texts.known.length < size) {
      const [hashes, known] = [new Int32Array(2 * size), new Uint8Array(2 * size)];
      hashes.set(texts.hashes);
      known.set(texts.known);
      texts.hashes = hashes;
      texts.known = known;
    }
    const { hashes, known } = texts;
    const spans = dictionary.spans?.();
    const words = new Int32Array(rows);
    for (let i = 0; i < rows; i++) {
      const code = codes[i];
      if (code === 0) continue;
      if (known[code] === 0) {
        // 0 is null's.
        hashes[code] =
          1 |
          (spans === undefined
            ? hashBytes(dictionary.bytes(code))
            : hashBytes(spans.data, spans.start(code), spans.end(code)));
        known[code] = 1;
      }
      words[i] = hashes[code];
    }
    return words;
  }
}

/** The partition of a hash: its share of the range of all hashes. */
export function partitionOfHash(hash: number, partitions: number): number {
  return Math.floor(((hash >>> 0) * partitions) / 4294967296);
}
