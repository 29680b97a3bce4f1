import { ByteDictionary } from "./byte-dictionary.ts";
import { PackedDictionary, type StringColumn } from "./column.ts";
import { MOST_TEXT_BYTES, packStrings, withoutRepeats } from "./packed-texts.ts";

/**
 * One column from parts, in order, of `rows` together. Parts with one dictionary keep it; others get one in common, in which each string has one
 * code. That takes a look at a large table for each text of each part: where they would be many, `mayRepeat` puts the dictionaries behind each other
 * instead (see `Dictionary.hasRepeats`).
 */
export function joinStrings(parts: readonly StringColumn[], rows: number, mayRepeat: boolean): StringColumn {
  const [first] = parts;
  if (first === undefined || parts.every(({ dictionary }) => dictionary === first.dictionary)) {
    const codes = sameCodes(parts, rows);
    const column: StringColumn = { type: "string", codes, dictionary: first?.dictionary ?? emptyDictionary() };
    return mayRepeat ? column : withoutRepeats(column);
  }
  const packed = parts.map(packStrings);
  return mayRepeat && areMany(packed, rows) ? appended(packed, rows) : merged(packed, rows);
}

type PackedStrings = ReturnType<typeof packStrings>;

function emptyDictionary(): PackedDictionary {
  return new PackedDictionary(new Int32Array(2), new Uint8Array(0));
}

function sameCodes(parts: readonly StringColumn[], rows: number): Int32Array {
  if (parts.length === 1) return parts[0].codes;
  const codes = new Int32Array(rows);
  let at = 0;
  for (const part of parts) {
    codes.set(part.codes, at);
    at += part.codes.length;
  }
  return codes;
}

/** So many texts are merged whatever there is to gain: it takes less than a millisecond. */
const FEW_TEXTS = 4 * 1024;
/** Fewer texts than this share of the rows are merged: they are looked up in less time than rows take for the rest. */
const FEW_A_ROW = 1 / 8;

/** Whether there are so many texts that they are not to be merged. Not where they would have no room behind each other. */
function areMany(parts: readonly PackedStrings[], rows: number): boolean {
  let [texts, bytes] = [0, 0];
  for (const dictionary of dictionariesOf(parts)) {
    texts += dictionary.size - 1;
    bytes += dictionary.data.length;
  }
  return texts > Math.max(FEW_TEXTS, FEW_A_ROW * rows) && bytes <= MOST_TEXT_BYTES;
}

function dictionariesOf(parts: readonly PackedStrings[]): Set<PackedDictionary> {
  return new Set(parts.map(({ dictionary }) => dictionary));
}

function merged(parts: readonly PackedStrings[], rows: number): StringColumn {
  const common = new ByteDictionary();
  const codes = new Int32Array(rows);
  const known = new Map<PackedDictionary, Int32Array>();
  let at = 0;
  for (const { codes: own, dictionary } of parts) {
    const renamed = known.get(dictionary) ?? common.codesOf(dictionary);
    known.set(dictionary, renamed);
    for (let i = 0; i < own.length; i++) codes[at++] = renamed[own[i]];
  }
  return { type: "string", codes, dictionary: common };
}

/** The texts of all dictionaries, one behind the other. */
function appended(parts: readonly PackedStrings[], rows: number): StringColumn {
  const dictionaries = [...dictionariesOf(parts)];
  const texts = dictionaries.reduce((sum, { size }) => sum + size - 1, 0);
  const offsets = new Int32Array(texts + 2);
  const data = new Uint8Array(dictionaries.reduce((sum, one) => sum + one.data.length, 0));
  const before = new Map<PackedDictionary, number>();
  let [code, bytes] = [1, 0];
  for (const dictionary of dictionaries) {
    before.set(dictionary, code - 1);
    data.set(dictionary.data, bytes);
    const { offsets: own, size } = dictionary;
    for (let i = 1; i < size; i++) offsets[++code] = bytes + own[i + 1];
    bytes += dictionary.data.length;
  }
  const codes = new Int32Array(rows);
  let at = 0;
  for (const { codes: own, dictionary } of parts) {
    const shift = before.get(dictionary) ?? 0;
    for (let i = 0; i < own.length; i++) codes[at++] = own[i] === 0 ? 0 : own[i] + shift;
  }
  return { type: "string", codes, dictionary: new PackedDictionary(offsets, data, true) };
}
