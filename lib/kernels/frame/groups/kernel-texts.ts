/** Dictionaries in the kernel's memory: what a CSV column's strings are given codes by, and what merging groups numbers theirs with. */
import { isUtf8 } from "node:buffer";
import { PackedDictionary, type Dictionary, type TextSpans } from "../column.ts";
import type { VectorMemory } from "../vector-memory.ts";

/** The strings by code as the kernel holds them, for as long as the task that made them lasts. */
export class KernelTexts implements Dictionary {
  readonly #memory: VectorMemory;
  readonly #address: number;
  readonly #lenient: boolean;
  readonly #texts: string[] = [];

  /** `lenient`: some may not be UTF-8, and are told with U+FFFD for what is not. */
  constructor(memory: VectorMemory, address: number, lenient: boolean) {
    this.#memory = memory;
    this.#address = address;
    this.#lenient = lenient;
  }

  get size(): number {
    return this.#memory.loops.dictionaryCount(this.#address) >>> 0;
  }

  text(code: number): string {
    return (this.#texts[code] ??= Buffer.from(this.bytes(code)).toString("utf8"));
  }

  bytes(code: number): Uint8Array {
    const { memory } = this.#memory.loops;
    const [start, length] = new Uint32Array(memory.buffer, this.#entries() + 8 * code, 2);
    const bytes = new Uint8Array(memory.buffer, start, length);
    return this.#lenient && !isUtf8(bytes) ? Buffer.from(Buffer.from(bytes).toString("utf8")) : bytes;
  }

  spans(): TextSpans | undefined {
    // Some may not be told as they are.
    if (this.#lenient) return undefined;
    const { memory } = this.#memory.loops;
    const entries = this.#entries() >>> 2;
    const words = new Uint32Array(memory.buffer);
    const start = (code: number) => words[entries + 2 * code];
    return {
      data: new Uint8Array(memory.buffer),
      start,
      end: (code) => start(code) + words[entries + 2 * code + 1],
    };
  }

  packed(): PackedDictionary | undefined {
    if (this.#lenient) return undefined;
    const { loops } = this.#memory;
    const offsetBytes = 4 * (this.size + 1);
    const textBytes = loops.dictionaryBytes(this.#address) >>> 0;
    return this.#memory.within(offsetBytes + textBytes + 16, (at) => {
      const data = at + offsetBytes;
      loops.dictionaryPack(this.#address, at, data);
      const { buffer } = loops.memory;
      return new PackedDictionary(
        new Int32Array(buffer, at, this.size + 1).slice(),
        new Uint8Array(buffer, data, textBytes).slice(),
      );
    });
  }

  #entries(): number {
    return this.#memory.loops.dictionaryEntries(this.#address) >>> 0;
  }
}

/** More strings than this might not fit the memory without its growing. */
const MOST_TEXTS = 400_000;
const MOST_BYTES = 32 * 1024 * 1024;

/** Gives strings of packed dictionaries codes from 1 on, in order of first sight. */
export class TextNumbers {
  readonly #memory: VectorMemory;
  readonly #address: number;
  readonly dictionary: KernelTexts;

  constructor(memory: VectorMemory) {
    this.#memory = memory;
    this.#address = memory.loops.dictionaryNew() >>> 0;
    this.dictionary = new KernelTexts(memory, this.#address, false);
  }

  /** The number of each code of a dictionary that is all new strings or old; undefined where they might not fit: then all is as it was. */
  numbersOf({ offsets, data, size }: PackedDictionary): Int32Array | undefined {
    const { loops } = this.#memory;
    const count = size - 1;
    if (this.dictionary.size + count > MOST_TEXTS || loops.dictionaryBytes(this.#address) + data.length > MOST_BYTES)
      return undefined;
    const [endBytes, numberBytes] = [4 * size, 4 * count];
    return this.#memory.within(endBytes + numberBytes + 64 + data.length + 64, (at) => {
      const texts = at + endBytes + numberBytes + 64;
      const { buffer } = loops.memory;
      new Uint8Array(buffer, texts).set(data);
      const ends = new Uint32Array(buffer, at, size);
      for (let code = 1; code <= size; code++) ends[code - 1] = texts + offsets[code];
      if (loops.codesOfTexts(this.#address, at + 4, count, at + endBytes) === 0) return undefined;
      const numbers = new Int32Array(size);
      numbers.set(new Int32Array(loops.memory.buffer, at + endBytes, count), 1);
      return numbers;
    });
  }

  release(): void {
    this.#memory.loops.dictionaryFree(this.#address);
  }
}
