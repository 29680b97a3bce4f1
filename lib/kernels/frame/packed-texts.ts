/** String columns with dictionaries packed anew: of the texts that occur, side by side. */
import { OptionError } from "../../errors.ts";
import { ByteDictionary } from "./byte-dictionary.ts";
import { PackedDictionary, type Dictionary, type StringColumn } from "./column.ts";

/** The column as it is, or, of texts with several codes, with one code for each. */
export function withoutRepeats(column: StringColumn): StringColumn {
  if (column.dictionary.hasRepeats !== true) return column;
  const { dictionary, codes } = packStrings(column);
  const distinct = new ByteDictionary();
  const renamed = distinct.codesOf(dictionary);
  return { type: "string", codes: codes.map((code) => renamed[code]), dictionary: distinct };
}

/** The column with a dictionary of its own that holds the strings that occur, in order of first sight, or a packed one with few others. */
export function packStrings(column: StringColumn): StringColumn & { dictionary: PackedDictionary } {
  const { codes, dictionary } = column;
  if (3 * dictionary.size <= 4 * codes.length + 3) {
    const source: Dictionary = dictionary;
    const all = source instanceof PackedDictionary ? source : source.packed?.();
    if (all !== undefined) return { type: "string", codes, dictionary: all };
  }
  const renamed = new Int32Array(dictionary.size);
  const kept = new Int32Array(Math.min(codes.length, dictionary.size));
  const out = new Int32Array(codes.length);
  let count = 0;
  for (let i = 0; i < codes.length; i++) {
    const code = codes[i];
    if (code === 0) continue;
    if (renamed[code] === 0) {
      kept[count++] = code;
      renamed[code] = count;
    }
    out[i] = renamed[code];
  }
  return { type: "string", codes: out, dictionary: packTexts(dictionary, kept.subarray(0, count)) };
}

/** The texts of some codes side by side, in their order: the first gets code 1. */
export function packTexts(dictionary: Dictionary, codes: Int32Array): PackedDictionary {
  if (dictionary instanceof PackedDictionary) return repacked(dictionary, codes);
  const offsets = new Int32Array(codes.length + 2);
  const spans = dictionary.spans?.();
  let bytes = 0;
  for (let i = 0; i < codes.length; i++) {
    const code = codes[i];
    bytes += spans === undefined ? dictionary.bytes(code).length : spans.end(code) - spans.start(code);
    // What has no room is refused below.
    offsets[i + 2] = bytes;
  }
  refuseLongTexts(bytes);
  const data = new Uint8Array(bytes);
  for (let i = 0; i < codes.length; i++)
    if (spans === undefined) data.set(dictionary.bytes(codes[i]), offsets[i + 1]);
    else copyText(spans.data, spans.start(codes[i]), spans.end(codes[i]), data, offsets[i + 1]);
  return new PackedDictionary(offsets, data);
}

/** The same of a packed one, whose offsets are at hand: a call for each would take as long as all else. */
function repacked({ offsets: from, data: texts, hasRepeats }: PackedDictionary, codes: Int32Array): PackedDictionary {
  const offsets = new Int32Array(codes.length + 2);
  let bytes = 0;
  for (let i = 0; i < codes.length; i++) offsets[i + 2] = bytes += from[codes[i] + 1] - from[codes[i]];
  refuseLongTexts(bytes);
  const data = new Uint8Array(bytes);
  for (let i = 0; i < codes.length; i++) copyText(texts, from[codes[i]], from[codes[i] + 1], data, offsets[i + 1]);
  return new PackedDictionary(offsets, data, hasRepeats);
}

/** Short ones byte by byte: that is quicker than to make a view of them. */
function copyText(from: Uint8Array, start: number, end: number, to: Uint8Array, at: number): void {
  if (end - start > 64) to.set(from.subarray(start, end), at);
  else for (let i = start; i < end; i++) to[at++] = from[i];
}

/** Bytes of all texts of a dictionary at most: their offsets have 32 bits, as in Arrow. */
export const MOST_TEXT_BYTES = 2 ** 31 - 1;

/** @throws OptionError */
export function refuseLongTexts(bytes: number): void {
  if (bytes <= MOST_TEXT_BYTES) return;
  throw new OptionError(
    `The distinct texts of one column take ${bytes} bytes; a frame in memory holds less than 2 GiB of them.`,
    {
      fields: { bytes },
      fix: "take fewer rows (head, filter), or aggregate before computing.",
    },
  );
}
