/**
 * Reads the records that start in one byte range of a CSV source, block by block, into the kernel's memory.
 *
 * Guess, verify, repair
 * ---------------------
 * A range owns the records that start in [start, end). Where its first record starts is known for the first range of a source
 * and for ranges that run again (`from`). Any other range guesses: after the first newline at or behind start − 1. The guess is
 * wrong where that newline stands inside quotes. So a range reports `from`, where it took its first record to start, and `next`,
 * where the first record behind the range starts; the runtime compares the `next` of each range with the `from` of the one behind
 * it (runtime/chain.ts), and runs again those that had guessed wrongly. A range that guesses never raises an error about its text:
 * what looks like one may come from the wrong guess. It raises `Doubt`, and runs again with a proven start.
 * (After Ge, Li, Eilebrecht, Chandramouli, Kossmann: Speculative Distributed CSV Data Parsing, SIGMOD 2019; a chain of offsets
 * instead of their quote parities, since it holds for every dialect.)
 *
 * The buffer
 * ----------
 * It always begins at the start of a record: whole records are handed out, the rest (`carry`) moves to the front, and reading
 * goes on behind it. A record longer than the buffer doubles it. Invariant: buffer[0] is byte `base` of the source.
 */
import { CsvError, PlanTooLargeError, SourceChangedError } from "../../errors.ts";
import type { Reader } from "../../store/store.ts";
import { headerFields, headerProblem } from "./header.ts";
import type { CsvFormat } from "./params.ts";
import { STRAY, type CsvKernel } from "./wasm.ts";

/** Bytes read at a time: text, index and columns of a block fit a core's second-level cache. */
export const BLOCK_BYTES = 128 * 1024;
/** Read behind a range's end at first, to complete its last record. */
export const SLACK_BYTES = 4 * 1024;
/** A record longer than this, in bytes, cannot be read: its index takes four times as much, in one piece, and the kernel has pieces of less than 1 GiB. */
export const MAX_RECORD_BYTES = 128 * 1024 * 1024;
/** A guessing range that meets a longer record doubts its guess. */
const MAX_GUESSED_RECORD_BYTES = 1024 * 1024;
const NEWLINE = 10;

export interface Range {
  readonly url: string;
  readonly start: number;
  readonly end: number;
  /** Where the first record starts, if that is known. */
  readonly from?: number | undefined;
}

/** Whole records of equally many fields, indexed. Good until the next one is asked for. */
export interface Block {
  readonly rows: number;
  /** Address of the index: the entry that ends field f of record r is at 4 · (r · fields + f). */
  readonly index: number;
  /** Records of this range before this block. */
  readonly firstRow: number;
}

/** Raised by a range that guessed where its first record starts and met what looks like an error. */
export class Doubt extends Error {}

export class RecordReader {
  readonly #kernel: CsvKernel;
  readonly #reader: Reader;
  readonly #format: CsvFormat;
  readonly #range: Range;
  readonly #fields: number;
  readonly #trusted: boolean;

  #capacity = BLOCK_BYTES;
  #buffer: number;
  #index: number;
  #base = 0;
  #exact: boolean;
  #rows = 0;
  /** Set while the current block is a rewritten one: where each record started. */
  #starts = 0;
  #rewritten: number[] = [];
  /** A record of the current block that may not be mended: told once the records before it are handed out, since they may be at fault too. */
  #ragged: Error | undefined;

  /** Where the first record of the range starts, and the first behind it. Right when `blocks` has ended. */
  from = 0;
  next = 0;

  constructor(kernel: CsvKernel, reader: Reader, format: CsvFormat, range: Range) {
    this.#kernel = kernel;
    this.#reader = reader;
    this.#format = format;
    this.#range = range;
    this.#fields = format.columns.length;
    this.#trusted = range.start === 0 || range.from !== undefined;
    this.#exact = format.dialect.escape !== "";
    kernel.setDialect(format.dialect);
    this.#buffer = kernel.allocate(this.#capacity);
    this.#index = kernel.allocate(4 * this.#capacity + 4) + 4;
  }

  /** The source's size, in bytes. Of what is decompressed it is known once its end has been read. */
  get #size(): number {
    return this.#reader.info.size;
  }

  get trusted(): boolean {
    return this.#trusted;
  }

  release(): void {
    this.#kernel.release(this.#buffer);
    this.#kernel.release(this.#index - 4);
    this.#releaseRewritten();
  }

  /** The blocks of records that start in the range. */
  async *blocks(): AsyncGenerator<Block> {
    const { start, end } = this.#range;
    this.#base = this.#range.from ?? (start === 0 ? 0 : await this.#firstNewline(start - 1));
    this.from = this.next = this.#base;
    let carry = 0;
    let headerPending = start === 0 && this.#format.header !== null;
    if (start === 0) carry = await this.#skipByteOrderMark();
    // The header is the first range's, also where the range ends before it does.
    while (this.#base < end || headerPending) {
      const length = await this.#fill(carry);
      if (length === 0) break;
      const atEnd = this.#base + length >= this.#size;
      const count = this.#tokenize(length, atEnd);
      if (count === 0) {
        if (atEnd) this.#unterminated(length);
        this.#grow(length);
        carry = length;
        continue;
      }
      const consumed = this.#entry(count - 1) + 1 - this.#buffer;
      let skip = 0;
      if (headerPending) {
        skip = this.#checkHeader(count);
        headerPending = skip === 0;
      }
      if (skip < count && !headerPending) {
        const block = this.#records(skip, count, end);
        if (block.rows > 0) {
          this.#rows += block.rows;
          yield block;
        }
        if (this.#ragged !== undefined) throw this.#ragged;
      }
      // Records behind the range's end are another's.
      if (this.next >= end && !headerPending) return;
      carry = Math.max(length - consumed, 0);
      this.#kernel.bytes().copyWithin(this.#buffer, this.#buffer + consumed, this.#buffer + consumed + carry);
      this.#base = this.next = Math.min(this.#base + consumed, this.#size);
      if (atEnd && carry > 0) this.#unterminated(carry);
      if (atEnd) break;
    }
    if (headerPending && this.#size > 0) throw this.#fault("has no header: the file holds blank lines only", 0, 0);
  }

  /** Where a field of the current block stands, for an error's message. */
  locate(block: Block, row: number, column: number): { offset: number; row: number; text: string } {
    const entry = block.index + 4 * (row * this.#fields + column);
    const words = new Uint32Array(this.#kernel.wasm.memory.buffer);
    const fieldStart = words[entry / 4 - 1] + 1;
    const whole = this.#kernel.text(fieldStart, Math.min(words[entry / 4], fieldStart + 200));
    // Only the record's last field may have half of a line end behind it.
    const text = column + 1 === this.#fields ? whole.replace(/\r$/, "") : whole;
    const recordStart = words[(block.index + 4 * row * this.#fields) / 4 - 1] + 1;
    return {
      offset: this.#recordOffset(row, recordStart) + fieldStart - recordStart,
      row: block.firstRow + row + 1,
      text,
    };
  }

  /** The records among entries [skip, count) that start before `end`; sets `next` once the entries reach it. */
  #records(skip: number, count: number, end: number): Block {
    this.#releaseRewritten();
    let index = this.#index + 4 * skip;
    let entries = count - skip;
    const lines = this.#kernel.wasm.newlines.value - (skip > 0 ? this.#lines(skip) : 0);
    if (!this.#kernel.wasm.isRegular(index, entries, this.#fields, lines))
      [index, entries] = this.#rewrite(index, entries, lines, end);
    let rows = entries / this.#fields;
    if (this.#base + this.#entry(count - 1) - this.#buffer >= end - 1) {
      rows = this.#cut(index, rows, end);
      this.next = this.#startBehind(skip, count, end);
    }
    return { rows, index, firstRow: this.#rows };
  }

  /** How many of the records start before `end`. */
  #cut(index: number, rows: number, end: number): number {
    const words = new Uint32Array(this.#kernel.wasm.memory.buffer);
    const startOf = (row: number) => this.#recordOffset(row, words[index / 4 + row * this.#fields - 1] + 1);
    return lowerBound(rows, (row) => startOf(row) >= end);
  }

  /** Where the first record (or blank line) at or behind `end` starts: behind the first record's end that is not before end − 1, nor in the header. */
  #startBehind(skip: number, count: number, end: number): number {
    const words = new Uint32Array(this.#kernel.wasm.memory.buffer);
    const bytes = this.#kernel.bytes();
    const offsetOf = (i: number) => this.#base + words[this.#index / 4 + i] - this.#buffer;
    let i = Math.max(
      skip - 1,
      lowerBound(count, (entry) => offsetOf(entry) >= end - 1),
    );
    while (bytes[words[this.#index / 4 + i]] !== NEWLINE) i++;
    return Math.min(offsetOf(i) + 1, this.#size);
  }

  /** Byte offset in the source of a record of the current block. */
  #recordOffset(row: number, address: number): number {
    if (this.#rewritten.length > 0) address = new Uint32Array(this.#kernel.wasm.memory.buffer)[this.#starts / 4 + row];
    return this.#base + address - this.#buffer;
  }

  /** Leaves blank lines out and pads short records: rare, so it may cost a copy. */
  #rewrite(index: number, entries: number, lines: number, end: number): [index: number, entries: number] {
    const { wasm } = this.#kernel;
    const pad = this.#format.dialect.ragged === "pad";
    const text = this.#kernel.allocate(this.#capacity + lines * this.#fields + 1);
    const out = this.#kernel.allocate(4 * (lines * this.#fields + 1)) + 4;
    this.#starts = this.#kernel.allocate(4 * (lines + 1));
    this.#rewritten = [text, out - 4, this.#starts];
    const written = wasm.normalize(index, entries, this.#fields, pad, text, out, this.#starts);
    const ragged = wasm.raggedAt.value;
    // One that starts behind the range is another's to judge.
    if (ragged >= 0 && this.#recordOffset(ragged, 0) < end)
      this.#ragged = this.#raggedError(ragged, wasm.raggedFields.value, index, entries);
    return [out, written];
  }

  #raggedError(row: number, fields: number, index: number, entries: number): Error {
    const offset = this.#recordOffset(row, 0);
    const start = this.#buffer + offset - this.#base;
    const words = new Uint32Array(this.#kernel.wasm.memory.buffer);
    const first = lowerBound(entries, (entry) => words[index / 4 + entry] >= start);
    const end = words[index / 4 + first + fields - 1];
    const text = this.#kernel.text(start, Math.min(end, start + 200)).replace(/\r$/, "");
    const few = fields < this.#fields;
    return this.#fault(
      `has ${fields} ${fields === 1 ? "field" : "fields"} in a record, expected ${this.#fields}: ${JSON.stringify(text)}`,
      offset,
      this.#rows + row + 1,
      { fields, expected: this.#fields, text },
      few
        ? 'correct the record, or pass { ragged: "pad" } to fill missing fields with nulls.'
        : "correct the record: a field that holds the delimiter needs quotes (and check the delimiter option).",
    );
  }

  /** The buffer's only record does not end: a quote is open, or the last character is an escape. */
  #unterminated(length: number): never {
    const { wasm } = this.#kernel;
    wasm.tokenizeExact(this.#buffer, length, this.#index);
    const opened = wasm.quoteOpenedAt.value >>> 0;
    if (opened === 0) throw this.#fault("ends with an escape character", this.#base + length - 1, this.#rows + 1);
    const text = this.#kernel.text(opened, Math.min(opened + 60, this.#buffer + length));
    // Ended where the quote stands, the record has as many fields as there are columns up to there.
    this.#kernel.bytes()[opened] = NEWLINE;
    const column = this.#format.columns[wasm.tokenizeExact(this.#buffer, opened + 1 - this.#buffer, this.#index) - 1];
    throw this.#fault(
      "has a quote that is never closed",
      this.#base + opened - this.#buffer,
      this.#rows + 1,
      { text, ...(column === undefined ? {} : { column: column.name }) },
      'close the quote, or pass { quote: "" } if quotes mean nothing in this file.',
    );
  }

  #fault(what: string, offset: number, row: number, fields: Record<string, string | number> = {}, fix?: string): Error {
    if (!this.#trusted) return new Doubt(what);
    return new CsvError(`${this.#range.url} ${what} (byte ${offset}, row {row}).`, {
      fields: { url: this.#range.url, offset, row, rowBase: "shard", ...fields },
      ...(fix === undefined ? {} : { fix }),
    });
  }

  /** Entries of the header record (and blank lines before it), once it is in the buffer whole and says what the plan says. */
  #checkHeader(count: number): number {
    const { fields, entries, offset } = headerFields(this.#kernel, this.#index, count, this.#buffer);
    if (entries === 0) return 0;
    const problem = headerProblem(fields, this.#format.header ?? fields);
    if (problem !== undefined)
      throw new CsvError(`${this.#range.url} has another header than the first file: ${problem}.`, {
        fields: {
          url: this.#range.url,
          offset: this.#base + offset,
          row: 0,
          text: this.#kernel.text(this.#buffer + offset, this.#entry(entries - 1)).replace(/\r$/, ""),
          found: fields,
        },
        fix: "read files with different columns separately, or correct the file.",
      });
    return entries;
  }

  #tokenize(length: number, atEnd: boolean): number {
    const { wasm } = this.#kernel;
    const bytes = this.#kernel.bytes();
    // The last record may lack its newline: it gets one.
    if (atEnd && bytes[this.#buffer + length - 1] !== NEWLINE) bytes[this.#buffer + length++] = NEWLINE;
    new Uint32Array(wasm.memory.buffer)[this.#index / 4 - 1] = this.#buffer - 1;
    if (!this.#exact) {
      const count = wasm.tokenize(this.#buffer, length, this.#index);
      if (count !== STRAY) return count;
      this.#exact = true;
    }
    return wasm.tokenizeExact(this.#buffer, length, this.#index);
  }

  #entry(i: number): number {
    return new Uint32Array(this.#kernel.wasm.memory.buffer)[this.#index / 4 + i];
  }

  /** Newlines among the first `count` entries. */
  #lines(count: number): number {
    const bytes = this.#kernel.bytes();
    let lines = 0;
    for (let i = 0; i < count; i++) if (bytes[this.#entry(i)] === NEWLINE) lines++;
    return lines;
  }

  /** Reads on behind `carry` bytes; answers how many bytes the buffer then holds. */
  async #fill(carry: number): Promise<number> {
    const position = this.#base + carry;
    const planned = position < this.#range.end ? this.#range.end + SLACK_BYTES - position : this.#capacity - carry;
    const want = Math.min(this.#capacity - carry, planned, this.#size - position);
    let got = 0;
    while (got < want) {
      const read = await this.#read(this.#buffer + carry + got, position + got, want - got);
      if (read === 0 && position + got !== this.#size) this.#shrunk(position + got);
      if (read === 0) break;
      got += read;
    }
    return carry + got;
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
      `${this.#range.url} has ${found} bytes, expected ${this.#size}: it shrank while it was read.`,
      {
        fields: { url: this.#range.url, expected: this.#size, found },
        fix: "run again when nothing writes to the file any more.",
      },
    );
  }

  #grow(length: number): void {
    if (length < this.#capacity) return;
    if (!this.#trusted && length >= MAX_GUESSED_RECORD_BYTES) throw new Doubt("has a long record");
    if (length >= MAX_RECORD_BYTES)
      throw new PlanTooLargeError(
        `${this.#range.url} has a record of more than ${MAX_RECORD_BYTES} bytes at byte ${this.#base}.`,
        {
          fields: { url: this.#range.url, offset: this.#base, limit: MAX_RECORD_BYTES },
          fix: 'look for a quote that is never closed there, or pass { quote: "" } if quotes mean nothing in this file.',
        },
      );
    this.#kernel.release(this.#index - 4);
    const larger = this.#kernel.allocate(2 * this.#capacity);
    this.#kernel.bytes().copyWithin(larger, this.#buffer, this.#buffer + length);
    this.#kernel.release(this.#buffer);
    this.#capacity *= 2;
    this.#buffer = larger;
    this.#index = this.#kernel.allocate(4 * this.#capacity + 4) + 4;
  }

  /** The offset behind the first newline at or after `position`; the source's size where there is none. */
  async #firstNewline(position: number): Promise<number> {
    while (position < this.#size) {
      const length = Math.min(
        this.#capacity,
        this.#size - position,
        position === this.#range.start - 1 ? SLACK_BYTES : this.#capacity,
      );
      const read = await this.#read(this.#buffer, position, length);
      if (read === 0) this.#shrunk(position);
      const at = this.#kernel
        .bytes()
        .subarray(this.#buffer, this.#buffer + read)
        .indexOf(NEWLINE);
      if (at >= 0) return position + at + 1;
      position += read;
    }
    return this.#size;
  }

  /** Answers the count of bytes that are in the buffer already. */
  async #skipByteOrderMark(): Promise<number> {
    const length = await this.#fill(0);
    const bytes = this.#kernel.bytes();
    if (
      length < 3 ||
      bytes[this.#buffer] !== 0xef ||
      bytes[this.#buffer + 1] !== 0xbb ||
      bytes[this.#buffer + 2] !== 0xbf
    )
      return length;
    bytes.copyWithin(this.#buffer, this.#buffer + 3, this.#buffer + length);
    this.#base = 3;
    return length - 3;
  }

  #releaseRewritten(): void {
    for (const address of this.#rewritten) this.#kernel.release(address);
    this.#rewritten = [];
  }
}

/** The first i of 0 … count − 1 for which the test holds, or count; the test must hold from there on. */
function lowerBound(count: number, holds: (i: number) => boolean): number {
  let low = 0;
  let high = count;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (holds(middle)) high = middle;
    else low = middle + 1;
  }
  return low;
}
