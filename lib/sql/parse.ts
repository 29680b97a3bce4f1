import type { QueryNode } from "./ast.ts";
import { checkText } from "./check.ts";
import { Problems } from "./problem.ts";

/** Deeper than anyone writes; the parser refuses more. */
const RECURSION_LIMIT = 200;

/**
 * The syntax tree of one query, in DuckDB's dialect. The parser is Apache DataFusion's, in WebAssembly, and is loaded by the first query.
 *
 * @throws SqlError for a text that is no query
 */
export async function parseQuery(text: string): Promise<QueryNode> {
  checkText(text);
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
