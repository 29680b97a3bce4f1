import type { Dictionary } from "../frame/column.ts";

/**
 * Where bytes that are not UTF-8 read as U+FFFD, different bytes may be one text, which the kernel's dictionary does not know: all codes
 * of such a text become its first.
 */
export class ReplacedTexts {
  readonly #dictionary: Dictionary;
  readonly #first = new Map<string, number>();
  readonly #others = new Map<number, number>();
  #seen = 1;

  constructor(dictionary: Dictionary) {
    this.#dictionary = dictionary;
  }

  unify(codes: Int32Array): void {
    for (; this.#seen < this.#dictionary.size; this.#seen++) {
      const text = this.#dictionary.text(this.#seen);
      if (!text.includes("\ufffd")) continue;
      const first = this.#first.get(text);
      if (first === undefined) this.#first.set(text, this.#seen);
      else this.#others.set(this.#seen, first);
    }
    if (this.#others.size > 0) for (let i = 0; i < codes.length; i++) codes[i] = this.#others.get(codes[i]) ?? codes[i];
  }
}
