/** Comparisons, and membership in a list. */
import type { ComparisonOp } from "../../../collections/expression.ts";
import {
  TextDictionary,
  codesValid,
  compareTexts,
  isWideInteger,
  type BoolColumn,
  type Dictionary,
  type StringColumn,
} from "../column.ts";
import { comparison, passes } from "../numeric.ts";
import { asFloats, bothValid, bytes, floats, type Evaluator } from "./buffers.ts";

export function compare(op: ComparisonOp, left: Evaluator, right: Evaluator): Evaluator {
  const out = bytes();
  const both = bytes();
  const [leftFloats, rightFloats] = [floats(), floats()];
  const texts = compareStrings(op, out, both);
  return (batch) => {
    const [a, b] = [left(batch), right(batch)];
    if (a.type === "string" && b.type === "string") return texts(a, b);
    // Only the null literal may stand against a string.
    if (a.type === "string" || b.type === "string")
      return { type: "bool", values: out(batch.rows).fill(0), valid: new Uint8Array(batch.rows) };
    const values = out(batch.rows);
    const valid = bothValid(a.valid, b.valid, both);
    if (a.values instanceof BigInt64Array || b.values instanceof BigInt64Array) {
      // JavaScript compares bigint with number exactly.
      for (let i = 0; i < values.length; i++) values[i] = passesMixed(op, a.values[i], b.values[i]) ? 1 : 0;
    } else comparison[op](asFloats(a, leftFloats), asFloats(b, rightFloats), values, batch.rows);
    return { type: "bool", values, valid };
  };
}

function passesMixed(op: ComparisonOp, a: number | bigint, b: number | bigint): boolean {
  if (a < b) return passes(op, -1);
  if (a > b) return passes(op, 1);
  return a == b ? passes(op, 0) : op === "ne"; // eslint-disable-line eqeqeq -- 1n == 1 is meant; neither: NaN
}

/** Against a constant the answer is looked up by code: one comparison a distinct string. */
function compareStrings(
  op: ComparisonOp,
  out: (n: number) => Uint8Array,
  both: (n: number) => Uint8Array,
): (a: StringColumn, b: StringColumn) => BoolColumn {
  const byCode = new CodeTable((text, other) => passes(op, compareTexts(text, other)));
  const swapped = new CodeTable((text, other) => passes(op, compareTexts(other, text)));
  return (a, b) => {
    const n = a.codes.length;
    const values = out(n);
    if (b.dictionary.size === 2 && b.dictionary instanceof TextDictionary) byCode.look(a, b.dictionary.text(1), values);
    else if (a.dictionary.size === 2 && a.dictionary instanceof TextDictionary)
      swapped.look(b, a.dictionary.text(1), values);
    else
      for (let i = 0; i < n; i++)
        values[i] = passes(op, compareTexts(a.dictionary.text(a.codes[i]), b.dictionary.text(b.codes[i]))) ? 1 : 0;
    return { type: "bool", values, valid: bothValid(codesValid(a.codes), codesValid(b.codes), both) };
  };
}

/** A predicate on strings, kept per code of the dictionary last seen. */
class CodeTable {
  readonly #test: (text: string, other: string) => boolean;
  #dictionary: Dictionary | undefined;
  #other = "";
  #answers: number[] = [0];

  constructor(test: (text: string, other: string) => boolean) {
    this.#test = test;
  }

  look(column: StringColumn, other: string, out: Uint8Array): void {
    if (this.#dictionary !== column.dictionary || this.#other !== other) {
      this.#dictionary = column.dictionary;
      this.#other = other;
      this.#answers = [0];
    }
    const answers = this.#answers;
    for (let code = answers.length; code < column.dictionary.size; code++)
      answers.push(this.#test(column.dictionary.text(code), other) ? 1 : 0);
    for (let i = 0; i < out.length; i++) out[i] = answers[column.codes[i]];
  }
}

export function isIn(arg: Evaluator, values: readonly (null | boolean | number | bigint | string)[]): Evaluator {
  const out = bytes();
  const strings = new Set(values.filter((v) => typeof v === "string"));
  const numbers = new Set(values.filter((v) => v !== null && typeof v !== "string").map(normalNumber));
  const byCode = new CodeTable((text) => strings.has(text));
  return (batch) => {
    const a = arg(batch);
    const result = out(batch.rows);
    if (a.type === "string") {
      byCode.look(a, "", result);
      return { type: "bool", values: result, valid: codesValid(a.codes) };
    }
    for (let i = 0; i < result.length; i++) result[i] = numbers.has(normalNumber(a.values[i])) ? 1 : 0;
    return { type: "bool", values: result, valid: a.valid };
  };
}

/** One key for equal numbers, whether number, bigint or boolean. */
function normalNumber(value: number | bigint | boolean): number | bigint {
  if (typeof value !== "bigint") return Number(value);
  return isWideInteger(value) ? value : Number(value);
}
