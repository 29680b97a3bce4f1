import { isUtf8 } from "node:buffer";
import { TextError } from "../../errors.ts";
import type { Reader } from "../../store/store.ts";
import type { LineBlock } from "../text/lines.ts";

const WINDOW_BYTES = 256 * 1024;
/** V8 has no longer strings. */
const LONGEST_LINE_BYTES = 512 * 1024 * 1024 - 1024;
const LF = 10;

/** The lines of what is read from front to back, its size unknown. Offsets are those of what is read: of what a compressed file holds. */
export async function* streamedLines(reader: Reader, signal: AbortSignal): AsyncGenerator<LineBlock> {
  const { url } = reader.info;
  let rest: Buffer = Buffer.alloc(0);
  let read = 0;
  let before = 0;
  for (let atEnd = false; !atEnd;) {
    signal.throwIfAborted();
    const bytes = await reader.read(read, read + Math.max(WINDOW_BYTES, rest.length), signal);
    read += bytes.length;
    atEnd = bytes.length === 0;
    const all = Buffer.concat([rest, bytes]);
    const length = atEnd ? all.length : all.lastIndexOf(LF) + 1;
    if (all.length - length > LONGEST_LINE_BYTES)
      throw new TextError(`${url} has a line of more than ${LONGEST_LINE_BYTES} bytes (byte ${read - all.length}).`, {
        fields: { url, offset: read - all.length, row: before + 1 },
        fix: "a line has to fit into a string; break it up.",
      });
    rest = all.subarray(length);
    if (length === 0) continue;
    const start = read - all.length;
    const block = blockOf(all.subarray(0, length), start, before, url);
    before += block.lines.length;
    yield block;
  }
}

function blockOf(all: Buffer, start: number, before: number, url: string): LineBlock {
  // A byte order mark is no part of the text.
  const mark = start === 0 && all[0] === 0xef && all[1] === 0xbb && all[2] === 0xbf ? 3 : 0;
  const bytes = all.subarray(mark);
  const offsetOf = (line: number): number => {
    let at = 0;
    for (let i = 0; i < line; i++) at = bytes.indexOf(LF, at) + 1;
    return start + mark + at;
  };
  if (!isUtf8(bytes))
    throw new TextError(`${url} holds bytes that are not UTF-8 (behind byte ${start}).`, {
      fields: { url, offset: start, row: before + 1 },
      fix: "convert the file to UTF-8 (for example iconv -f latin1 -t utf-8).",
    });
  const end = bytes[bytes.length - 1] === LF ? bytes.length - 1 : bytes.length;
  const lines = bytes.length === 0 ? [] : bytes.toString("utf8", 0, end).split("\n");
  return { lines, before, offsetOf };
}
