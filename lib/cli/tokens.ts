import { UsageError } from "./usage.ts";

/** A word of the expression language. `at`: where it begins in the text. */
export interface Token {
  readonly kind: "name" | "column" | "number" | "string" | "symbol" | "end";
  /** As written; of strings and columns in backticks, what is between the quotes. */
  readonly text: string;
  readonly at: number;
}

const SPACE = /\s+/y;
const NAME = /[\p{L}_][\p{L}\p{N}_]*/uy;
const NUMBER = /(\d[\d_]*(\.\d*)?|\.\d+)([eE][+-]?\d+)?/y;
const SYMBOL = /\*\*|\/\/|==|!=|<>|<=|>=|[-+*/%=<>(),[\]]/y;

/** Cuts a text into words, with an "end" behind the last. @throws UsageError that shows the place. */
export function tokensOf(text: string): Token[] {
  const tokens: Token[] = [];
  let at = 0;
  const take = (pattern: RegExp): string | undefined => {
    pattern.lastIndex = at;
    return pattern.exec(text)?.[0];
  };
  while (at < text.length) {
    const space = take(SPACE);
    if (space !== undefined) {
      at += space.length;
      continue;
    }
    const token = quoted(text, at) ?? plain(take, at);
    if (token === undefined) throw unreadable(text, at, `cannot read ${JSON.stringify(text[at])} here`);
    tokens.push(token.token);
    at = token.end;
  }
  return [...tokens, { kind: "end", text: "", at: text.length }];
}

interface Taken {
  readonly token: Token;
  readonly end: number;
}

function plain(take: (pattern: RegExp) => string | undefined, at: number): Taken | undefined {
  for (const [kind, pattern] of [
    ["name", NAME],
    ["number", NUMBER],
    ["symbol", SYMBOL],
  ] as const) {
    const found = take(pattern);
    if (found !== undefined) return { token: { kind, text: found, at }, end: at + found.length };
  }
  return undefined;
}

const ESCAPES: Readonly<Record<string, string>> = { n: "\n", t: "\t", r: "\r", b: "\b", f: "\f" };

/** A string in ' or ", with JSON's escapes or the quote doubled; a column's name in backticks. */
function quoted(text: string, at: number): Taken | undefined {
  const quote = text[at];
  if (quote !== "'" && quote !== '"' && quote !== "`") return undefined;
  const kind = quote === "`" ? "column" : "string";
  let out = "";
  for (let i = at + 1; i < text.length; i++) {
    const c = text[i];
    if (c === quote && text[i + 1] === quote) out += text[++i];
    else if (c === quote) return { token: { kind, text: out, at }, end: i + 1 };
    else if (c === "\\" && kind === "string" && i + 1 < text.length) {
      const unicode = /^u([0-9a-fA-F]{4})/.exec(text.slice(i + 1, i + 6));
      out += unicode === null ? (ESCAPES[text[i + 1]] ?? text[i + 1]) : String.fromCharCode(parseInt(unicode[1], 16));
      i += unicode === null ? 1 : 5;
    } else out += c;
  }
  throw unreadable(text, at, `the quote ${quote} is never closed`);
}

/** An error that shows the text with a caret below the place. */
export function unreadable(text: string, at: number, problem: string, fix?: string): UsageError {
  const flat = text.replace(/\s/g, " ");
  return new UsageError(`${problem}:\n  ${flat}\n  ${" ".repeat([...text.slice(0, at)].length)}^`, fix);
}
