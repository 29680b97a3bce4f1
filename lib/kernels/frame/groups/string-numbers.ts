import { ByteDictionary } from "../byte-dictionary.ts";
import { PackedDictionary, type Column, type Dictionary, type StringColumn, type TextSpans } from "../column.ts";
import { Lasting } from "../lasting.ts";
import { FloatVector, type VectorMemory } from "../vector-memory.ts";
import type { KeyNumbers } from "./grouper.ts";
import { TextNumbers } from "./kernel-texts.ts";
import { grown, pickWords } from "./word-pairs.ts";

/** Numbers strings by their codes: as long as a dictionary's strings come in the order of their codes, and all of them, the codes are the numbers. */
export class StringNumbers implements KeyNumbers {
  #dictionary: Dictionary | undefined;
  #count = 0;
  /** Whether each number is its string's code: then nothing below is kept. */
  #areCodes = true;
  /** The number of each code of the dictionary at hand. */
  readonly #byCode = new Lasting();
  /** The code of each number's string, the last that was met. */
  #codes = new Int32Array(64);
  /** The strings by number, by their bytes, once a second dictionary has come. */
  #texts: ByteDictionary | undefined;
  /** The same in the kernel's memory, of whose dictionary numbers are the codes, as long as it takes all that come. */
  #packed: TextNumbers | undefined;
  /** Of the dictionary, while its rows are numbered. */
  #spans: TextSpans | undefined;
  readonly #out = new FloatVector();

  get count(): number {
    return this.#count;
  }

  number(column: Column, rows: number, memory: VectorMemory | undefined): Int32Array {
    const { codes, dictionary } = column as StringColumn; // by the key's type
    const numbers = this.#numberPacked(column as StringColumn, memory);
    if (numbers !== undefined) return numbers;
    if (this.#dictionary !== dictionary) this.#change(dictionary);
    const { size } = dictionary;
    if (this.#areCodes && this.#inOrder(codes, size)) return codes;
    const out = this.#out.takeWords(rows, memory);
    this.#byCode.reserve(4 * size, memory);
    if (this.#lookUp(codes, out, memory) === 0) return out;
    // Nulls, or strings not seen before.
    this.#spans = dictionary.spans?.();
    const byCode = this.#byCode.words();
    for (let i = 0; i < rows; i++)
      if (out[i] === 0 && codes[i] !== 0) out[i] = byCode[codes[i]] || this.#add(codes[i], byCode);
    return out;
  }

  values(numbers: Int32Array): Column {
    const dictionary = this.#texts ?? this.#dictionary ?? new ByteDictionary();
    const isByNumber = this.#areCodes || this.#texts !== undefined;
    return { type: "string", codes: isByNumber ? numbers.slice() : pickWords(this.#codes, numbers), dictionary };
  }

  /** The kernel's memory is another's from now on. */
  release(): void {
    this.#packed?.release();
  }

  /** Whether numbers stay codes with these. */
  #inOrder(codes: Int32Array, size: number): boolean {
    if (this.#count === size - 1) return true;
    const next = nextInOrder(codes, this.#count);
    if (next < 0) {
      this.#keepCodes();
      return false;
    }
    this.#count = next;
    return true;
  }

  /** From now on numbers are no codes. */
  #keepCodes(): void {
    this.#areCodes = false;
    this.#codes = new Int32Array(Math.max(64, 2 * this.#count + 2));
    this.#byCode.reserve(4 * (this.#count + 1), undefined);
    const byCode = this.#byCode.words();
    for (let code = 1; code <= this.#count; code++) byCode[code] = this.#codes[code] = code;
  }

  /** Partials of a group by come one after the other, their strings packed, one a row and in order: then there is no look at each row. */
  #numberPacked({ codes, dictionary }: StringColumn, memory: VectorMemory | undefined): Int32Array | undefined {
    const before = this.#dictionary;
    const isPacked =
      dictionary instanceof PackedDictionary &&
      codes.length === dictionary.size - 1 &&
      nextInOrder(codes, 0) === codes.length;
    if (this.#packed === undefined) {
      const isSecond = this.#areCodes && before !== dictionary && before instanceof PackedDictionary;
      if (memory === undefined || !isPacked || !isSecond || this.#count !== before.size - 1) return undefined;
      const packed = new TextNumbers(memory);
      if (packed.numbersOf(before) === undefined) {
        packed.release();
        return undefined;
      }
      this.#packed = packed;
      this.#dictionary = packed.dictionary;
    }
    const numbers = isPacked ? this.#packed.numbersOf(dictionary) : undefined;
    this.#count = this.#packed.dictionary.size - 1;
    return numbers?.subarray(1);
  }

  #lookUp(codes: Int32Array, out: Int32Array, memory: VectorMemory | undefined): number {
    const { address } = this.#byCode;
    if (memory !== undefined && address !== undefined && memory.holds(out)) {
      const at = memory.addressOf(codes, 0);
      if (at !== undefined)
        return memory.loops.lookUpCodes(at, codes.length, address, this.#byCode.bytes / 4, out.byteOffset);
    }
    return lookUp(codes, this.#byCode.words(), out);
  }

  #add(code: number, byCode: Int32Array): number {
    let number = this.#count + 1;
    if (this.#texts !== undefined) number = this.#texts.codeIn(this.#dictionary as Dictionary, code, this.#spans); // set before any code is looked up
    this.#count = Math.max(this.#count, number);
    if (number >= this.#codes.length) this.#codes = grown(this.#codes);
    this.#codes[number] = code;
    byCode[code] = number;
    return number;
  }

  /** Another batch has another dictionary: from now on strings are known by their bytes, and codes are looked up anew. */
  #change(dictionary: Dictionary): void {
    const before = this.#dictionary;
    this.#dictionary = dictionary;
    if (before === undefined) return;
    if (this.#areCodes) this.#keepCodes();
    if (this.#texts === undefined) {
      this.#texts = new ByteDictionary();
      const spans = before.spans?.();
      for (let number = 1; number <= this.#count; number++) this.#texts.codeIn(before, this.#codes[number], spans);
    }
    this.#byCode.words().fill(0);
  }
}

// The loops stand alone, with arrays for arguments only: inside the class they take twice the time.

/** The last code, where all that are above `last` come one after the other (with others among them); −1 where one is left out. */
function nextInOrder(codes: Int32Array, last: number): number {
  for (let i = 0; i < codes.length; i++)
    if (codes[i] > last) {
      if (codes[i] !== last + 1) return -1;
      last++;
    }
  return last;
}

/** Writes the number of each code; answers how many have none. */
function lookUp(codes: Int32Array, byCode: Int32Array, out: Int32Array): number {
  let without = 0;
  for (let i = 0; i < codes.length; i++) {
    const number = byCode[codes[i]];
    out[i] = number;
    if (number === 0) without++;
  }
  return without;
}
