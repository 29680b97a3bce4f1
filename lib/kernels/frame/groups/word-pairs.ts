/** An open-addressing table from pairs of 32-bit words to numbers from 1 on, in order of first sight. */
export class WordPairs {
  #mask = 1023;
  #table: Int32Array | undefined;
  first = new Int32Array(512);
  second = new Int32Array(512);
  count = 0;

  number(a: number, b: number): number {
    const table = (this.#table ??= this.#made());
    let at = placeOf(a, b) & this.#mask;
    for (;;) {
      const number = table[at];
      if (number === 0) break;
      if (this.first[number] === a && this.second[number] === b) return number;
      at = (at + 1) & this.#mask;
    }
    const number = this.add(a, b);
    // Where adding has not thrown the table away for a larger one, which is made when it is needed.
    if (this.#table !== undefined) table[at] = number;
    return number;
  }

  /** A number for a pair that has none yet, as who calls knows. As long as nobody asks for a pair by its words, there is no table. */
  add(a: number, b: number): number {
    const number = ++this.count;
    if (number === this.first.length) {
      this.first = grown(this.first);
      this.second = grown(this.second);
    }
    this.first[number] = a;
    this.second[number] = b;
    if (2 * number > this.#mask) {
      this.#mask = 2 * this.#mask + 1;
      this.#table = undefined;
    }
    return number;
  }

  #made(): Int32Array {
    const table = new Int32Array(this.#mask + 1);
    for (let number = 1; number <= this.count; number++) {
      let at = placeOf(this.first[number], this.second[number]) & this.#mask;
      while (table[at] !== 0) at = (at + 1) & this.#mask;
      table[at] = number;
    }
    return table;
  }
}

function placeOf(a: number, b: number): number {
  const at = Math.imul(a, 0x9e3779b1) ^ Math.imul(b, 0x85ebca6b);
  return at ^ (at >>> 15);
}

/** Twice as long. */
export function grown(words: Int32Array): Int32Array<ArrayBuffer> {
  const larger = new Int32Array(2 * words.length);
  larger.set(words);
  return larger;
}

/** The words at some places. */
export function pickWords(words: Int32Array, places: Int32Array): Int32Array<ArrayBuffer> {
  const picked = new Int32Array(places.length);
  for (let i = 0; i < places.length; i++) picked[i] = words[places[i]];
  return picked;
}
