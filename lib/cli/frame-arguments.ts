import { readFile } from "node:fs/promises";
import { DataFrame } from "../collections/dataframe/dataframe.ts";
import type { CsvOptions } from "../collections/dataframe/nodes.ts";
import { readCsv } from "../collections/dataframe/read-csv.ts";
import type { Aggregate } from "../collections/expression.ts";
import { SCALAR_TYPES, type ScalarType } from "../collections/schema.ts";
import { OptionError } from "../errors.ts";
import { wholeValue, wordOption, type Arguments, type OptionSpecs } from "./arguments.ts";
import { parseAggregate, parseAssignment, parseExpression } from "./expression-parser.ts";
import { UsageError } from "./usage.ts";

/** What is done to the rows, in the order of the command line. */
export const STEP_OPTIONS: OptionSpecs = {
  filter: { value: '"quantity > 50"', help: "keep the rows for which this is true" },
  assign: { value: '"revenue = quantity * price"', help: "add a column, or replace it" },
  select: { value: "date,price", help: "these columns, in this order" },
  "group-by": { value: "product", help: "one row for each value of these columns; goes with --agg" },
  agg: {
    value: '"revenue = sum(revenue)"',
    help: "sum, mean, median, nunique … of an expression, quantile(x, 0.9), size()",
  },
  head: { value: "N", help: "the first rows" },
};

export const CSV_OPTIONS: OptionSpecs = {
  delimiter: { value: "CHAR", help: 'between fields; "\\t" or tab for a tab. Default ,' },
  quote: { value: "CHAR", help: 'around fields; "" for none. Default "' },
  escape: { value: "CHAR", help: "takes the next character's meaning off. Default: quotes are doubled" },
  "no-header": { help: "the first record is data; columns are column_0, column_1 … or --names" },
  names: { value: "a,b,c", help: "names of the columns, instead of the header's" },
  types: { value: "price=float64,code=string", help: `types of columns: ${SCALAR_TYPES.join(", ")}` },
  "infer-dates": { help: "columns of ISO 8601 days and instants become dates and timestamps, not text" },
  nulls: { value: "NA,-", help: "texts that mean null. Default: pandas' list in number columns" },
  ragged: { value: "pad", help: "give records with too few fields nulls instead of an error" },
  widen: { value: "string", help: "let numbers become text where a later value is none" },
  "encoding-errors": { value: "replace", help: "read bytes that are not UTF-8 as U+FFFD instead of an error" },
  "block-size": { value: "SIZE", help: "bytes a task reads, as 64MB. Default 16MiB" },
};

/** The frame that a command line describes: of CSV files, or of a pipeline's JSON; then its steps. @throws UsageError */
export async function frameOf(args: Arguments): Promise<DataFrame> {
  const { positionals } = args;
  if (positionals.length === 0)
    throw new UsageError("Which files?", "name files, globs or URLs, or one pipeline.json.");
  const pipeline = positionals.length === 1 && positionals[0].endsWith(".json");
  const source = pipeline
    ? await readPipeline(positionals[0], args)
    : usage(() => readCsv(positionals, csvOptions(args)));
  return usage(() => withSteps(source, args));
}

/** What is wrong with an option is wrong with the command line. */
export function usage<T>(make: () => T): T {
  try {
    return make();
  } catch (error) {
    if (!(error instanceof OptionError)) throw error;
    throw new UsageError(error.message);
  }
}

async function readPipeline(path: string, args: Arguments): Promise<DataFrame> {
  const csv = Object.keys(CSV_OPTIONS).find((name) => args.has(name));
  if (csv !== undefined) throw new UsageError(`--${csv} goes with CSV files; ${path} has its options inside.`);
  let text: string;
  try {
    text = await readFile(path, "utf8");
  } catch (error) {
    throw new UsageError(`${path} cannot be read: ${error instanceof Error ? error.message : String(error)}.`);
  }
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (error) {
    throw new UsageError(`${path} is no JSON: ${error instanceof Error ? error.message : String(error)}.`);
  }
  return DataFrame.fromJSON(json);
}

function csvOptions(args: Arguments): CsvOptions {
  const names = listOption(args, "names");
  const nulls = listOption(args, "nulls");
  const types = args.one("types");
  const ragged = wordOption(args, "ragged", ["error", "pad"]);
  const widen = wordOption(args, "widen", ["float64", "string"]);
  const encodingErrors = wordOption(args, "encoding-errors", ["error", "replace"]);
  const [delimiter, quote, escape, blockSize] = [
    characterOption(args, "delimiter"),
    args.one("quote"),
    args.one("escape"),
    args.one("block-size"),
  ];
  return {
    ...(delimiter === undefined ? {} : { delimiter }),
    ...(quote === undefined ? {} : { quote }),
    ...(escape === undefined ? {} : { escape }),
    ...(args.has("no-header") ? { header: false } : {}),
    ...(args.has("infer-dates") ? { inferDates: true } : {}),
    ...(names === undefined ? {} : { names }),
    ...(nulls === undefined ? {} : { nulls }),
    ...(types === undefined ? {} : { types: typesOf(types) }),
    ...(ragged === undefined ? {} : { ragged }),
    ...(widen === undefined ? {} : { widen }),
    ...(encodingErrors === undefined ? {} : { encodingErrors }),
    ...(blockSize === undefined ? {} : { blockSize }),
  };
}

function characterOption(args: Arguments, name: string): string | undefined {
  const text = args.one(name);
  return text === "\\t" || text === "tab" ? "\t" : text;
}

function listOption(args: Arguments, name: string): string[] | undefined {
  return args.one(name)?.split(",");
}

function typesOf(text: string): Record<string, ScalarType> {
  const pairs = text.split(",").map((pair) => {
    const at = pair.lastIndexOf("=");
    const type = SCALAR_TYPES.find((known) => known === pair.slice(at + 1));
    if (at < 1 || type === undefined)
      throw new UsageError(
        `--types takes column=type, found ${JSON.stringify(pair)}.`,
        `types are ${SCALAR_TYPES.join(", ")}.`,
      );
    return [pair.slice(0, at), type] as const;
  });
  return Object.fromEntries(pairs);
}

interface Group {
  readonly keys: string[];
  readonly aggregates: Record<string, Aggregate>;
}

/** Options --group-by and --agg that stand together make one group, whichever is first. */
function withSteps(source: DataFrame, args: Arguments): DataFrame {
  let frame = source;
  let group: Group | undefined;
  const finish = () => {
    if (group !== undefined) frame = grouped(frame, group);
    group = undefined;
  };
  for (const { name, value } of args.options) {
    if (name === "group-by") {
      if (group !== undefined && group.keys.length > 0 && Object.keys(group.aggregates).length > 0) finish();
      group ??= { keys: [], aggregates: {} };
      group.keys.push(...value.split(",").map((key) => key.trim()));
    } else if (name === "agg") {
      group ??= { keys: [], aggregates: {} };
      const { name: column, value: aggregate } = parseAggregate(value);
      if (Object.hasOwn(group.aggregates, column)) throw new UsageError(`--agg makes "${column}" twice.`);
      group.aggregates[column] = aggregate;
    } else if (Object.hasOwn(STEP_OPTIONS, name)) {
      finish();
      frame = step(frame, name, value);
    }
  }
  finish();
  return frame;
}

function grouped(frame: DataFrame, { keys, aggregates }: Group): DataFrame {
  if (Object.keys(aggregates).length === 0)
    throw new UsageError("--group-by needs --agg.", 'say what to compute of a group, as --agg "n = size()".');
  return frame.groupBy(keys).agg(aggregates);
}

function step(frame: DataFrame, name: string, value: string): DataFrame {
  switch (name) {
    case "filter":
      return frame.filter(parseExpression(value));
    case "assign": {
      const { name: column, value: expression } = parseAssignment(value);
      return frame.assign({ [column]: expression });
    }
    case "select":
      return frame.select(value.split(",").map((column) => column.trim()));
    default:
      return frame.head(wholeValue(value, "head", 0));
  }
}
