import type { Expression } from "../expression.ts";
import type { Operand } from "./base.ts";
import { MathMethods } from "./math-methods.ts";

/**
 * Functions of strings. Null gives null. Characters are Unicode code points: an emoji of one code point is one, a letter with a combining mark two.
 * They cost one call a distinct string, not one a row, where at most one of the strings is no constant.
 */
export abstract class TextMethods extends MathMethods {
  /** In small letters, by Unicode's full mapping and no language's rules. */
  lower(): Expression {
    return this.call("lower");
  }
  /** In capitals, by Unicode's full mapping ("ß" becomes "SS"). */
  upper(): Expression {
    return this.call("upper");
  }
  /** Without white space at both ends (Unicode's, line ends and byte order marks), or without the characters given. */
  trim(characters?: string): Expression {
    return this.call("trim", [], { characters });
  }
  trimStart(characters?: string): Expression {
    return this.call("trimStart", [], { characters });
  }
  trimEnd(characters?: string): Expression {
    return this.call("trimEnd", [], { characters });
  }
  /** How many characters. int64. */
  length(): Expression {
    return this.call("length");
  }
  /** Characters from `start` up to but without `end` (default: all the rest); negative ones count from the end. As Python's s[start:end]. */
  slice(start: number, end?: number): Expression {
    return this.call("slice", [], { start, end });
  }
  /** Whether the text stands in it; a regular expression: whether it matches somewhere (as `matches`). bool. */
  contains(what: Operand | RegExp): Expression {
    return what instanceof RegExp ? this.matches(what) : this.call("contains", [what]);
  }
  startsWith(start: Operand): Expression {
    return this.call("startsWith", [start]);
  }
  endsWith(end: Operand): Expression {
    return this.call("endsWith", [end]);
  }
  /** Whether a regular expression of JavaScript matches somewhere; with the flags i, m and s, and always u (Unicode). bool. @throws OptionError where it is none */
  matches(pattern: RegExp | string): Expression {
    return this.call("matches", [], patternOf(pattern));
  }
  /** Whether the whole string is as SQL's pattern: % stands for any characters, _ for one; a backslash takes their meaning off. bool. */
  like(pattern: string, { ignoreCase }: { readonly ignoreCase?: boolean } = {}): Expression {
    return this.call("like", [], { pattern, ignoreCase: ignoreCase ? true : undefined });
  }
  /** What the first match's group holds (default 1; 0 is the whole match); null without a match. string. */
  extract(pattern: RegExp | string, group?: number): Expression {
    const { pattern: source, flags } = patternOf(pattern);
    return this.call("extract", [], { pattern: source, group, flags });
  }
  /** With every occurrence replaced. With a regular expression `by` may name groups as in JavaScript: $1, $<name>, $&. */
  replace(what: Operand | RegExp, by: Operand): Expression {
    if (!(what instanceof RegExp)) return this.call("replace", [what, by]);
    const { pattern, flags } = patternOf(what);
    // Anything but a string is refused there.
    return this.call("replacePattern", [], { pattern, by: by as string, flags });
  }
  /** The pieces between separators: `.get(i)` is one of them, `.count()` how many there are. An empty separator splits into characters. */
  split(separator: string): SplitText {
    return {
      get: (index) => this.call("splitPart", [], { separator, index }),
      count: () => this.call("splitCount", [], { separator }),
    };
  }
  /** Strings joined; null where one of them is. Cast numbers to string first. */
  concat(...others: readonly Operand[]): Expression {
    return this.call("concat", others);
  }
  /** At least `width` characters, filled at the start (default " "; longer fills are cut). */
  padStart(width: number, fill?: string): Expression {
    return this.call("padStart", [], { width, fill });
  }
  padEnd(width: number, fill?: string): Expression {
    return this.call("padEnd", [], { width, fill });
  }
}

/** A string's pieces. */
export interface SplitText {
  /** The piece at an index from 0, or from the end where it is negative; null where there is none. string. */
  get(index: number): Expression;
  /** How many pieces there are. int64. */
  count(): Expression;
}

/** Sticky and global say where to search, which a whole column has no use for; v is not in the patterns' language. */
function patternOf(pattern: RegExp | string): { pattern: string; flags: string | undefined } {
  if (!(pattern instanceof RegExp)) return { pattern, flags: undefined };
  const flags = pattern.flags.replace(/[gyud]/g, "");
  return { pattern: pattern.source, flags: flags === "" ? undefined : flags };
}
