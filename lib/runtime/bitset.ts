/** A set of the integers below `size`, one bit each. */
export class Bitset {
  readonly #words: Uint32Array;

  constructor(size: number) {
    this.#words = new Uint32Array(Math.ceil(size / 32));
  }

  has(index: number): boolean {
    return (this.#words[Math.floor(index / 32)] & (1 << (index % 32))) !== 0;
  }

  /** Adds [start, end); answers how many of them were not there before. */
  add(start: number, end = start + 1): number {
    let added = 0;
    for (let i = start; i < end; i++) {
      const word = Math.floor(i / 32);
      const bit = 1 << (i % 32);
      if ((this.#words[word] & bit) !== 0) continue;
      this.#words[word] |= bit;
      added++;
    }
    return added;
  }

  remove(start: number, end = start + 1): void {
    for (let i = start; i < end; i++) this.#words[Math.floor(i / 32)] &= ~(1 << (i % 32));
  }

  /** The members as [start, end) pairs, in order. */
  runs(): [number, number][] {
    const found: [number, number][] = [];
    const size = this.#words.length * 32;
    for (let i = 0; i < size; i++) {
      if (!this.has(i)) continue;
      const start = i;
      while (i < size && this.has(i)) i++;
      found.push([start, i]);
    }
    return found;
  }
}
