import { TextDictionary, compareTexts, type Column, type StringColumn } from "../column.ts";
import type { Aggregator } from "./aggregator.ts";

/** min (−1) or max (+1) of strings. */
export class TextExtreme implements Aggregator {
  readonly #sign: -1 | 1;
  readonly #best: (string | undefined)[] = [];

  constructor(sign: -1 | 1) {
    this.#sign = sign;
  }

  update(groups: Int32Array, column: Column | undefined, _count: number): void {
    const { codes, dictionary } = column as StringColumn; // by the input's type
    // A code that a group has seen cannot better it again.
    const last = new Map<number, number>();
    for (let i = 0; i < groups.length; i++) {
      const code = codes[i];
      if (code === 0 || last.get(groups[i]) === code) continue;
      last.set(groups[i], code);
      const text = dictionary.text(code);
      const old = this.#best[groups[i]];
      if (old === undefined || compareTexts(text, old) * this.#sign > 0) this.#best[groups[i]] = text;
    }
  }

  absorb([other]: Column[], groups: Int32Array, count: number): void {
    this.update(groups, other, count);
  }

  state(count: number): Column[] {
    return [this.result(count)];
  }

  result(count: number): Column {
    const dictionary = new TextDictionary();
    const codes = Int32Array.from({ length: count }, (_, i) => {
      const text = this.#best[i + 1];
      return text === undefined ? 0 : dictionary.code(text);
    });
    return { type: "string", codes, dictionary };
  }
}
