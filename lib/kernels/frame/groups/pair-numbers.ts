import { Lasting } from "../lasting.ts";
import { FloatVector, type VectorMemory } from "../vector-memory.ts";
import { WordPairs, pickWords } from "./word-pairs.ts";

/** Up to so many pairs that could be, all have a place of their own in one table. */
const MOST_PLACES = 1 << 20;

/** Numbers pairs of numbers from 1 on. A 0 on either side drops the row, unless nulls are kept on that side. */
export class PairNumbers {
  readonly #nulls: "drop" | "keep" | "keep-right";
  readonly #pairs = new WordPairs();
  /** Numbers by left · 2^bits + right: while both sides are few. */
  #places: Lasting | undefined = new Lasting();
  #bits = 4;
  #lefts = 16;
  readonly #out = new FloatVector();

  constructor(nulls: "drop" | "keep" | "keep-right") {
    this.#nulls = nulls;
  }

  get count(): number {
    return this.#pairs.count;
  }

  /** Of each row. Good until the next call. */
  number(left: Int32Array, right: Int32Array, memory: VectorMemory | undefined): Int32Array {
    const rows = left.length;
    const out = this.#out.takeWords(rows, memory);
    if (this.#places === undefined || this.#lookUp(this.#places, left, right, out, memory) > 0)
      for (let i = 0; i < rows; i++) {
        if (this.#places !== undefined && out[i] !== 0) continue;
        const [a, b] = [left[i], right[i]];
        const dropped = this.#nulls === "drop" ? a === 0 || b === 0 : this.#nulls === "keep-right" && a === 0;
        out[i] = dropped ? 0 : this.#numberOf(a, b, memory);
      }
    return out;
  }

  split(numbers: Int32Array): [left: Int32Array<ArrayBuffer>, right: Int32Array<ArrayBuffer>] {
    return [pickWords(this.#pairs.first, numbers), pickWords(this.#pairs.second, numbers)];
  }

  #lookUp(
    places: Lasting,
    left: Int32Array,
    right: Int32Array,
    out: Int32Array,
    memory: VectorMemory | undefined,
  ): number {
    places.reserve(4 * (this.#lefts << this.#bits), memory);
    const { address } = places;
    if (memory !== undefined && address !== undefined && memory.holds(out)) {
      const [a, b] = [memory.addressOf(left, 0), memory.addressOf(right, 1)];
      if (a !== undefined && b !== undefined)
        return memory.loops.lookUpPairs(a, b, out.length, address, this.#bits, this.#lefts, out.byteOffset);
    }
    return lookUpPlaces(left, right, places.words(), this.#bits, this.#lefts, out);
  }

  #numberOf(left: number, right: number, memory: VectorMemory | undefined): number {
    if (this.#places === undefined) return this.#pairs.number(left, right);
    if (left >= this.#lefts || right >> this.#bits !== 0) {
      this.#widen(left, right, memory);
      return this.#numberOf(left, right, memory);
    }
    const places = this.#places.words();
    return (places[(left << this.#bits) | right] ||= this.#pairs.add(left, right));
  }

  /** Makes the table large enough for the pair, or gives it up. */
  #widen(left: number, right: number, memory: VectorMemory | undefined): void {
    while (right >> this.#bits !== 0 && this.#bits < 21) this.#bits++;
    while (left >= this.#lefts && this.#lefts <= MOST_PLACES) this.#lefts *= 2;
    this.#places = undefined;
    if (this.#lefts * 2 ** this.#bits > MOST_PLACES) return;
    this.#places = new Lasting();
    this.#places.reserve(4 * (this.#lefts << this.#bits), memory);
    const places = this.#places.words();
    const { first, second, count } = this.#pairs;
    for (let number = 1; number <= count; number++) places[(first[number] << this.#bits) | second[number]] = number;
  }
}

/** Writes the number of each pair, 0 of one that has none yet; answers how many. Stands alone since inside the class it takes twice the time. */
function lookUpPlaces(
  left: Int32Array,
  right: Int32Array,
  places: Int32Array,
  bits: number,
  lefts: number,
  out: Int32Array,
): number {
  let without = 0;
  for (let i = 0; i < out.length; i++) {
    const isPlace = left[i] < lefts && right[i] >> bits === 0;
    const number = isPlace ? places[(left[i] << bits) | right[i]] : 0;
    out[i] = number;
    if (number === 0) without++;
  }
  return without;
}
