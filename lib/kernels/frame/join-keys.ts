import { ByteDictionary } from "./byte-dictionary.ts";
import type { Column, Dictionary } from "./column.ts";
import { finishHashes, mixWords, nullsOf } from "./hash.ts";

/** Codes of a dictionary by text. */
export class TextCodes {
  readonly #table = new ByteDictionary();
  /** The dictionary's own codes, by the table's. */
  readonly #own: Int32Array;

  constructor(dictionary: Dictionary) {
    this.#own = new Int32Array(dictionary.size);
    const spans = dictionary.spans?.();
    for (let code = 1; code < dictionary.size; code++) this.#own[this.#table.codeIn(dictionary, code, spans)] = code;
  }

  /** Of a text of another dictionary; −1 where there is none. */
  codeOf(other: Dictionary, code: number): number {
    const bytes = other.bytes(code);
    return this.#own[this.#table.find(bytes, 0, bytes.length)] || -1;
  }
}

/** Of each row's keys, as words. */
export function hashOf(words: readonly Int32Array[], rows: number): Int32Array {
  const hashes = new Int32Array(rows);
  for (const word of words) mixWords(hashes, word);
  finishHashes(hashes);
  return hashes;
}

/** 1 where any key is null; undefined where none is. */
export function anyNull(keys: readonly Column[], rows: number): Uint8Array | undefined {
  let any: Uint8Array | undefined;
  for (const key of keys) {
    const nulls = nullsOf(key, rows);
    if (nulls === undefined) continue;
    if (any === undefined) any = nulls;
    else for (let i = 0; i < rows; i++) any[i] |= nulls[i];
  }
  return any;
}
