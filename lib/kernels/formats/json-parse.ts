/** Digits enough that a number may lie outside ±2^53. */
const LONG_NUMBER = /\d{16}/;
/** A number as it was spelled: for samples, which have to tell 1 from 1.0. */
export class SpelledNumber {
  readonly value: number;
  readonly text: string;

  constructor(value: number, text: string) {
    this.value = value;
    this.text = text;
  }
}

/** JSON, in which integers outside ±2^53 are bigints: JSON.parse alone would round them. @throws SyntaxError */
export function parseJson(text: string): unknown {
  return LONG_NUMBER.test(text) ? parseWith(text, exactInteger) : JSON.parse(text);
}

/** JSON, in which numbers know how they were spelled. */
export function parseSpelled(text: string): unknown {
  return parseWith(text, (value, source) => new SpelledNumber(value, source));
}

function exactInteger(value: number, source: string): number | bigint {
  return Number.isSafeInteger(value) || !/^-?\d+$/.test(source) ? value : BigInt(source);
}

/** What engines give a reviver besides (https://github.com/tc39/proposal-json-parse-with-source); TypeScript's library does not know it yet. */
type Reviver = (key: string, value: unknown, context: { readonly source?: string }) => unknown;

function parseWith(text: string, number: (value: number, source: string) => unknown): unknown {
  const reviver: Reviver = (_, value, { source }) =>
    typeof value === "number" && source !== undefined ? number(value, source) : value;
  return JSON.parse(text, reviver as (key: string, value: unknown) => unknown);
}
