import { OptionError, SqlError } from "../errors.ts";
import { shown } from "../collections/options.ts";
import { Problems } from "./problem.ts";

/**
 * Operators of a query, at most. Each may stand deeper in the tree than the one before, and beyond about a thousand levels the parser's stack overflows,
 * after which it reads nothing more in this process.
 */
const MAX_OPERATORS = 500;

/** What makes a tree deeper, outside texts, names in quotes and comments. */
const OPERATORS = /\b(?:and|or|is|union|except|intersect)\b|::|\|\||[-+*/%<>=]+/gi;
/** Texts, names in quotes and comments; the groups are empty where their ends are missing. */
const QUOTED =
  /'[^']*(?:''[^']*)*(?<text>'?)|"[^"]*(?:""[^"]*)*(?<name>"?)|--[^\n]*|\/\*[^*]*(?:\*(?!\/)[^*]*)*(?<comment>(?:\*\/)?)/g;
/** What may hold a quote that begins nothing: there the parser alone tells. */
const OTHER_QUOTES = /[$`]|\be'/i;

/**
 * Refuses what is no query as far as that is seen without the parser, which is loaded asynchronously: no text, quotes and comments that do not end, more
 * operators than the parser can take.
 *
 * @throws OptionError, SqlError
 */
export function checkText(text: unknown): asserts text is string {
  const isText = typeof text === "string";
  if (!isText || text.trim() === "")
    throw new OptionError(`sql(…) expects a query as text, found ${isText ? "none" : shown(text)}.`, {
      fix: `write sql("select * from 'data.csv'").`,
    });
  if (!OTHER_QUOTES.test(text)) checkEnds(text);
  const operators = text.replace(QUOTED, " ").match(OPERATORS)?.length ?? 0;
  if (operators <= MAX_OPERATORS) return;
  throw new SqlError(`SQL: expected at most ${MAX_OPERATORS} operators in a query, found ${operators}.`, {
    fields: { text: text.slice(0, 1_000), operators },
    fix: "write x in (…) for many equations with or, or go on with the methods of frames.",
  });
}

function checkEnds(text: string): void {
  for (const { groups, index } of text.matchAll(QUOTED)) {
    const problems = new Problems(text);
    if (groups?.["text"] === "")
      throw problems.atOffset(index, "Unterminated string literal.", "close it with '; a ' within is written twice.");
    if (groups?.["name"] === "")
      throw problems.atOffset(index, "Unterminated name in quotes.", 'close it with "; texts stand in single quotes.');
    if (groups?.["comment"] === "") throw problems.atOffset(index, "Unterminated comment.", "close it with */.");
  }
}
