import type { ScalarType } from "../../../collections/schema.ts";
import { InternalError } from "../../../errors.ts";
import { codesValid, isWideInteger, type Column } from "../column.ts";
import { fromValues } from "../from-values.ts";
import { Lasting } from "../lasting.ts";
import { FloatVector, type VectorMemory } from "../vector-memory.ts";
import type { KeyNumbers } from "./grouper.ts";
import { WordPairs } from "./word-pairs.ts";

const word = new Float64Array(1);
const words = new Int32Array(word.buffer);

/** Whole numbers from here on are looked up by their bits. */
const MOST_SMALL = 1 << 22;

/** Numbers and booleans by the bits of their f64, small whole ones by a table; integers beyond ±2^53 by themselves. */
export class ValueNumbers implements KeyNumbers {
  readonly #type: ScalarType;
  readonly #pairs = new WordPairs();
  /** Wide integers: their numbers are taken from the same row as the others, by a pair that no f64 key has (a NaN's bits). */
  readonly #wide = new Map<bigint, number>();
  readonly #wideByNumber = new Map<number, bigint>();
  /** The numbers of small whole values, by the value itself: one look into a small array, where a hash table takes three into larger ones. */
  readonly #small = new Lasting();
  readonly #out = new FloatVector();

  constructor(type: ScalarType) {
    this.#type = type;
  }

  get count(): number {
    return this.#pairs.count;
  }

  number(column: Column, rows: number, memory: VectorMemory | undefined): Int32Array {
    if (column.type === "string") throw new InternalError("A string column where a number key is expected.");
    const { values, valid } = column;
    const out = this.#out.takeWords(rows, memory);
    if (values instanceof Float64Array) this.#numberFloats(values, valid, out, memory);
    else
      for (let i = 0; i < rows; i++) {
        const value = values[i];
        if (valid !== undefined && valid[i] === 0) out[i] = 0;
        else if (typeof value === "bigint" && isWideInteger(value)) out[i] = this.#wideNumber(value);
        else out[i] = this.#numberOf(Number(value), memory);
      }
    return out;
  }

  values(numbers: Int32Array): Column {
    if (this.#wide.size > 0) return this.#wideValues(numbers);
    const valid = codesValid(numbers);
    const { first, second } = this.#pairs;
    const values = new Float64Array(numbers.length);
    const halves = new Int32Array(values.buffer);
    for (let i = 0; i < numbers.length; i++) {
      halves[2 * i] = first[numbers[i]];
      halves[2 * i + 1] = second[numbers[i]];
    }
    const type = this.#type;
    if (type === "bool") return { type, values: Uint8Array.from(values), valid };
    if (type === "float64" && valid !== undefined)
      for (let i = 0; i < valid.length; i++) if (valid[i] === 0) values[i] = NaN;
    return { type, values, valid } as Column; // of the key's type
  }

  #numberFloats(
    values: Float64Array,
    valid: Uint8Array | undefined,
    out: Int32Array,
    memory: VectorMemory | undefined,
  ): void {
    if (this.#lookUp(values, out, memory) > 0)
      for (let i = 0; i < out.length; i++) {
        i = numberSmall(values, valid, this.#small.words(), this.#pairs, out, i);
        if (i < out.length) out[i] = this.#numberOf(values[i], memory);
      }
    // What is held for a null may be a value.
    if (valid !== undefined) for (let i = 0; i < out.length; i++) if (valid[i] === 0) out[i] = 0;
  }

  #lookUp(values: Float64Array, out: Int32Array, memory: VectorMemory | undefined): number {
    const { address } = this.#small;
    if (memory !== undefined && address !== undefined && memory.holds(out)) {
      const at = memory.addressOf(values, 1);
      if (at !== undefined)
        return memory.loops.lookUpValues(at, out.length, address, this.#small.bytes / 4, out.byteOffset);
    }
    return lookUpSmall(values, this.#small.words(), out);
  }

  #numberOf(value: number, memory: VectorMemory | undefined): number {
    word[0] = value + 0; // −0 becomes 0
    if (!(value >= 0 && value < MOST_SMALL) || value % 1 !== 0)
      return value === value ? this.#pairs.number(words[0], words[1]) : 0;
    if (4 * value >= this.#small.bytes)
      this.#small.reserve(4 * Math.min(MOST_SMALL, 2 ** Math.ceil(Math.log2(Math.max(value, 511) + 1)) * 2), memory);
    const small = this.#small.words();
    return (small[value] ||= this.#pairs.add(words[0], words[1]));
  }

  #wideValues(numbers: Int32Array): Column {
    const list = Array.from(numbers, (number) => {
      if (number === 0) return null;
      const wide = this.#wideByNumber.get(number);
      if (wide !== undefined) return wide;
      words[0] = this.#pairs.first[number];
      words[1] = this.#pairs.second[number];
      return word[0];
    });
    return fromValues(this.#type, list);
  }

  #wideNumber(value: bigint): number {
    let number = this.#wide.get(value);
    if (number === undefined) {
      number = this.#pairs.number(this.#wide.size, 0x7ff80001);
      this.#wide.set(value, number);
      this.#wideByNumber.set(number, value);
    }
    return number;
  }
}

/** Writes the number of each small whole value, 0 of others; answers how many have none. Stands alone since inside the class it takes twice the time. */
function lookUpSmall(values: Float64Array, numbers: Int32Array, out: Int32Array): number {
  let without = 0;
  for (let i = 0; i < out.length; i++) {
    const place = values[i] | 0;
    // Below 0 there is nothing, and −0 is at the place of 0.
    const number = place === values[i] && place >= 0 && place < numbers.length ? numbers[place] : 0;
    out[i] = number;
    if (number === 0) without++;
  }
  return without;
}

/** Numbers small whole values that have none yet, from row `i` on; answers the first row that this is not enough for. */
function numberSmall(
  values: Float64Array,
  valid: Uint8Array | undefined,
  small: Int32Array,
  pairs: WordPairs,
  out: Int32Array,
  i: number,
): number {
  for (; i < out.length; i++) {
    if (out[i] !== 0 || (valid !== undefined && valid[i] === 0)) continue;
    const place = values[i] | 0;
    if (place !== values[i] || place < 0 || place >= small.length) return i;
    if (small[place] === 0) {
      word[0] = place;
      small[place] = pairs.add(words[0], words[1]);
    }
    out[i] = small[place];
  }
  return i;
}
