import type { ScalarType } from "../../../collections/schema.ts";
import { TextDictionary, type Column, type Dictionary, type StringColumn } from "../column.ts";
import { WholeValues } from "./whole.ts";

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

const [VALUE, NULL] = [1, 2];

/** Strings to numbers and booleans, kept by code. */
class Answers {
  readonly #answer: (text: string) => number | bigint | boolean | null;
  #dictionary: Dictionary | undefined;
  /** By code: 0 where there is no answer yet, VALUE or NULL. */
  #states = new Uint8Array(0);
  #values = new Float64Array(0);
  /** Answers beyond ±2^53, by code. */
  readonly #wide = new Map<number, bigint>();

  constructor(answer: (text: string) => number | bigint | boolean | null) {
    this.#answer = answer;
  }

  column({ codes, dictionary }: StringColumn, type: Exclude<ScalarType, "string">): Column {
    this.#use(dictionary, type === "float64");
    const nulls = this.#find(codes);
    const valid = nulls > 0 ? new Uint8Array(codes.length) : undefined;
    if (valid !== undefined) for (let i = 0; i < valid.length; i++) valid[i] = this.#states[codes[i]] === VALUE ? 1 : 0;
    const out = type === "bool" ? new Uint8Array(codes.length) : new Float64Array(codes.length);
    const values = this.#values;
    for (let i = 0; i < out.length; i++) out[i] = values[codes[i]];
    if (out instanceof Uint8Array) return { type: "bool", values: out, valid };
    if (type === "float64") return { type, values: out, valid };
    const count = type === "bool" ? "int64" : type; // never bool, whose values are bytes
    if (this.#wide.size === 0) return { type: count, values: out, valid };
    const whole = new WholeValues(out.length);
    for (let i = 0; i < out.length; i++) whole.set(i, this.#wide.get(codes[i]) ?? out[i]);
    return whole.column(count, valid);
  }

  #use(dictionary: Dictionary, isFloat: boolean): void {
    if (this.#dictionary !== dictionary) {
      this.#dictionary = dictionary;
      this.#states = new Uint8Array(0);
      this.#wide.clear();
    }
    if (this.#states.length >= dictionary.size) return;
    const [states, values] = [new Uint8Array(2 * dictionary.size), new Float64Array(2 * dictionary.size)];
    // Slots of nulls hold 0, or NaN among floats.
    if (isFloat) values.fill(NaN);
    if (this.#states.length > 0) values.set(this.#values);
    states.set(this.#states);
    states[0] = NULL;
    [this.#states, this.#values] = [states, values];
  }

  /** Sees to it that each code has its answer; counts the nulls. */
  #find(codes: Int32Array): number {
    const states = this.#states;
    let nulls = 0;
    for (let i = 0; i < codes.length; i++) {
      if (states[codes[i]] === 0) this.#look(codes[i]);
      nulls += states[codes[i]] === NULL ? 1 : 0;
    }
    return nulls;
  }

  #look(code: number): void {
    // Codes are asked for behind `use`.
    const answer = this.#answer((this.#dictionary as Dictionary).text(code));
    this.#states[code] = answer === null ? NULL : VALUE;
    if (typeof answer === "bigint") this.#wide.set(code, answer);
    else if (answer !== null) this.#values[code] = Number(answer);
  }
}
