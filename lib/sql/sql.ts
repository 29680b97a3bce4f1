import { DataFrame } from "../collections/dataframe/dataframe.ts";
import { shown } from "../collections/options.ts";
import { OptionError } from "../errors.ts";
import { checkText } from "./check.ts";

/**
 * The rows of a query, as a lazy frame: `sql("select product, sum(price) as total from 'sales_*.csv' group by product")`. It is a frame as any other:
 * `compute`, `show`, `explain`, `filter`, `join` … go on from it.
 *
 * Tables are paths, URLs and globs in quotes (.csv, .tsv, .parquet, .jsonl, .ndjson, .json, .arrow, also .gz and .zst), and frames that are given by name:
 * `sql("select … from sales", { sales: readCsv(…) })`. SQL is DuckDB's; docs/sql.md says what is there, and where nulls, numbers and dates differ.
 *
 * Nothing is read, and the text is not parsed, before the frame is computed or explained: the parser is loaded asynchronously, and what columns there are, files
 * tell. `await frame.types()` finds all mistakes without a run.
 *
 * @throws OptionError for what is no text, or no frame. SqlError, which says where in the text, and what to do: at once for quotes and comments that do not end
 * and for a query too deep for the parser; later, when it is planned, for all else.
 */
export function sql(text: string, tables: Readonly<Record<string, DataFrame>> = {}): DataFrame {
  checkText(text);
  const wrong = Object.entries(tables).find(([, frame]) => !(frame instanceof DataFrame));
  if (wrong !== undefined)
    throw new OptionError(`sql(…) expects frames as its tables, found ${shown(wrong[1])} for "${wrong[0]}".`, {
      fix: "write sql(text, { sales: readCsv(…) }).",
    });
  const frames = Object.values(tables);
  return new DataFrame({ kind: "sql", text, tables: Object.keys(tables), inputs: frames.map(({ node }) => node) });
}
