import { TextError } from "../../errors.ts";
import type { TaskInput } from "../../plan/plan.ts";
import { readExactly, readExactlySync } from "../../store/read-exactly.ts";
import type { Reader } from "../../store/store.ts";
import { withReadAhead } from "../../store/with-read-ahead.ts";
import type { Flow, MaybePromise } from "../bag/flow.ts";
import type { Span, TaskContext } from "../kernel.ts";
import { LF, TextBlock, type LineBlock } from "./text-block.ts";

export type { LineBlock };

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

type Range = Extract<TaskInput, { kind: "range" }>;

/** Bytes decoded at a time: what stays in a processor's cache. */
const WINDOW_BYTES = 256 * 1024;
/** V8 has no longer strings. */
const LONGEST_LINE_BYTES = 512 * 1024 * 1024 - 1024;

/** The lines of a range as strings. */
export function readLines(
  range: Range,
  context: TaskContext,
  options: LineOptions,
  use: (block: LineBlock) => MaybePromise<void>,
  until: Pick<Flow, "full">,
): Promise<LinesRead> {
  const ofBlock = (block: TextBlock): MaybePromise<number> => {
    const lines = block.lines();
    if (lines.length === 0) return 0;
    const used = use({ lines, before: block.before, offsetOf: (i) => block.offsetOf(i) });
    return used === undefined ? lines.length : used.then(() => lines.length);
  };
  return readBlocks(range, context, options, ofBlock, until);
}

export interface LinesRead {
  readonly recordsIn: number;
  readonly span: Span;
}

/** The lines of a range as bytes. `use` tells how many lines they are. */
export async function readBlocks(
  range: Range,
  { store, signal }: TaskContext,
  options: LineOptions,
  use: (block: TextBlock) => MaybePromise<number>,
  until: Pick<Flow, "full">,
): Promise<LinesRead> {
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
    use: (block: TextBlock) => MaybePromise<number>,
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
      const block = new TextBlock(bytes.subarray(0, length), at, this.#count, this.#url, this.#options.encodingErrors);
      at += length;
      const used = use(block);
      this.#count += typeof used === "number" ? used : await used;
    }
    return this.#count;
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
