/** Which rows of both sides meet, in the order of the probing side. */
export interface Matches {
  readonly probe: Int32Array;
  /** −1: none. */
  readonly table: Int32Array;
}

/** Collects them. */
export class Pairs {
  #probe: Int32Array<ArrayBuffer>;
  #table: Int32Array<ArrayBuffer>;
  #count = 0;

  constructor(room: number) {
    this.#probe = new Int32Array(room);
    this.#table = new Int32Array(room);
  }

  add(probe: number, table: number): void {
    if (this.#count === this.#probe.length) {
      this.#probe = larger(this.#probe);
      this.#table = larger(this.#table);
    }
    this.#probe[this.#count] = probe;
    this.#table[this.#count++] = table;
  }

  take(): Matches {
    return { probe: this.#probe.subarray(0, this.#count), table: this.#table.subarray(0, this.#count) };
  }
}

function larger(rows: Int32Array): Int32Array<ArrayBuffer> {
  const out = new Int32Array(2 * rows.length + 16);
  out.set(rows);
  return out;
}
