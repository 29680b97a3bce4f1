import type { ScalarType } from "../../../collections/schema.ts";
import { TextDictionary, type Column, type Dictionary, type StringColumn } from "../column.ts";
import { ColumnValues } from "./whole.ts";

/** What a text becomes: null where it has no answer, undefined where it has an error for one. */
export type TextResult = string | number | bigint | boolean | null | undefined;

/**
 * A function of strings, done once a distinct string that rows hold: answers are kept by code for as long as the same dictionary comes.
 * `fail` is called for a row whose text has no answer.
 */
export interface TextMap {
  (column: StringColumn): Column;
}

export function mapTexts(
  type: ScalarType,
  answer: (text: string) => TextResult,
  fail: (text: string) => never = noAnswer,
): TextMap {
  if (type === "string") {
    const recoder = new Recoder(new TextDictionary(), (text) => {
      const result = answer(text);
      return result === undefined ? fail(text) : (result as string | null); // as its type says
    });
    return (column) => recoder.column(column);
  }
  const answers = new Answers((text) => {
    const result = answer(text);
    return result === undefined ? fail(text) : (result as number | bigint | boolean | null); // as its type says
  });
  return (column) => answers.column(column, type);
}

function noAnswer(text: string): never {
  throw new TypeError(`No answer for ${JSON.stringify(text)}.`);
}

const UNKNOWN = -1;

/** Strings to strings: from codes of whatever dictionary comes to codes of one of its own, which only grows. */
export class Recoder {
  readonly #target: TextDictionary;
  readonly #answer: (text: string) => string | null;
  #dictionary: Dictionary | undefined;
  #codes = new Int32Array(0);

  constructor(target: TextDictionary, answer: (text: string) => string | null = (text) => text) {
    this.#target = target;
    this.#answer = answer;
  }

  column({ codes, dictionary }: StringColumn): StringColumn {
    this.use(dictionary);
    const out = new Int32Array(codes.length);
    const known = this.#codes;
    for (let i = 0; i < out.length; i++) {
      const code = known[codes[i]];
      out[i] = code === UNKNOWN ? this.#look(codes[i]) : code;
    }
    return { type: "string", codes: out, dictionary: this.#target };
  }

  /** Before codes of a dictionary are asked for. */
  use(dictionary: Dictionary): void {
    if (this.#dictionary !== dictionary) {
      this.#dictionary = dictionary;
      this.#codes = new Int32Array(0);
    }
    const size = dictionary.size;
    if (this.#codes.length >= size) return;
    const larger = new Int32Array(Math.max(64, 2 * size)).fill(UNKNOWN);
    larger.set(this.#codes);
    larger[0] = 0;
    this.#codes = larger;
  }

  /** The own code of another's: 0 for null. */
  code(other: number): number {
    const code = this.#codes[other];
    return code === UNKNOWN ? this.#look(other) : code;
  }

  #look(other: number): number {
    // Codes are asked for behind `use`.
    const result = this.#answer((this.#dictionary as Dictionary).text(other));
    return (this.#codes[other] = result === null ? 0 : this.#target.code(result));
  }
}

/** Strings to numbers and booleans, kept by code. */
class Answers {
  readonly #answer: (text: string) => number | bigint | boolean | null;
  #dictionary: Dictionary | undefined;
  #answers: (number | bigint | boolean | null | undefined)[] = [null];

  constructor(answer: (text: string) => number | bigint | boolean | null) {
    this.#answer = answer;
  }

  column({ codes, dictionary }: StringColumn, type: Exclude<ScalarType, "string">): Column {
    if (this.#dictionary !== dictionary) {
      this.#dictionary = dictionary;
      this.#answers = [null];
    }
    const out = new ColumnValues(type, codes.length);
    const answers = this.#answers;
    for (let code = answers.length; code < dictionary.size; code++) answers.push(undefined);
    for (let i = 0; i < codes.length; i++) {
      const code = codes[i];
      let value = answers[code];
      if (value === undefined) value = answers[code] = this.#answer(dictionary.text(code));
      if (value !== null) out.set(i, value);
    }
    return out.column();
  }
}
