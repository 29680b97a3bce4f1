import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import type { Table } from "apache-arrow";
import { Client } from "../client/client.ts";
import type { DataFrame } from "../collections/dataframe/dataframe.ts";
import { readCsv } from "../collections/dataframe/read-csv.ts";
import { col } from "../collections/expression.ts";
import { formatBytes } from "../collections/options.ts";
import { InternalError } from "../errors.ts";
import { wholeOption, type Arguments, type OptionSpecs } from "./arguments.ts";
import { CLIENT_OPTIONS, clientOptions } from "./client-arguments.ts";
import { printTable } from "../collections/dataframe/print-table.ts";
import { writeSales, type Sales, type SalesOptions } from "./sales.ts";
import type { Terminal } from "./terminal.ts";
import { UsageError } from "./usage.ts";

export const DEMO_OPTIONS: OptionSpecs = {
  rows: { value: "N", help: "in all files together. Default 900_000" },
  files: { value: "N", help: "Default 3" },
  ...CLIENT_OPTIONS,
  dir: { value: "DIR", help: "where the files go, and stay. Default: a temporary folder, deleted at the end" },
  keep: { help: "leave the files where they are" },
};

const PROGRAM = `readCsv("sales_2023_*.csv")
  .assign({ revenue: col("quantity").mul(col("price")) })
  .groupBy("product")
  .agg({ revenue: col("revenue").sum() })`;

/** `abanico demo`: makes CSV files of sales, and sums revenue by product. */
export async function demo(args: Arguments, terminal: Terminal): Promise<void> {
  const rows = wholeOption(args, "rows", 1) ?? 900_000;
  const files = wholeOption(args, "files", 1) ?? 3;
  const options = clientOptions(args, terminal);
  const chosen = args.one("dir");
  const folder = chosen ?? (await mkdtemp(join(tmpdir(), "abanico-demo-")));
  try {
    const { say, style, signal } = terminal;
    say(style("dim", `Making ${files} CSV files of sales, ${rows.toLocaleString("en")} rows …`));
    const sales = await makeSales(folder, { rows, files, signal });
    const revenue = program(join(folder, "sales_2023_*.csv"));
    await using client = await Client.local(options);
    say(`\n${PROGRAM}\n`);
    say(style("dim", shorten(await client.explain(revenue))));
    say("");
    const started = performance.now();
    const table = await client.compute(revenue, { signal });
    const seconds = (performance.now() - started) / 1000;
    checkAnswer(table, sales);
    if (args.has("json"))
      await terminal.write(`${JSON.stringify(facts(table, sales, rows, seconds, client.threads))}\n`);
    else for (const text of printTable(table, "table", table.numRows)) await terminal.write(text);
    const speed = `${(rows / seconds / 1e6).toFixed(1)} million rows/s, ${formatBytes(sales.bytes / seconds)}/s`;
    say("");
    say(style("bold", `${formatBytes(sales.bytes)} in ${seconds.toFixed(2)} s: ${speed}, ${client.threads} threads`));
    if (args.has("keep") || chosen !== undefined) say(`The files are in ${folder}.`);
    else say(style("dim", 'Your own files: abanico run "data/*.csv" --group-by a --agg "total = sum(b)"'));
  } finally {
    if (chosen === undefined && !args.has("keep")) await rm(folder, { recursive: true, force: true });
  }
}

async function makeSales(folder: string, options: SalesOptions): Promise<Sales> {
  try {
    return await writeSales(folder, options);
  } catch (error) {
    if (!(error instanceof Error && "code" in error && error.code === "EEXIST")) throw error;
    throw new UsageError(
      `${folder} holds sales files already.`,
      `name another --dir, or: abanico run "${folder}/*.csv".`,
    );
  }
}

function program(glob: string): DataFrame {
  return readCsv(glob)
    .assign({ revenue: col("quantity").mul(col("price")) })
    .groupBy("product")
    .agg({ revenue: col("revenue").sum() });
}

/** Explanations without the memory's terms, which are for those who tune. */
function shorten(explanation: string): string {
  return explanation.replace(/^( {2}memory .*) \(.*\)$/m, "$1");
}

/** The generator knows the sums. */
function checkAnswer(table: Table, { revenue }: Sales): void {
  const found = answerOf(table);
  for (const [product, sum] of Object.entries(revenue))
    if (!(Math.abs((found[product] ?? NaN) - sum) <= 1e-9 * sum))
      throw new InternalError(`The demo's sum for ${product} is ${found[product]}, expected ${sum}.`);
}

function answerOf(table: Table): Record<string, number> {
  const [products, sums] = [table.getChild("product"), table.getChild("revenue")];
  return Object.fromEntries(
    Array.from({ length: table.numRows }, (_, i) => [String(products?.get(i)), Number(sums?.get(i))]),
  );
}

function facts(table: Table, { paths, bytes }: Sales, rows: number, seconds: number, threads: number): object {
  const speed = { rowsPerSecond: Math.round(rows / seconds), bytesPerSecond: Math.round(bytes / seconds) };
  return {
    revenue: answerOf(table),
    files: paths.map((path) => basename(path)),
    rows,
    bytes,
    seconds,
    ...speed,
    threads,
  };
}
