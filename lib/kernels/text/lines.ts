import { isAscii, isUtf8 } from "node:buffer";
import { TextError } from "../../errors.ts";
import type { TaskInput } from "../../plan/plan.ts";
import { readExactly, readExactlySync } from "../../store/read-exactly.ts";
import type { Reader } from "../../store/store.ts";
import { withReadAhead } from "../../store/with-read-ahead.ts";
import type { Flow, MaybePromise } from "../bag/flow.ts";
import type { Span, TaskContext } from "../kernel.ts";

/**
 * Lines of a byte range. A line belongs to the range in which it starts; its end is a line feed, perhaps with a carriage return before it, or
 * the end of the file. Nothing has to be guessed: a line starts at the file's beginning and behind every line feed.
 *
 *     range [start, end):   …│ab\ncd\nef│gh\n…      reads "cd" and "efgh"; "…ab" is the range's before
 *
 * So a task looks for the first line feed from `start − 1` on, and for the first from `end − 1` on; what lies between is whole lines,
 * read and decoded window by window. The span that it reports is exact. Only where no line starts in the range at all the task
 * cannot tell where the next one starts without reading on: it claims `end`, and the chain gate, which knows better from the range
 * before, has it run again with the true start, for nothing to be read.
 */
export interface LineOptions {
  readonly encodingErrors: "error" | "replace";
}

/** Whole lines, and where they stand. */
export interface LineBlock {
  readonly lines: readonly string[];
  /** Lines of the range before these. */
  readonly before: number;
  /** Where line i of these starts, in bytes from the file's beginning. Good until the block is given back. */
  offsetOf(i: number): number;
}

type Range = Extract<TaskInput, { kind: "range" }>;

/** Bytes decoded at a time: what stays in a processor's cache. */
const WINDOW_BYTES = 256 * 1024;
/** V8 has no longer strings. */
const LONGEST_LINE_BYTES = 512 * 1024 * 1024 - 1024;
const LF = 10;
const CR = 13;

export async function readLines(
  range: Range,
  { store, signal }: TaskContext,
  options: LineOptions,
  use: (block: LineBlock) => MaybePromise<void>,
  until: Pick<Flow, "full">,
): Promise<{ readonly recordsIn: number; readonly span: Span }> {
  const { source, end } = range;
  const opened = await store.open(source.url, { etag: source.etag, signal });
  try {
    const bytes = new Windows(withReadAhead(opened, end), signal);
    const from = range.from ?? (range.start === 0 ? 0 : await bytes.behindLineFeed(range.start - 1, end));
    if (from >= end) return { recordsIn: 0, span: { from: Math.max(from, end), next: Math.max(from, end) } };
    const next = end >= source.size ? source.size : await bytes.behindLineFeed(end - 1, source.size);
    const recordsIn = await new LineReader(source.url, bytes, options).read(from, next, use, until);
    await opened.verify?.();
    return { recordsIn, span: { from, next } };
  } finally {
    await opened.close();
  }
}

/** Reads into one buffer, synchronously where the store can. */
class Windows {
  readonly #reader: Reader;
  readonly #signal: AbortSignal;
  #buffer = Buffer.alloc(0);

  constructor(reader: Reader, signal: AbortSignal) {
    this.#reader = reader;
    this.#signal = signal;
  }

  /** The bytes [start, end); good until the next read. */
  read(start: number, end: number): MaybePromise<Buffer> {
    this.#signal.throwIfAborted();
    const { readSync, info } = this.#reader;
    if (readSync === undefined)
      return readExactly(this.#reader, start, end, this.#signal).then((bytes) =>
        Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength),
      );
    if (this.#buffer.length < end - start) this.#buffer = Buffer.allocUnsafeSlow(end - start);
    const target = this.#buffer.subarray(0, end - start);
    readExactlySync({ info, readSync }, target, start);
    return target;
  }

  /** The place behind the first line feed at or after `at`; `end` where there is none before it. */
  async behindLineFeed(at: number, end: number): Promise<number> {
    for (let size = 4_096; at < end; size = Math.min(2 * size, WINDOW_BYTES)) {
      const bytes = await this.read(at, Math.min(at + size, end));
      const found = bytes.indexOf(LF);
      if (found >= 0) return at + found + 1;
      at += bytes.length;
    }
    return end;
  }
}

class LineReader {
  readonly #url: string;
  readonly #windows: Windows;
  readonly #options: LineOptions;
  #count = 0;

  constructor(url: string, windows: Windows, options: LineOptions) {
    this.#url = url;
    this.#windows = windows;
    this.#options = options;
  }

  /** All lines of [from, to), which begins and ends with whole ones. Gives their number. */
  async read(
    from: number,
    to: number,
    use: (block: LineBlock) => MaybePromise<void>,
    until: Pick<Flow, "full">,
  ): Promise<number> {
    let size = WINDOW_BYTES;
    for (let at = from; at < to && !until.full;) {
      const reading = this.#windows.read(at, Math.min(at + size, to));
      const bytes = reading instanceof Promise ? await reading : reading;
      const last = at + bytes.length === to;
      const length = last ? bytes.length : bytes.lastIndexOf(LF) + 1;
      if (length === 0) {
        if (size >= LONGEST_LINE_BYTES) throw this.#tooLong(at);
        size = Math.min(2 * size, LONGEST_LINE_BYTES);
        continue;
      }
      size = WINDOW_BYTES;
      const block = this.#block(bytes.subarray(0, length), at);
      at += length;
      const used = block.lines.length === 0 ? undefined : use(block);
      if (used !== undefined) await used;
      this.#count += block.lines.length;
    }
    return this.#count;
  }

  #block(all: Buffer, at: number): LineBlock {
    // A byte order mark is no part of the text.
    const mark = at === 0 && all[0] === 0xef && all[1] === 0xbb && all[2] === 0xbf ? 3 : 0;
    const bytes = mark === 0 ? all : all.subarray(mark);
    const lines = this.#split(bytes, at + mark);
    return { lines, before: this.#count, offsetOf: (i) => at + mark + startOfLine(bytes, i) };
  }

  #split(bytes: Buffer, at: number): string[] {
    if (bytes.length === 0) return [];
    const end = bytes[bytes.length - 1] === LF ? bytes.length - 1 : bytes.length;
    const lines = this.#decode(bytes, end, at).split("\n");
    if (bytes.includes(CR))
      for (let i = 0; i < lines.length; i++) {
        // A carriage return before the file's end ends no line: it is part of it, as for most tools.
        const ends = i < lines.length - 1 || end < bytes.length;
        if (ends && lines[i].endsWith("\r")) lines[i] = lines[i].slice(0, -1);
      }
    return lines;
  }

  #decode(bytes: Buffer, end: number, at: number): string {
    const text = bytes.subarray(0, end);
    if (isAscii(text)) return text.toString("latin1");
    if (this.#options.encodingErrors === "error" && !isUtf8(text)) throw this.#notUtf8(text, at);
    return text.toString("utf8");
  }

  #notUtf8(bytes: Buffer, at: number): TextError {
    let line = 0;
    let start = 0;
    let end = 0;
    for (; start < bytes.length; start = end + 1, line++) {
      end = bytes.indexOf(LF, start);
      if (end < 0) end = bytes.length;
      if (!isUtf8(bytes.subarray(start, end))) break;
    }
    const text = bytes.subarray(start, Math.min(end, start + 200)).toString();
    return new TextError(
      `${this.#url} holds bytes that are not UTF-8 (line {row}, which starts at byte ${at + start}): ${JSON.stringify(text)}.`,
      {
        fields: { url: this.#url, offset: at + start, row: this.#count + line + 1, rowBase: "shard", text },
        fix: 'convert the file to UTF-8 (for example iconv -f latin1 -t utf-8), or pass { encodingErrors: "replace" }.',
      },
    );
  }

  #tooLong(at: number): TextError {
    return new TextError(
      `${this.#url} has a line of more than ${LONGEST_LINE_BYTES} bytes (line {row}, which starts at byte ${at}).`,
      {
        fields: { url: this.#url, offset: at, row: this.#count + 1, rowBase: "shard" },
        fix: "a line has to fit into a string; break it up.",
      },
    );
  }
}

function startOfLine(bytes: Buffer, line: number): number {
  let at = 0;
  for (let i = 0; i < line; i++) at = bytes.indexOf(LF, at) + 1;
  return at;
}
