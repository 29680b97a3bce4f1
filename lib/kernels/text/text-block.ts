import { isAscii, isUtf8 } from "node:buffer";
import { TextError } from "../../errors.ts";

export const LF = 10;
const CR = 13;

/** Whole lines, and where they stand. */
export interface LineBlock {
  readonly lines: readonly string[];
  /** Lines of the range before these. */
  readonly before: number;
  /** Where line i of these starts, in bytes from the file's beginning. Good until the block is given back. */
  offsetOf(i: number): number;
}

/** The bytes of whole lines, of which only a file's last may lack its line feed. Good until the block is given back. */
export class TextBlock {
  /** Without a byte order mark, which is no part of the text. */
  readonly bytes: Buffer;
  readonly isAscii: boolean;
  /** Lines of the range before these. */
  readonly before: number;
  readonly #at: number;

  /**
   * `at`: where the bytes lie in the file.
   * @throws TextError for bytes that are not UTF-8, unless they are replaced.
   */
  constructor(all: Buffer, at: number, before: number, url: string, encodingErrors: "error" | "replace") {
    const mark = at === 0 && all[0] === 0xef && all[1] === 0xbb && all[2] === 0xbf ? 3 : 0;
    this.bytes = mark === 0 ? all : all.subarray(mark);
    this.isAscii = isAscii(this.bytes);
    this.before = before;
    this.#at = at + mark;
    if (!this.isAscii && encodingErrors === "error" && !isUtf8(this.bytes))
      throw notUtf8(this.bytes, this.#at, before, url);
  }

  /** The lines of some of the bytes, which are whole ones. */
  lines(from = 0, to = this.bytes.length): string[] {
    if (from === to) return [];
    const bytes = this.bytes.subarray(from, to);
    const end = bytes[bytes.length - 1] === LF ? bytes.length - 1 : bytes.length;
    const lines = bytes.toString(this.isAscii ? "latin1" : "utf8", 0, end).split("\n");
    if (bytes.includes(CR))
      for (let i = 0; i < lines.length; i++) {
        // A carriage return before the file's end ends no line: it is part of it, as for most tools.
        const ends = i < lines.length - 1 || end < bytes.length;
        if (ends && lines[i].endsWith("\r")) lines[i] = lines[i].slice(0, -1);
      }
    return lines;
  }

  /** Where line i starts, in bytes from the file's beginning. */
  offsetOf(i: number): number {
    let at = 0;
    for (let line = 0; line < i; line++) at = this.bytes.indexOf(LF, at) + 1;
    return this.#at + at;
  }
}

function notUtf8(bytes: Buffer, at: number, before: number, url: string): TextError {
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
    `${url} holds bytes that are not UTF-8 (line {row}, which starts at byte ${at + start}): ${JSON.stringify(text)}.`,
    {
      fields: { url, offset: at + start, row: before + line + 1, rowBase: "shard", text },
      fix: 'convert the file to UTF-8 (for example iconv -f latin1 -t utf-8), or pass { encodingErrors: "replace" }.',
    },
  );
}
