/**
 * The bytes of a source that lie in the kernel's memory, and the index of their fields.
 *
 * The buffer always begins at the start of a record: whole records are handed out, the rest moves to the front, and reading goes
 * on behind it. A record longer than the buffer doubles it. Invariant: the byte at `address` is byte `base` of the source.
 */
import { PlanTooLargeError, SourceChangedError } from "../../errors.ts";
import type { Reader } from "../../store/store.ts";
import { STRAY, type CsvKernel } from "./wasm.ts";

/** Bytes read at a time: text, index and columns of a block fit a core's second-level cache. */
export const BLOCK_BYTES = 128 * 1024;
/** Read behind a range's end at first, to complete its last record. */
export const SLACK_BYTES = 4 * 1024;
/** A record longer than this, in bytes, cannot be read: its index takes four times as much, in one piece, and the kernel has pieces of less than 1 GiB. */
export const MAX_RECORD_BYTES = 128 * 1024 * 1024;
export const NEWLINE = 10;

export class RecordBuffer {
  readonly #kernel: CsvKernel;
  readonly #reader: Reader;
  readonly #url: string;
  /** Reading ahead stops a little behind it. */
  readonly #end: number;

  #capacity = BLOCK_BYTES;
  #exact: boolean;

  /** Where the buffer lies in the kernel's memory. */
  address: number;
  /** Where its index lies: entry i, the address of the i-th field's end, is at index + 4 · i; entry −1 is the byte before the buffer. */
  index: number;
  /** The offset in the source of the buffer's first byte. */
  base = 0;

  /** `exact` says that only the slower tokenizer knows the dialect. */
  constructor(kernel: CsvKernel, reader: Reader, url: string, end: number, exact: boolean) {
    this.#kernel = kernel;
    this.#reader = reader;
    this.#url = url;
    this.#end = end;
    this.#exact = exact;
    this.address = kernel.allocate(this.#capacity);
    this.index = this.#allocateIndex();
  }

  /** Bytes it has room for. */
  get capacity(): number {
    return this.#capacity;
  }

  /** The source's size, in bytes. Of what is decompressed it is known once its end has been read. */
  get size(): number {
    return this.#reader.info.size;
  }

  release(): void {
    this.#kernel.release(this.address);
    this.#kernel.release(this.index - 4);
  }

  /** Reads on behind `carry` bytes; answers how many bytes the buffer then holds. */
  async fill(carry: number): Promise<number> {
    const position = this.base + carry;
    const planned = position < this.#end ? this.#end + SLACK_BYTES - position : this.#capacity - carry;
    const want = Math.min(this.#capacity - carry, planned, this.size - position);
    let got = 0;
    while (got < want) {
      const read = await this.#read(this.address + carry + got, position + got, want - got);
      if (read === 0 && position + got !== this.size) this.#shrunk(position + got);
      if (read === 0) break;
      got += read;
    }
    return carry + got;
  }

  /** Indexes the fields of the whole records among `length` bytes; answers how many. A last record that lacks its newline gets one, `atEnd`. */
  tokenize(length: number, atEnd: boolean): number {
    const { wasm } = this.#kernel;
    const bytes = this.#kernel.bytes();
    if (atEnd && bytes[this.address + length - 1] !== NEWLINE) bytes[this.address + length++] = NEWLINE;
    new Uint32Array(wasm.memory.buffer)[this.index / 4 - 1] = this.address - 1;
    if (!this.#exact) {
      const count = wasm.tokenize(this.address, length, this.index);
      if (count !== STRAY) return count;
      this.#exact = true;
    }
    return wasm.tokenizeExact(this.address, length, this.index);
  }

  /** The address at which field i ends. */
  entry(i: number): number {
    return new Uint32Array(this.#kernel.wasm.memory.buffer)[this.index / 4 + i];
  }

  /** The offset in the source of a byte of the buffer. */
  offsetOf(address: number): number {
    return this.base + address - this.address;
  }

  /** Newlines among the ends of the first `count` fields. */
  lines(count: number): number {
    const bytes = this.#kernel.bytes();
    let lines = 0;
    for (let i = 0; i < count; i++) if (bytes[this.entry(i)] === NEWLINE) lines++;
    return lines;
  }

  /** Lets go of the first `consumed` bytes; answers how many of `length` are left. */
  drop(consumed: number, length: number): number {
    const carry = Math.max(length - consumed, 0);
    const from = this.address + consumed;
    this.#kernel.bytes().copyWithin(this.address, from, from + carry);
    this.base = Math.min(this.base + consumed, this.size);
    return carry;
  }

  /** Twice the room, for a record that is longer than the buffer; its first `length` bytes are kept. */
  grow(length: number): void {
    if (length >= MAX_RECORD_BYTES)
      throw new PlanTooLargeError(
        `${this.#url} has a record of more than ${MAX_RECORD_BYTES} bytes at byte ${this.base}.`,
        {
          fields: { url: this.#url, offset: this.base, limit: MAX_RECORD_BYTES },
          fix: 'look for a quote that is never closed there, or pass { quote: "" } if quotes mean nothing in this file.',
        },
      );
    this.#kernel.release(this.index - 4);
    const larger = this.#kernel.allocate(2 * this.#capacity);
    this.#kernel.bytes().copyWithin(larger, this.address, this.address + length);
    this.#kernel.release(this.address);
    this.#capacity *= 2;
    this.address = larger;
    this.index = this.#allocateIndex();
  }

  /** The offset behind the first newline at or after `position`; the source's size where there is none. */
  async firstNewline(position: number): Promise<number> {
    // Most often it is near.
    let length = SLACK_BYTES;
    while (position < this.size) {
      const read = await this.#read(this.address, position, Math.min(length, this.size - position));
      if (read === 0) this.#shrunk(position);
      const at = this.#kernel
        .bytes()
        .subarray(this.address, this.address + read)
        .indexOf(NEWLINE);
      if (at >= 0) return position + at + 1;
      position += read;
      length = this.#capacity;
    }
    return this.size;
  }

  /** Answers the count of bytes that are in the buffer already. */
  async skipByteOrderMark(): Promise<number> {
    const length = await this.fill(0);
    const [a, b, c] = this.#kernel.bytes().subarray(this.address, this.address + 3);
    return length >= 3 && a === 0xef && b === 0xbb && c === 0xbf ? this.drop(3, length) : length;
  }

  #allocateIndex(): number {
    return this.#kernel.allocate(4 * this.#capacity + 4) + 4;
  }

  #read(address: number, position: number, length: number): number | Promise<number> {
    const { readSync } = this.#reader;
    if (readSync !== undefined) return readSync(this.#kernel.bytes().subarray(address, address + length), position);
    return this.#reader.read(position, position + length).then((bytes) => {
      this.#kernel.bytes().set(bytes, address);
      return bytes.length;
    });
  }

  #shrunk(found: number): never {
    throw new SourceChangedError(
      `${this.#url} has ${found} bytes, expected ${this.size}: it shrank while it was read.`,
      {
        fields: { url: this.#url, expected: this.size, found },
        fix: "run again when nothing writes to the file any more.",
      },
    );
  }
}
