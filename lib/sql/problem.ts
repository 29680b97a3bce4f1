import { SqlError, nearestNames } from "../errors.ts";

interface Place {
  /** From 1. */
  readonly line: number;
  readonly column: number;
}

/** Makes errors that say where in a query's text something is wrong. */
export class Problems {
  readonly #text: string;

  constructor(text: string) {
    this.#text = text;
  }

  /** An error at a node of the syntax tree; the first of its parts that has a place tells it. */
  at(node: unknown, message: string, fix?: string, cause?: unknown): SqlError {
    return this.#error(placeOf(node), message, fix, cause);
  }

  /** An error at a word of the text: where the tree does not say where it stands. */
  atText(word: string, message: string, fix?: string): SqlError {
    const offset = this.#text.indexOf(word);
    return offset < 0 ? this.#error(undefined, message, fix) : this.atOffset(offset, message, fix);
  }

  /** An error at a character of the text, from 0. */
  atOffset(offset: number, message: string, fix?: string): SqlError {
    return this.#error(placeAt(this.#text, offset), message, fix);
  }

  /** A construct that is not there. */
  unsupported(node: unknown, what: string, fix?: string): SqlError {
    return this.at(node, `${what} is not supported.`, fix);
  }

  /** What the parser says: its message ends in a place. */
  syntax(message: string): SqlError {
    const found = / at Line: (\d+), Column: (\d+)/.exec(message);
    const text = message.replace(/^sql parser error: /, "").replace(/ at Line: .*$/s, "");
    const place = found === null ? placeAt(this.#text, this.#text.trimEnd().length) : placed(found);
    return this.#error(place, `${text.replace(/\.?$/, ".")}`, undefined);
  }

  #error(place: Place | undefined, message: string, fix: string | undefined, cause?: unknown): SqlError {
    const init = { ...(fix === undefined ? {} : { fix }), ...(cause === undefined ? {} : { cause }) };
    if (place === undefined) return new SqlError(`SQL: ${message}`, { fields: { text: this.#text }, ...init });
    const { line, column } = place;
    return new SqlError(`SQL, line ${line}, column ${column}: ${message}\n${this.#marked(place)}`, {
      fields: { line, column, text: this.#text },
      ...init,
    });
  }

  /** The line, with a mark below the place. */
  #marked({ line, column }: Place): string {
    const text = (this.#text.split("\n")[line - 1] ?? "").replaceAll("\t", " ");
    const from = column > WIDTH ? column - WIDTH : 0;
    const shown = [...text].slice(from, from + 2 * WIDTH).join("");
    return `  ${shown}\n  ${" ".repeat(column - 1 - from)}^`;
  }
}

/** Characters of a line that are shown on either side of the mark, at least. */
const WIDTH = 60;

/** "did you mean", or a list of what there is. */
export function nearest(name: string, known: readonly string[], what: string): string {
  const near = nearestNames(name, known);
  if (near.length > 0) return `did you mean ${near.join(" or ")}?`;
  return known.length === 0 ? `there are no ${what}.` : `${what} are ${known.slice(0, 20).join(", ")}.`;
}

function placed([, line, column]: readonly string[]): Place {
  return { line: Number(line), column: Number(column) };
}

function placeAt(text: string, offset: number): Place {
  const lines = text.slice(0, offset).split("\n");
  return { line: lines.length, column: lines[lines.length - 1].length + 1 };
}

/** The first place in a part of the tree. Line 0 stands for none. */
function placeOf(node: unknown): Place | undefined {
  if (typeof node !== "object" || node === null) return undefined;
  if ("span" in node) {
    const { start } = node.span as { readonly start: Place }; // as the parser gives spans
    if (start.line > 0) return start;
  }
  for (const part of Object.values(node)) {
    const place = placeOf(part);
    if (place !== undefined) return place;
  }
  return undefined;
}
