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
 */
import type { Reader } from "../../store/store.ts";
import { headerFields, headerProblem } from "./header.ts";
import type { CsvFormat } from "./params.ts";
import { NEWLINE, RecordBuffer } from "./record-buffer.ts";
import { Doubt, RecordFaults } from "./record-faults.ts";
import type { CsvKernel } from "./wasm.ts";

/** A guessing range that meets a longer record, in bytes, doubts its guess. */
const MAX_GUESSED_RECORD_BYTES = 1024 * 1024;

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

export class RecordReader {
  readonly #kernel: CsvKernel;
  readonly #format: CsvFormat;
  readonly #range: Range;
  readonly #fields: number;
  readonly #buffer: RecordBuffer;
  readonly #faults: RecordFaults;

  /** Whether it is known, not guessed, where the first record starts. */
  readonly trusted: boolean;

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
    this.#format = format;
    this.#range = range;
    this.#fields = format.columns.length;
    this.trusted = range.start === 0 || range.from !== undefined;
    kernel.setDialect(format.dialect);
    this.#buffer = new RecordBuffer(kernel, reader, range.url, range.end, format.dialect.escape !== "");
    this.#faults = new RecordFaults(range.url, this.trusted);
  }

  release(): void {
    this.#buffer.release();
    this.#releaseRewritten();
  }

  /** The blocks of records that start in the range. */
  async *blocks(): AsyncGenerator<Block> {
    const { start, end } = this.#range;
    const buffer = this.#buffer;
    buffer.base = this.#range.from ?? (start === 0 ? 0 : await buffer.firstNewline(start - 1));
    this.from = this.next = buffer.base;
    let carry = 0;
    let headerPending = start === 0 && this.#format.header !== null;
    if (start === 0) carry = await buffer.skipByteOrderMark();
    // The header is the first range's, also where the range ends before it does.
    while (buffer.base < end || headerPending) {
      const length = await buffer.fill(carry);
      if (length === 0) break;
      const atEnd = buffer.base + length >= buffer.size;
      const count = buffer.tokenize(length, atEnd);
      if (count === 0) {
        if (atEnd) this.#unterminated(length);
        this.#grow(length);
        carry = length;
        continue;
      }
      const consumed = buffer.entry(count - 1) + 1 - buffer.address;
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
      carry = buffer.drop(consumed, length);
      this.next = buffer.base;
      if (atEnd && carry > 0) this.#unterminated(carry);
      if (atEnd) break;
    }
    if (headerPending && buffer.size > 0)
      throw this.#faults.fault("has no header: the file holds blank lines only", 0, 0);
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
    let index = this.#buffer.index + 4 * skip;
    let entries = count - skip;
    const lines = this.#kernel.wasm.newlines.value - (skip > 0 ? this.#buffer.lines(skip) : 0);
    if (!this.#kernel.wasm.isRegular(index, entries, this.#fields, lines))
      [index, entries] = this.#rewrite(index, entries, lines, end);
    let rows = entries / this.#fields;
    if (this.#buffer.offsetOf(this.#buffer.entry(count - 1)) >= end - 1) {
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
    const buffer = this.#buffer;
    const bytes = this.#kernel.bytes();
    let i = Math.max(
      skip - 1,
      lowerBound(count, (entry) => buffer.offsetOf(buffer.entry(entry)) >= end - 1),
    );
    while (bytes[buffer.entry(i)] !== NEWLINE) i++;
    return Math.min(buffer.offsetOf(buffer.entry(i)) + 1, buffer.size);
  }

  /** Byte offset in the source of a record of the current block. */
  #recordOffset(row: number, address: number): number {
    if (this.#rewritten.length > 0) address = new Uint32Array(this.#kernel.wasm.memory.buffer)[this.#starts / 4 + row];
    return this.#buffer.offsetOf(address);
  }

  /** Leaves blank lines out and pads short records: rare, so it may cost a copy. */
  #rewrite(index: number, entries: number, lines: number, end: number): [index: number, entries: number] {
    const { wasm } = this.#kernel;
    const pad = this.#format.dialect.ragged === "pad";
    const text = this.#kernel.allocate(this.#buffer.capacity + lines * this.#fields + 1);
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
    const start = this.#buffer.address + offset - this.#buffer.base;
    const words = new Uint32Array(this.#kernel.wasm.memory.buffer);
    const first = lowerBound(entries, (entry) => words[index / 4 + entry] >= start);
    const end = words[index / 4 + first + fields - 1];
    const text = this.#kernel.text(start, Math.min(end, start + 200)).replace(/\r$/, "");
    return this.#faults.ragged(fields, this.#fields, text, offset, this.#rows + row + 1);
  }

  /** The buffer's only record does not end: a quote is open, or the last character is an escape. */
  #unterminated(length: number): never {
    const { wasm } = this.#kernel;
    const { address, index, base } = this.#buffer;
    const row = this.#rows + 1;
    wasm.tokenizeExact(address, length, index);
    const opened = wasm.quoteOpenedAt.value >>> 0;
    if (opened === 0) throw this.#faults.fault("ends with an escape character", base + length - 1, row);
    const text = this.#kernel.text(opened, Math.min(opened + 60, address + length));
    // Ended where the quote stands, the record has as many fields as there are columns up to there.
    this.#kernel.bytes()[opened] = NEWLINE;
    const fields = wasm.tokenizeExact(address, opened + 1 - address, index);
    throw this.#faults.openQuote(text, this.#format.columns[fields - 1]?.name, this.#buffer.offsetOf(opened), row);
  }

  /** Entries of the header record (and blank lines before it), once it is in the buffer whole and says what the plan says. */
  #checkHeader(count: number): number {
    const buffer = this.#buffer;
    const { fields, entries, offset } = headerFields(this.#kernel, buffer.index, count, buffer.address);
    if (entries === 0) return 0;
    const problem = headerProblem(fields, this.#format.header ?? fields);
    if (problem !== undefined) {
      const text = this.#kernel.text(buffer.address + offset, buffer.entry(entries - 1)).replace(/\r$/, "");
      throw this.#faults.otherHeader(problem, text, fields, buffer.base + offset);
    }
    return entries;
  }

  /** Room for a record that is longer than what was read of it. */
  #grow(length: number): void {
    if (length < this.#buffer.capacity) return;
    if (!this.trusted && length >= MAX_GUESSED_RECORD_BYTES) throw new Doubt("has a long record");
    this.#buffer.grow(length);
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
