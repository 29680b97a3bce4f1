import type { Node } from "../../../callables/parse.ts";

/** What `split` cuts lines at, as far as it concerns ASCII lines. */
export interface Separator {
  /** One of these characters (`set`), or all of them together (`text`). */
  readonly as: "set" | "text";
  readonly characters: string;
  /** Several in a row are one. */
  readonly runs: boolean;
  /** As it was written. */
  readonly shown: string;
}

/** Expressions of one character: an escape, a set in brackets, or a character without a meaning of its own; perhaps with "+". */
const ONE_CHARACTER =
  /^(?<one>\\[sSdDwWtrfv]|\\[-^$\\.*+?()[\]{}|/]|\[\^?(?:[^\\\][]|\\[sSdDwWtrfv]|\\[-^$\\.*+?()[\]{}|/])+\]|[^\\^$.*+?()[\]{}|/])(?<more>\+?)$/;
/** Of a text between words: the kernel has a place for so many. */
const MOST_CHARACTERS = 256;
const ASCII = Array.from({ length: 128 }, (_, code) => String.fromCharCode(code));

/** Undefined for what lines cannot be cut at byte by byte with the same outcome. */
export function separatorOf(node: Node): Separator | undefined {
  if (node.type !== "Literal") return undefined;
  const { value } = node;
  if (typeof value === "string") return ofText(value);
  // Acorn's nodes of regular expressions have it.
  const regex = node["regex"] as { readonly pattern: string; readonly flags: string } | undefined;
  return regex === undefined ? undefined : ofPattern(regex.pattern, regex.flags);
}

/** Whether lines are cut at the same places before and after their letters were changed to `changed`. */
export function ignoresCase({ as, characters }: Separator, changed: "lower" | "upper"): boolean {
  if (as === "text") return !/[a-z]/i.test(characters);
  return ASCII.every((one) => characters.includes(one) === characters.includes(inCase(one, changed)));
}

const inCase = (text: string, to: "lower" | "upper"): string =>
  to === "lower" ? text.toLowerCase() : text.toUpperCase();

/** A line holds no line feed, so nothing is cut at one; an empty text cuts between characters. */
function ofText(text: string): Separator | undefined {
  const isAscii = [...text].every((one) => ASCII.includes(one));
  if (text === "" || text.length > MOST_CHARACTERS || !isAscii || text.includes("\n")) return undefined;
  return { as: text.length === 1 ? "set" : "text", characters: text, runs: false, shown: JSON.stringify(text) };
}

/** Which characters it means is asked of the engine's own. */
function ofPattern(pattern: string, flags: string): Separator | undefined {
  const { one, more } = ONE_CHARACTER.exec(pattern)?.groups ?? {};
  if (one === undefined || !/^[giu]*$/.test(flags)) return undefined;
  const single = new RegExp(`^${one}$`, flags.replace("g", ""));
  const characters = ASCII.filter((character) => character !== "\n" && single.test(character)).join("");
  return { as: "set", characters, runs: more === "+", shown: `/${pattern}/${flags}` };
}
