import { readFile } from "node:fs/promises";
import type { DataFrame } from "../collections/dataframe/dataframe.ts";
import { sql } from "../sql/sql.ts";
import { readerOf } from "../sql/tables.ts";
import { wholeOption, type Arguments, type OptionSpecs } from "./arguments.ts";
import { usage } from "./frame-arguments.ts";
import { PRINT_OPTIONS, printFrame } from "./run.ts";
import type { Terminal } from "./terminal.ts";
import { UsageError } from "./usage.ts";

export const SQL_OPTIONS: OptionSpecs = {
  table: {
    value: "NAME=FILES",
    help: "a name for files in the query, as sales=sales_*.csv; may be given more than once",
  },
  head: { value: "N", help: "the first rows of what the query gives" },
  ...PRINT_OPTIONS,
};

/** `abanico sql`: computes a query and prints its rows. */
export async function runSql(args: Arguments, terminal: Terminal): Promise<void> {
  const text = await queryOf(args);
  const tables = tablesOf(args);
  const frame = usage(() => sql(text, tables));
  const head = wholeOption(args, "head", 0);
  await printFrame(head === undefined ? frame : frame.head(head), args, terminal);
}

async function queryOf({ positionals }: Arguments): Promise<string> {
  if (positionals.length !== 1)
    throw new UsageError(
      positionals.length === 0 ? "Which query?" : `One query, found ${positionals.length} arguments.`,
      `write abanico sql "select * from 'data.csv'", in double quotes.`,
    );
  const [text] = positionals;
  if (!/^\S+\.sql$/.test(text)) return text;
  try {
    return await readFile(text, "utf8");
  } catch (error) {
    throw new UsageError(`${text} cannot be read: ${error instanceof Error ? error.message : String(error)}.`);
  }
}

function tablesOf({ options }: Arguments): Record<string, DataFrame> {
  const tables: Record<string, DataFrame> = {};
  for (const { name, value } of options) {
    if (name !== "table") continue;
    const [, table, files] = /^(\w+)=(.+)$/s.exec(value) ?? [];
    const reader = files === undefined ? undefined : readerOf(files);
    if (table === undefined || reader === undefined)
      throw new UsageError(
        `--table takes a name and files with a known ending, found ${JSON.stringify(value)}.`,
        "write --table sales=sales_*.csv.",
      );
    if (Object.hasOwn(tables, table)) throw new UsageError(`--table names "${table}" twice.`);
    tables[table] = usage(() => reader(files));
  }
  return tables;
}
