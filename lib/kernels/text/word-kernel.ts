import { InternalError } from "../../errors.ts";
import { Counts } from "../bag/counts.ts";
import type { Words } from "../bag/params.ts";
import { ShortCounts } from "../bag/short-counts.ts";
import { WORD_KERNEL_BASE64 } from "./words.wasm.ts";

/** What the WebAssembly module exports; addresses are in bytes. See assembly/words.ts. */
interface WordExports {
  readonly memory: { readonly buffer: ArrayBuffer };
  setTable(entries: number, index: number, mask: number): void;
  setEnds(tables: number, keepEmpty: boolean, asRuns: boolean): void;
  tidy(
    at: number,
    end: number,
    open: boolean,
    trimStart: boolean,
    trimEnd: boolean,
    text: number,
    length: number,
  ): number;
  toCase(at: number, end: number, first: number): void;
  countWords(at: number, end: number): number;
}

/** Bytes that are counted at a time at most. */
export const MOST_BYTES = 256 * 1024;
/**
 * 64 MiB of address space, which takes memory only where it is used. It holds the window and all tables that there ever are, so it never grows, which would detach
 * the table's arrays: counts are let go of beyond 200,000, and a window adds 131,072 at most, so the largest table has 2^19 entries of 32
 * bytes and 2^20 numbers of 4 in its index; with all smaller ones before it that is 40 MiB.
 */
export const MEMORY_PAGES = 1_024;
/** What the compiler puts into memory lies below. */
const TABLES = 32 * 1024;
const TEXT = TABLES + 32;
const WINDOW = 64 * 1024;
const COUNTS = WINDOW + MOST_BYTES + 4_096;
const LF = 10;
const CR = 13;
/** As assembly/words.ts has it. */
const MARK = 0xff;

/** Counts words of ASCII lines by their bytes, into `counts`. */
export class WordKernel {
  counts: Counts;
  readonly #short: ShortCounts;
  readonly #wasm: WordExports;
  readonly #bytes: Buffer;
  #words: Words | undefined;
  #end = COUNTS;

  constructor() {
    const module = new WebAssembly.Module(Buffer.from(WORD_KERNEL_BASE64, "base64"));
    const env = {
      fresh: (a: number, b: number, c: number, d: number, length: number) => this.counts.addPacked(a, b, c, d, length),
      long: (start: number, length: number) =>
        this.counts.addCount(this.#bytes.toString("latin1", start, start + length), 1),
    };
    // The cast states what assembly/words.ts exports; tests call all of it.
    this.#wasm = new WebAssembly.Instance(module, { env }).exports as unknown as WordExports;
    this.#bytes = Buffer.from(this.#wasm.memory.buffer);
    this.#short = new ShortCounts({
      take: (ints) => this.#take(ints),
      placed: (ints, index) => this.#wasm.setTable(ints.byteOffset, index.byteOffset, index.length - 1),
    });
    this.counts = new Counts(this.#short);
  }

  /** Nothing is counted any more, and words are what `words` says. */
  begin(words: Words): void {
    this.#short.clear();
    this.counts = new Counts(this.#short);
    this.#words = words;
    const lowers = this.#bytes.subarray(TABLES, TABLES + 16).fill(0);
    const uppers = this.#bytes.subarray(TABLES + 16, TABLES + 32).fill(0);
    const ends = words.as === "set" ? [...Buffer.from(words.characters, "latin1"), LF] : [MARK, LF];
    for (const end of ends) {
      // Only MARK is no ASCII, and where it is, nothing but LF stands beside it: it may take the bit of the upper half 1.
      const bit = 1 << (end === MARK ? 1 : end >> 4);
      lowers[end & 15] |= bit;
      uppers[end >> 4] |= bit;
    }
    if (words.as === "text") this.#bytes.write(words.characters, TEXT, "latin1");
    this.#wasm.setEnds(TABLES, words.empty, words.runs);
  }

  /** Counts the words of lines: ASCII, at most MOST_BYTES of them; only the last may lack its line feed. Gives how many lines they are. */
  count(lines: Uint8Array): number {
    const words = this.#words;
    if (words === undefined || lines.length > MOST_BYTES)
      throw new InternalError("Words of these lines are not counted.");
    const wasm = this.#wasm;
    this.#bytes.set(lines, WINDOW);
    let end = WINDOW + lines.length;
    const open = lines.length > 0 && lines[lines.length - 1] !== LF;
    if (open) this.#bytes[end++] = LF;
    const { trim, letters, as, characters } = words;
    if (trim.start || trim.end || as === "text" || lines.includes(CR))
      end = wasm.tidy(WINDOW, end, open, trim.start, trim.end, TEXT, as === "text" ? characters.length : 0);
    if (letters !== "kept") wasm.toCase(WINDOW, end, (letters === "lower" ? "A" : "a").charCodeAt(0));
    return wasm.countWords(WINDOW, end);
  }

  #take(ints: number): Int32Array {
    const at = this.#end;
    this.#end += 4 * ints;
    if (this.#end > MEMORY_PAGES * 65_536) throw new InternalError("There is no room for so many counts.");
    return new Int32Array(this.#wasm.memory.buffer, at, ints);
  }
}

const idle: WordKernel[] = [];

/** Runs `use` with a kernel of its own. Kernels are kept for the next task of this thread. */
export async function withWordKernel<T>(words: Words, use: (kernel: WordKernel) => Promise<T>): Promise<T> {
  const kernel = idle.pop() ?? new WordKernel();
  try {
    kernel.begin(words);
    return await use(kernel);
  } finally {
    idle.push(kernel);
  }
}
