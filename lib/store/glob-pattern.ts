import { OptionError } from "../errors.ts";

/**
 * Glob patterns over "/"-separated names.
 *
 *     *  any text in a name      ?  one character      [a-z] [!abc]  one of (not of) these
 *     **  any folders, none too (as a whole name)      {a,b}  either
 *
 * As in a shell, wildcards do not match a dot that begins a name. A backslash is itself: to take a special character
 * literally, write it in brackets: `[*]`.
 *
 * A pattern runs as a small automaton, one step a name; so matching takes no more than linear steps, and a folder can be asked
 * whether anything below it may match.
 */
export interface Pattern {
  readonly segments: readonly Segment[];
}

type Segment = { readonly kind: "any folders" } | { readonly kind: "name"; readonly tokens: readonly Token[] };

type Token =
  | { readonly kind: "text"; readonly char: string }
  | { readonly kind: "one" }
  | { readonly kind: "many" }
  | { readonly kind: "class"; readonly negated: boolean; readonly ranges: readonly (readonly [string, string])[] };

/** Positions in a pattern's segments that the names so far may have led to. Empty: nothing below can match. */
export type Positions = ReadonlySet<number>;

const mostAlternatives = 10_000;

export function hasWildcards(text: string): boolean {
  return /[*?]|\[[^/]+\]/.test(text) || expandBraces(text).length > 1;
}

/** Compiles names. A `**` at the end stands for every file below: `**` and then `*`. */
export function compile(names: readonly string[]): Pattern {
  const segments = names.map((name): Segment => {
    return name === "**" ? { kind: "any folders" } : { kind: "name", tokens: tokenize(name) };
  });
  return { segments: names.at(-1) === "**" ? [...segments, { kind: "name", tokens: [{ kind: "many" }] }] : segments };
}

export function start(pattern: Pattern): Positions {
  return closed(pattern, [0]);
}

/** Where one more name leads. */
export function step(pattern: Pattern, positions: Positions, name: string): Positions {
  const next: number[] = [];
  for (const position of positions) {
    const segment = pattern.segments[position];
    if (segment === undefined) continue;
    if (segment.kind === "any folders") {
      if (!name.startsWith(".")) next.push(position);
    } else if (matchesName(segment.tokens, name)) next.push(position + 1);
  }
  return closed(pattern, next);
}

export function accepts(pattern: Pattern, positions: Positions): boolean {
  return positions.has(pattern.segments.length);
}

export function matches(pattern: Pattern, names: readonly string[]): boolean {
  const end = names.reduce((positions, name) => step(pattern, positions, name), start(pattern));
  return accepts(pattern, end);
}

/** Whether anything in the folder with these names may match. */
export function mayHoldMatches(pattern: Pattern, folders: readonly string[]): boolean {
  const positions = folders.reduce((at, name) => step(pattern, at, name), start(pattern));
  return [...positions].some((position) => position < pattern.segments.length);
}

/** `**` may stand for no folder at all: so what can be at it can be behind it. */
function closed(pattern: Pattern, positions: Iterable<number>): Positions {
  const all = new Set(positions);
  for (const position of all) if (pattern.segments[position]?.kind === "any folders") all.add(position + 1);
  return all;
}

function tokenize(name: string): Token[] {
  const tokens: Token[] = [];
  const chars = Array.from(name);
  for (let i = 0; i < chars.length; i++) {
    const char = chars[i];
    const bracket = char === "[" ? readClass(chars, i) : undefined;
    if (bracket !== undefined) {
      tokens.push(bracket.token);
      i = bracket.end;
    } else if (char === "*") {
      if (tokens.at(-1)?.kind !== "many") tokens.push({ kind: "many" });
    } else tokens.push(char === "?" ? { kind: "one" } : { kind: "text", char });
  }
  return tokens;
}

/** The class that opens at `open`; undefined where it does not close: then the bracket is itself. A "]" right at the beginning is a member. */
function readClass(chars: readonly string[], open: number): { token: Token; end: number } | undefined {
  const negated = chars[open + 1] === "!" || chars[open + 1] === "^";
  const first = open + (negated ? 2 : 1);
  const end = chars.indexOf("]", first + 1);
  if (end < 0) return undefined;
  const ranges: [string, string][] = [];
  for (let i = first; i < end; i++) {
    const isRange = chars[i + 1] === "-" && i + 2 < end;
    ranges.push([chars[i], chars[isRange ? i + 2 : i]]);
    if (isRange) i += 2;
  }
  return { token: { kind: "class", negated, ranges }, end };
}

/** Greedy, with one point to come back to: the last `*`. */
function matchesName(tokens: readonly Token[], name: string): boolean {
  if (name === "" || (name.startsWith(".") && tokens[0]?.kind !== "text")) return false;
  const chars = Array.from(name);
  let [t, c, star, resume] = [0, 0, -1, 0];
  while (c < chars.length) {
    const token = tokens[t];
    if (token?.kind === "many") [star, resume, t] = [t, c, t + 1];
    else if (token !== undefined && matchesChar(token, chars[c])) [t, c] = [t + 1, c + 1];
    else if (star >= 0) [t, resume, c] = [star + 1, resume + 1, resume + 1];
    else return false;
  }
  return tokens.slice(t).every(({ kind }) => kind === "many");
}

function matchesChar(token: Token, char: string): boolean {
  if (token.kind === "text") return token.char === char;
  if (token.kind !== "class") return true;
  const point = char.codePointAt(0) ?? 0;
  const inside = token.ranges.some(
    ([low, high]) => (low.codePointAt(0) ?? 0) <= point && point <= (high.codePointAt(0) ?? 0),
  );
  return inside !== token.negated;
}

/** `a{b,c{d,e}}` → `ab`, `acd`, `ace`. Braces without a comma, or that do not pair up, are themselves. */
export function expandBraces(text: string): string[] {
  const braces = findBraces(text);
  if (braces === undefined) return [text];
  const { open, commas, close } = braces;
  const cuts = [open, ...commas, close];
  const tails = expandBraces(text.slice(close + 1));
  const heads = cuts.slice(1).flatMap((cut, i) => expandBraces(text.slice(cuts[i] + 1, cut)));
  if (heads.length * tails.length > mostAlternatives) {
    throw new OptionError(
      `the braces of a pattern stand for more than ${mostAlternatives.toLocaleString("en")} names`,
      {
        fields: { pattern: text },
        fix: "use * instead, or give a list",
      },
    );
  }
  return heads.flatMap((head) => tails.map((tail) => text.slice(0, open) + head + tail));
}

/** The first pair of braces that holds a comma of its own. */
function findBraces(text: string): { open: number; commas: number[]; close: number } | undefined {
  for (let open = text.indexOf("{"); open >= 0; open = text.indexOf("{", open + 1)) {
    const commas: number[] = [];
    let depth = 0;
    for (let i = open; i < text.length; i++) {
      if (text[i] === "{") depth++;
      else if (text[i] === "," && depth === 1) commas.push(i);
      else if (text[i] === "}" && --depth === 0) {
        if (commas.length > 0) return { open, commas, close: i };
        break;
      }
    }
  }
  return undefined;
}
