/**
 * Rows to groups: gives every distinct combination of key values a number, from 1 on, in order of first sight.
 * Number 0 is for rows that belong to no group: those with a null key (or NaN) where nulls are dropped.
 *
 * Each key column is numbered on its own (strings through their codes, numbers through a hash table); several columns are
 * combined pair by pair. So all the work per row is a few look-ups in typed arrays.
 */
import type { ScalarType } from "../../collections/schema.ts";
import { InternalError } from "../../errors.ts";
import { ByteDictionary } from "./byte-dictionary.ts";
import {
  codesValid,
  isWideInteger,
  type Column,
  type Dictionary,
  type StringColumn,
  type TextSpans,
} from "./column.ts";
import { fromValues } from "./from-values.ts";
import { FloatVector, type VectorMemory } from "./vector-memory.ts";

export class Grouper {
  readonly #keys: readonly KeyNumbers[];
  readonly #pairs: readonly PairNumbers[];
  readonly #keepNulls: boolean;
  readonly #out = new FloatVector();

  constructor(types: readonly ScalarType[], keepNulls: boolean) {
    this.#keys = types.map((type) => (type === "string" ? new StringNumbers() : new ValueNumbers(type)));
    // A single key whose nulls are kept is paired with nothing, so that null gets a number when it is seen.
    const paired = keepNulls && types.length === 1 ? types : types.slice(1);
    this.#pairs = paired.map(() => new PairNumbers());
    this.#keepNulls = keepNulls;
  }

  /** How many groups there are. */
  get count(): number {
    if (this.#keys.length === 0) return 1;
    if (this.#pairs.length > 0) return this.#pairs[this.#pairs.length - 1].count;
    return this.#keys[0].count;
  }

  /** The group of each row. Good until the next call. */
  assign(columns: readonly Column[], rows: number, memory?: VectorMemory): Int32Array {
    const { buffer, byteOffset } = this.#out.take(Math.ceil(rows / 2), memory);
    const out = new Int32Array(buffer, byteOffset, rows);
    if (columns.length === 0) return out.fill(1);
    if (this.#pairs.length === 0) {
      const numbers = this.#keys[0].asNumbers(columns[0]);
      if (numbers !== undefined) return numbers;
    }
    this.#keys[0].number(columns[0], out);
    if (this.#pairs.length === 0) return out;
    const second = new Int32Array(rows);
    if (columns.length === 1) this.#pairs[0].number(out, second, "keep");
    for (let k = 1; k < columns.length; k++) {
      this.#keys[k].number(columns[k], second);
      // After the first pair, 0 stands for rows already dropped.
      this.#pairs[k - 1].number(out, second, this.#keepNulls ? (k === 1 ? "keep" : "keep-right") : "drop");
    }
    return out;
  }

  /** The groups' key values, a column a key, in the groups' order. */
  keys(): Column[] {
    const count = this.count;
    if (this.#keys.length === 0) return [];
    let numbers = ascending(count);
    const columns: Column[] = [];
    for (let k = this.#pairs.length - 1; k >= 0; k--) {
      const [left, right] = this.#pairs[k].split(numbers);
      if (k + 1 < this.#keys.length) columns.unshift(this.#keys[k + 1].values(right));
      numbers = left;
    }
    columns.unshift(this.#keys[0].values(numbers));
    return columns;
  }
}

/** 1 … count. */
function ascending(count: number): Int32Array<ArrayBuffer> {
  const numbers = new Int32Array(count);
  for (let i = 0; i < count; i++) numbers[i] = i + 1;
  return numbers;
}

/** The words at some places. */
function pickWords(words: Int32Array, places: Int32Array): Int32Array<ArrayBuffer> {
  const picked = new Int32Array(places.length);
  for (let i = 0; i < places.length; i++) picked[i] = words[places[i]];
  return picked;
}

/** Numbers the values of one key column from 1 on; null is 0. */
interface KeyNumbers {
  readonly count: number;
  number(column: Column, out: Int32Array): void;
  /** The column's codes, where they are the numbers already. */
  asNumbers(column: Column): Int32Array | undefined;
  /** The values of the numbers given. */
  values(numbers: Int32Array): Column;
}

/** Writes the number of each code; answers how many have none. Stands alone since inside the class it takes twice the time. */
function lookUp(codes: Int32Array, byCode: Int32Array, out: Int32Array): number {
  let without = 0;
  for (let i = 0; i < codes.length; i++) {
    const number = byCode[codes[i]];
    out[i] = number;
    if (number === 0) without++;
  }
  return without;
}

class StringNumbers implements KeyNumbers {
  #dictionary: Dictionary | undefined;
  #byCode = new Int32Array(256);
  /** Where each number's string stands; by its bytes once a second dictionary has come. */
  readonly #firstCodes: number[] = [0];
  #texts: ByteDictionary | undefined;
  /** Of the dictionary, while its rows are numbered. */
  #spans: TextSpans | undefined;
  /** Whether each number is its string's code: both count in order of first sight, so it is so until rows are left out. */
  #areCodes = true;

  get count(): number {
    return this.#firstCodes.length - 1;
  }

  number(column: Column, out: Int32Array): void {
    const { codes, dictionary } = column as StringColumn; // by the key's type
    if (this.#dictionary !== dictionary) this.#change(dictionary);
    if (this.#byCode.length < dictionary.size) {
      const larger = new Int32Array(2 * dictionary.size);
      larger.set(this.#byCode);
      this.#byCode = larger;
    }
    if (lookUp(codes, this.#byCode, out) === 0) return;
    // Nulls, or strings not seen before.
    this.#spans = dictionary.spans?.();
    for (let i = 0; i < codes.length; i++)
      if (out[i] === 0 && codes[i] !== 0) out[i] = this.#byCode[codes[i]] || this.#add(codes[i]);
  }

  asNumbers(column: Column): Int32Array | undefined {
    const { codes, dictionary } = column as StringColumn; // by the key's type
    const isSame = this.#areCodes && this.#dictionary === dictionary && this.count === dictionary.size - 1;
    return isSame ? codes : undefined;
  }

  values(numbers: Int32Array): Column {
    if (this.#texts !== undefined) return { type: "string", codes: numbers.slice(), dictionary: this.#texts };
    const dictionary = this.#dictionary ?? new ByteDictionary();
    return { type: "string", codes: pickWords(Int32Array.from(this.#firstCodes), numbers), dictionary };
  }

  #add(code: number): number {
    let number: number;
    if (this.#texts === undefined) number = this.#firstCodes.push(code) - 1;
    else {
      number = this.#texts.codeIn(this.#dictionary as Dictionary, code, this.#spans); // set before any code is looked up
      this.#firstCodes[number] = code;
    }
    this.#byCode[code] = number;
    if (number !== code) this.#areCodes = false;
    return number;
  }

  /** Another batch has another dictionary: from now on strings are known by their bytes, and codes are looked up anew. */
  #change(dictionary: Dictionary): void {
    if (this.#dictionary !== undefined) this.#areCodes = false;
    if (this.#dictionary !== undefined && this.#texts === undefined) {
      this.#texts = new ByteDictionary();
      const spans = this.#dictionary.spans?.();
      for (let number = 1; number < this.#firstCodes.length; number++)
        this.#texts.codeIn(this.#dictionary, this.#firstCodes[number], spans);
    }
    this.#dictionary = dictionary;
    this.#byCode.fill(0);
  }
}

/** An open-addressing table from pairs of 32-bit words to numbers from 1 on, in order of first sight. */
export class WordPairs {
  #mask = 1023;
  #table = new Int32Array(1024);
  first = new Int32Array(512);
  second = new Int32Array(512);
  count = 0;

  number(a: number, b: number): number {
    let at = Math.imul(a, 0x9e3779b1) ^ Math.imul(b, 0x85ebca6b);
    at = (at ^ (at >>> 15)) & this.#mask;
    for (;;) {
      const number = this.#table[at];
      if (number === 0) return this.#add(at, a, b);
      if (this.first[number] === a && this.second[number] === b) return number;
      at = (at + 1) & this.#mask;
    }
  }

  #add(at: number, a: number, b: number): number {
    const number = ++this.count;
    if (number === this.first.length) {
      this.first = grown(this.first);
      this.second = grown(this.second);
    }
    this.first[number] = a;
    this.second[number] = b;
    this.#table[at] = number;
    if (2 * number > this.#mask) this.#rehash();
    return number;
  }

  #rehash(): void {
    this.#mask = 2 * this.#mask + 1;
    this.#table = new Int32Array(this.#mask + 1);
    for (let number = 1; number <= this.count; number++) {
      let at = Math.imul(this.first[number], 0x9e3779b1) ^ Math.imul(this.second[number], 0x85ebca6b);
      at = (at ^ (at >>> 15)) & this.#mask;
      while (this.#table[at] !== 0) at = (at + 1) & this.#mask;
      this.#table[at] = number;
    }
  }
}

function grown(words: Int32Array): Int32Array<ArrayBuffer> {
  const larger = new Int32Array(2 * words.length);
  larger.set(words);
  return larger;
}

const word = new Float64Array(1);
const words = new Int32Array(word.buffer);

/** Whole numbers from here on are looked up by their bits. */
const MOST_SMALL = 1 << 22;

/** The numbers of small whole values, by the value itself: one look into a small array, where a hash table takes three into larger ones. */
class SmallNumbers {
  #numbers = new Int32Array(1024);

  /** Whether all values are small: else nothing is said of `out`. */
  number(values: Float64Array, out: Int32Array, pairs: WordPairs): boolean {
    const unknown = lookUpSmall(values, this.#numbers, out);
    if (unknown < 0) return true;
    for (let i = unknown; i < out.length; i++) {
      const value = values[i];
      // Also −0, whose bits are another number's: it is 0.
      if (!(value >= 0 && value < MOST_SMALL) || value % 1 !== 0) return false;
      if (value >= this.#numbers.length) this.#grow(value);
      const known = this.#numbers[value];
      if (known === 0) {
        word[0] = value + 0;
        out[i] = this.#numbers[value] = pairs.number(words[0], words[1]);
      } else out[i] = known;
    }
    return true;
  }

  #grow(value: number): void {
    const larger = new Int32Array(Math.min(MOST_SMALL, 2 ** Math.ceil(Math.log2(value + 1)) * 2));
    larger.set(this.#numbers);
    this.#numbers = larger;
  }
}

/** Where the first value is that has no number yet; −1: all have. Stands alone since inside the class it takes twice the time. */
function lookUpSmall(values: Float64Array, numbers: Int32Array, out: Int32Array): number {
  for (let i = 0; i < out.length; i++) {
    const number = numbers[values[i]];
    // Neither whole nor small: there is nothing at such a place.
    if (!(number > 0)) return i;
    out[i] = number;
  }
  return -1;
}

/** Numbers and booleans by the bits of their f64; integers beyond ±2^53 by themselves. */
class ValueNumbers implements KeyNumbers {
  readonly #type: ScalarType;
  readonly #pairs = new WordPairs();
  /** Wide integers: their numbers are taken from the same row as the others, by a pair that no f64 key has (a NaN's bits). */
  readonly #wide = new Map<bigint, number>();
  readonly #wideByNumber = new Map<number, bigint>();
  readonly #small = new SmallNumbers();

  constructor(type: ScalarType) {
    this.#type = type;
  }

  get count(): number {
    return this.#pairs.count;
  }

  number(column: Column, out: Int32Array): void {
    if (column.type === "string") throw new InternalError("A string column where a number key is expected.");
    const { values, valid } = column;
    if (values instanceof Float64Array && valid === undefined && this.#small.number(values, out, this.#pairs)) return;
    for (let i = 0; i < out.length; i++) {
      const value = values[i];
      if (valid !== undefined && valid[i] === 0) out[i] = 0;
      else if (typeof value === "bigint" && isWideInteger(value)) out[i] = this.#wideNumber(value);
      else {
        word[0] = Number(value) + 0; // −0 becomes 0
        out[i] = word[0] === word[0] ? this.#pairs.number(words[0], words[1]) : 0;
      }
    }
  }

  asNumbers(): undefined {
    return undefined;
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

/** Numbers pairs of numbers. */
class PairNumbers {
  readonly #pairs = new WordPairs();

  get count(): number {
    return this.#pairs.count;
  }

  /** Replaces each left number by the pair's. A 0 on either side drops the row, unless nulls are kept on that side. */
  number(left: Int32Array, right: Int32Array, nulls: "drop" | "keep" | "keep-right"): void {
    for (let i = 0; i < left.length; i++) {
      const dropped = nulls === "drop" ? left[i] === 0 || right[i] === 0 : nulls === "keep-right" && left[i] === 0;
      left[i] = dropped ? 0 : this.#pairs.number(left[i], right[i]);
    }
  }

  split(numbers: Int32Array): [left: Int32Array<ArrayBuffer>, right: Int32Array<ArrayBuffer>] {
    return [pickWords(this.#pairs.first, numbers), pickWords(this.#pairs.second, numbers)];
  }
}
