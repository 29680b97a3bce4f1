import { isUtf8 as isUtf8Bytes } from "node:buffer";
import { CSV_KERNEL_BASE64, POWERS_OF_FIVE_BASE64 } from "./csv.wasm.ts";
import { inversePowersOfTen, powersOfTen, wholePowersOfTen } from "./tables.ts";
import type { VectorLoops } from "../frame/vector-loops.ts";
import { LASTING_BYTES, VECTOR_BYTES, VectorMemory } from "../frame/vector-memory.ts";
import type { Dialect } from "./params.ts";
import { DEFAULT_NULLS, isNullText, parseNumber } from "./texts.ts";

/** What the WebAssembly module exports; addresses and sizes are in bytes. See assembly/. */
interface KernelExports extends VectorLoops {
  allocate(bytes: number): number;
  release(address: number): void;
  setDialect(delimiter: number, quote: number, escape: number, quoting: boolean): void;
  tokenize(block: number, length: number, out: number): number;
  tokenizeExact(block: number, length: number, out: number): number;
  readonly newlines: WebAssembly.Global<"i32">;
  readonly quoteOpenedAt: WebAssembly.Global<"i32">;
  isRegular(index: number, count: number, fields: number, lines: number): number;
  normalize(
    index: number,
    count: number,
    fields: number,
    pad: boolean,
    text: number,
    out: number,
    starts: number,
  ): number;
  readonly normalizedLength: WebAssembly.Global<"i32">;
  readonly raggedAt: WebAssembly.Global<"i32">;
  readonly raggedFields: WebAssembly.Global<"i32">;
  readonly recordsRead: WebAssembly.Global<"i32">;
  setTables(powersOfFive: number, powersOfTen: number, wholePowersOfTen: number, inversePowersOfTen: number): void;
  dictionaryAlias(dictionary: number, start: number, length: number): void;
  decodeIntegers: Decode;
  decodeWide: Decode;
  decodeFloats: Decode;
  decodeBooleans: Decode;
  decodeStrings: Decode;
  readonly nullCount: WebAssembly.Global<"i32">;
}

type Decode = (at: number, stride: number, count: number, out: number, valid: number, last: boolean) => number;

/** What `tokenize` answers where only `tokenizeExact` can tell. */
export const STRAY = -1;
/** What `decodeIntegers` answers where a value is outside ±2^53. */
export const WIDE = -2;

const enough = 64;

/**
 * One instance of the CSV kernel and its memory. Not shared between tasks that run at the same time: take one by `acquireKernel`.
 * Memory may move (grow) on any call that allocates or reads strings: make views afterwards, by `bytes()` and the like.
 */
export class CsvKernel {
  readonly wasm: KernelExports;
  /** Texts that mean null in number and boolean columns. */
  nullTexts: ReadonlySet<string> = new Set(DEFAULT_NULLS);
  /** Whether bytes that are not UTF-8 are taken, each bad sequence as U+FFFD. */
  lenient = false;
  #bytes = new Uint8Array(0);
  #quote = -1;
  #escape = "";

  constructor(module: WebAssembly.Module) {
    const imports = {
      env: {
        slowNumber: (start: number, end: number, result: number) => this.#slowNumber(start, end, result),
        isUtf8: (start: number, length: number) =>
          this.lenient || isUtf8Bytes(this.bytes().subarray(start, start + length)),
        abort: () => {
          throw new RangeError("The CSV kernel is out of memory.");
        },
      },
    };
    // The cast states what assembly/kernel.ts exports; a test instantiates it.
    this.wasm = new WebAssembly.Instance(module, imports).exports as unknown as KernelExports;
    const five = Buffer.from(POWERS_OF_FIVE_BASE64, "base64");
    this.wasm.setTables(
      this.#place(five),
      this.#place(powersOfTen()),
      this.#place(wholePowersOfTen()),
      this.#place(inversePowersOfTen()),
    );
  }

  /** The quote character, "" for none. */
  get quote(): string {
    return this.#quote < 0 ? "" : String.fromCharCode(this.#quote);
  }

  /** The escape character, "" for none. */
  get escape(): string {
    return this.#escape;
  }

  /** Sets what the characters mean, and which texts mean null. */
  setDialect(dialect: Dialect): void {
    this.#quote = dialect.quote === "" ? -1 : dialect.quote.charCodeAt(0);
    this.wasm.setDialect(
      dialect.delimiter.charCodeAt(0),
      Math.max(this.#quote, 0),
      dialect.escape === "" ? 0 : dialect.escape.charCodeAt(0),
      this.#quote >= 0,
    );
    this.#escape = dialect.escape;
    this.nullTexts = new Set(dialect.nulls ?? DEFAULT_NULLS);
    this.lenient = dialect.encodingErrors === "replace";
  }

  /** The whole memory as bytes, as it is now. */
  bytes(): Uint8Array {
    if (this.#bytes.buffer !== this.wasm.memory.buffer) this.#bytes = new Uint8Array(this.wasm.memory.buffer);
    return this.#bytes;
  }

  text(start: number, end: number): string {
    return Buffer.from(this.wasm.memory.buffer, start, end - start).toString("utf8");
  }

  /** Room for `bytes`, with readable space around it, since the kernel looks up to 64 bytes past what it reads and 16 before. */
  allocate(bytes: number): number {
    return (this.wasm.allocate(bytes + 2 * enough) >>> 0) + enough;
  }

  release(address: number): void {
    this.wasm.release(address - enough);
  }

  #place(table: Uint8Array | BigUint64Array | Float64Array): number {
    const address = this.allocate(table.byteLength);
    this.bytes().set(new Uint8Array(table.buffer, table.byteOffset, table.byteLength), address);
    return address;
  }

  #slowNumber(start: number, end: number, result: number): number {
    const bytes = this.bytes();
    const quoted = end - start >= 2 && bytes[start] === this.#quote && bytes[end - 1] === this.#quote;
    const text = quoted ? this.text(start + 1, end - 1) : this.text(start, end);
    if (isNullText(text, this.nullTexts)) return 1;
    const value = parseNumber(text);
    if (value === undefined) return 0;
    new DataView(this.wasm.memory.buffer).setFloat64(result, value, true);
    return 2;
  }
}

/** The memory that a kernel begins with, in bytes: see build.ts. */
const FIRST_BYTES = 192 * 1024 * 1024;
let compiled: WebAssembly.Module | undefined;
const idle: CsvKernel[] = [];

/** Runs `use` with a kernel of its own. Kernels are kept for the next task of this thread, unless they have grown large. */
export async function withKernel<T>(use: (kernel: CsvKernel) => Promise<T> | T): Promise<T> {
  compiled ??= new WebAssembly.Module(Buffer.from(CSV_KERNEL_BASE64, "base64"));
  const kernel = idle.pop() ?? new CsvKernel(compiled);
  try {
    return await use(kernel);
  } finally {
    if (kernel.wasm.memory.buffer.byteLength <= FIRST_BYTES) idle.push(kernel);
  }
}

/** Runs `use` with a memory for vectors, and for what lasts as long as it does. */
export async function withVectorMemory<T>(
  use: (memory: VectorMemory, kernel: CsvKernel) => Promise<T> | T,
): Promise<T> {
  return withKernel(async (kernel) => {
    const address = kernel.allocate(VECTOR_BYTES + LASTING_BYTES);
    try {
      return await use(new VectorMemory(kernel.wasm, address, LASTING_BYTES), kernel);
    } finally {
      kernel.release(address);
    }
  });
}
