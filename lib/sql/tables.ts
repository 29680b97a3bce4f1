import type { DataFrame } from "../collections/dataframe/dataframe.ts";
import { frameOfFiles } from "../collections/dataframe/frame-of-files.ts";
import { readCsv } from "../collections/dataframe/read-csv.ts";
import { readJson } from "../collections/dataframe/read-json.ts";
import { readParquet } from "../collections/dataframe/read-parquet.ts";
import type { Ident, ObjectName, TableFactor } from "./ast.ts";
import { nearest, type Problems } from "./problem.ts";
import { relationOf, type Environment, type Relation } from "./relation.ts";

const READERS: Readonly<Record<string, (path: string) => DataFrame>> = {
  csv: readCsv,
  tsv: (path) => readCsv(path, { delimiter: "\t" }),
  parquet: readParquet,
  jsonl: readJson,
  ndjson: readJson,
  json: (path) => readJson(path, { lines: false }),
  arrow: (path) => frameOfFiles("arrow", path, {}),
  feather: (path) => frameOfFiles("arrow", path, {}),
};

const TABLE_FUNCTIONS: Readonly<Record<string, (path: string) => DataFrame>> = {
  read_csv: readCsv,
  read_csv_auto: readCsv,
  read_parquet: readParquet,
  parquet_scan: readParquet,
  read_json: (path) => readJson(path, { lines: false }),
  read_ndjson: readJson,
};

/** The rows of a table that `from` names: a query of `with`, a frame that was given, or files. @throws SqlError */
export async function tableOf(table: NonNullable<TableFactor["Table"]>, within: Environment): Promise<Relation> {
  const { problems, schemaOf } = within;
  if (table.sample !== undefined) throw problems.unsupported(table.name, "tablesample", "sample the frame before.");
  if (table.args !== undefined) {
    const frame = functionTable(table.name, table.args.args, problems);
    return relationOf(frame, await schemaOf(frame));
  }
  const name = nameOf(table.name);
  const query = byName(within.queries, name);
  if (query !== undefined) return query;
  const given = byName(within.tables, name);
  const frame = given ?? filesOf(name, table.name[0]?.Identifier, within);
  return relationOf(frame, await schemaOf(frame));
}

export function nameOf(name: ObjectName): string {
  return name.map((part) => part.Identifier?.value ?? "").join(".");
}

function byName<T>(all: ReadonlyMap<string, T>, name: string): T | undefined {
  const same = all.get(name);
  if (same !== undefined) return same;
  return [...all].find(([known]) => known.toLowerCase() === name.toLowerCase())?.[1];
}

/** What reads files of a path's ending; .gz and .zst may stand behind it. */
export function readerOf(path: string): ((path: string) => DataFrame) | undefined {
  const ending = /\.(\w+)(?:\.(?:gz|zst))?$/.exec(path.toLowerCase())?.[1] ?? "";
  return Object.hasOwn(READERS, ending) ? READERS[ending] : undefined;
}

function filesOf(name: string, ident: Ident | undefined, { problems, tables, queries }: Environment): DataFrame {
  const isQuoted = ident?.quote_style !== undefined;
  const reader = readerOf(name);
  if (reader !== undefined && (isQuoted || name.includes("."))) return reader(name);
  if (isQuoted && /[./*]/.test(name))
    throw problems.atText(
      name,
      `'${name}' has no ending that says how to read it.`,
      `endings are ${Object.keys(READERS)
        .map((known) => `.${known}`)
        .join(", ")}; or give a frame by name: sql(text, { sales: readCsv(…) }).`,
    );
  const known = [...queries.keys(), ...tables.keys()];
  const fix =
    known.length > 0
      ? nearest(name, known, "tables")
      : "quote a path, as 'data.csv', or give frames by name: sql(text, { sales: frame }).";
  throw problems.at(ident, `there is no table "${name}".`, fix);
}

function functionTable(
  name: ObjectName,
  args: NonNullable<NonNullable<TableFactor["Table"]>["args"]>["args"],
  problems: Problems,
): DataFrame {
  const called = nameOf(name).toLowerCase();
  if (!Object.hasOwn(TABLE_FUNCTIONS, called))
    throw problems.at(
      name,
      `there is no table function "${called}".`,
      nearest(called, Object.keys(TABLE_FUNCTIONS), "they"),
    );
  const [argument] = args;
  const value = typeof argument?.Unnamed === "object" ? argument.Unnamed.Expr?.Value?.value : undefined;
  const path = typeof value === "object" ? value.SingleQuotedString : undefined;
  if (path !== undefined && args.length === 1) return TABLE_FUNCTIONS[called](path);
  throw problems.at(
    name,
    `${called}(…) expects one path as a text.`,
    "for options give a frame by name: sql(text, { sales: readCsv(path, options) }).",
  );
}
