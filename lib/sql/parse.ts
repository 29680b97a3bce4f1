import { OptionError, SqlError } from "../errors.ts";
import type { QueryNode } from "./ast.ts";
import { Problems } from "./problem.ts";

/** Deeper than anyone writes; the parser refuses more. */
const RECURSION_LIMIT = 200;

/**
 * Operators of a query, at most. Each may stand deeper in the tree than the one before, and beyond about a thousand levels the parser's stack overflows,
 * after which it reads nothing more in this process.
 */
const MAX_OPERATORS = 500;

/** What makes a tree deeper, outside texts, names in quotes and comments. */
const OPERATORS = /\b(?:and|or|is|union|except|intersect)\b|::|\|\||[-+*/%<>=]+/gi;
const QUOTED = /'(?:[^']|'')*'|"(?:[^"]|"")*"|--[^\n]*|\/\*[\s\S]*?\*\//g;

/**
 * The syntax tree of one query, in DuckDB's dialect. The parser is Apache DataFusion's, in WebAssembly, and is loaded by the first query.
 *
 * @throws SqlError for a text that is no query
 */
export async function parseQuery(text: string): Promise<QueryNode> {
  const operators = text.replace(QUOTED, " ").match(OPERATORS)?.length ?? 0;
  if (operators > MAX_OPERATORS)
    throw new SqlError(`SQL: expected at most ${MAX_OPERATORS} operators in a query, found ${operators}.`, {
      fields: { text: text.slice(0, 1_000), operators },
      fix: "write x in (…) for many equations with or, or go on with the methods of frames.",
    });
  const { Parser, ParserError, DuckDbDialect, init } = await import("@guanmingchiu/sqlparser-ts");
  await init();
  const problems = new Problems(text);
  let statements: readonly unknown[];
  try {
    statements = new Parser(new DuckDbDialect()).withRecursionLimit(RECURSION_LIMIT).parse(text);
  } catch (error) {
    if (error instanceof ParserError) throw problems.syntax(error.message);
    throw error;
  }
  if (statements.length !== 1)
    throw problems.at(statements[1], `expected one query, found ${statements.length} statements.`);
  const [statement] = statements as readonly { readonly Query?: QueryNode }[]; // the parser's own types are not those that it gives
  if (statement.Query !== undefined) return statement.Query;
  const found = typeof statement === "string" ? statement : Object.keys(statement)[0];
  throw problems.at(statement, `expected a query, found ${found}.`, "begin with select or with.");
}

/** Refuses what is no text. @throws OptionError */
export function checkText(text: unknown): asserts text is string {
  if (typeof text === "string" && text.trim() !== "") return;
  throw new OptionError(`sql(…) expects a query as text, found ${typeof text === "string" ? "none" : typeof text}.`, {
    fix: `write sql("select * from 'data.csv'").`,
  });
}
