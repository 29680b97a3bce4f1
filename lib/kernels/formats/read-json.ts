import type { Source, TaskInput } from "../../plan/plan.ts";
import { FormatError, InternalError, TextError } from "../../errors.ts";
import { codecOf, withDecompression } from "../../store/decompressing.ts";
import { withReadAhead } from "../../store/with-read-ahead.ts";
import type { Batch } from "../frame/column.ts";
import { inSlices } from "../frame/slice.ts";
import type { Span, TaskContext } from "../kernel.ts";
import { readLines, type LineBlock } from "../text/lines.ts";
import { JsonColumns, type JsonColumn, type Place } from "./json-columns.ts";
import { parseJson } from "./json-parse.ts";
import { pulled } from "./pulled.ts";
import { fileItem, type ReadBatches } from "./sources.ts";
import { streamedLines } from "./streamed-lines.ts";
import { wholeFileRows } from "./whole-file.ts";

/** How JSON is read: lines by byte range, or from front to back where they are compressed; or one array a file. */
export interface JsonFormat {
  readonly format: "json";
  readonly mode: "lines" | "stream" | "array";
  readonly columns: readonly JsonColumn[];
}

export const jsonBatches: ReadBatches<JsonFormat> = async ({ mode, columns: all }, columns, input, context, use) => {
  const wanted = columns.map(({ name }) => {
    const column = all.find((one) => one.name === name);
    if (column === undefined) throw new InternalError(`The plan reads "${name}", which no JSON column is.`);
    return column;
  });
  if (mode === "lines") return lines(wanted, rangeOf(input), context, use);
  const { source } = fileItem<{ readonly source: Source }>(input, "JSON");
  if (mode === "array") return use({ batches: arrayBatches(wanted, source, context) });
  return wholeFileRows(() => use({ batches: streamBatches(wanted, source, context) }));
};

type Range = Extract<TaskInput, { kind: "range" }>;
type Use = Parameters<ReadBatches<JsonFormat>>[4];

function rangeOf(input: TaskInput): Range {
  if (input.kind === "range") return input;
  throw new InternalError(`JSON Lines are read by ranges, found ${input.kind}.`);
}

async function lines(columns: readonly JsonColumn[], range: Range, context: TaskContext, use: Use): ReturnType<Use> {
  const reader = new JsonColumns(columns);
  const { url } = range.source;
  let span: Span | undefined;
  let recordsIn = 0;
  const batches = pulled<Batch>(async (push, until) => {
    const read = await readLines(
      range,
      context,
      { encodingErrors: "error" },
      (block) => push(batchOf(reader, block, url)),
      until,
    );
    ({ span, recordsIn } = read);
  });
  const output = await use({ batches, span: () => span ?? { from: range.from ?? range.start, next: range.end } });
  // Blank lines count too: the rows of later ranges are told from these.
  return { ...output, recordsIn };
}

async function* streamBatches(
  columns: readonly JsonColumn[],
  source: Source,
  context: TaskContext,
): AsyncGenerator<Batch> {
  const reader = new JsonColumns(columns);
  const opened = await withDecompression(context.store).open(source.url, { etag: source.etag, signal: context.signal });
  try {
    const file = codecOf(source.url) === undefined ? withReadAhead(opened, source.size) : opened;
    for await (const block of streamedLines(file, context.signal)) yield batchOf(reader, block, source.url);
    await opened.verify?.();
  } finally {
    await opened.close();
  }
}

function batchOf(reader: JsonColumns, block: LineBlock, url: string): Batch {
  const rows: object[] = [];
  const numbers: number[] = [];
  for (let i = 0; i < block.lines.length; i++) {
    const text = block.lines[i];
    if (text.trim() === "") continue;
    let value: unknown;
    try {
      value = parseJson(text);
    } catch (error) {
      throw notJson(url, block, i, error);
    }
    if (typeof value !== "object" || value === null || Array.isArray(value)) throw notJson(url, block, i, undefined);
    rows.push(value);
    numbers.push(i);
  }
  const placeOf = (row: number): Place => ({
    where: `line {row}, which starts at byte ${block.offsetOf(numbers[row])}`,
    fields: { url, offset: block.offsetOf(numbers[row]), row: block.before + numbers[row] + 1, rowBase: "shard" },
  });
  return reader.batch(rows, placeOf, url);
}

function notJson(url: string, block: LineBlock, i: number, cause: unknown): TextError {
  const text = block.lines[i].length > 200 ? `${block.lines[i].slice(0, 199)}…` : block.lines[i];
  const offset = block.offsetOf(i);
  const why = cause instanceof Error ? `: ${cause.message}` : "";
  return new TextError(
    `${url} has a line that is no JSON object (line {row}, which starts at byte ${offset}): ${JSON.stringify(text)}${why}.`,
    {
      fields: { url, offset, row: block.before + i + 1, rowBase: "shard", text },
      cause,
      fix: "correct the line; a file that is one JSON array is read by readJson(…, { lines: false }).",
    },
  );
}

async function* arrayBatches(
  columns: readonly JsonColumn[],
  source: Source,
  context: TaskContext,
): AsyncGenerator<Batch> {
  const rows = await readJsonArray(source, context);
  const placeOf = (row: number): Place => ({
    where: `item ${row + 1} of its array`,
    fields: { url: source.url, row: row + 1 },
  });
  yield* inSlices(new JsonColumns(columns).batch(rows, placeOf, source.url));
}

/** The objects of a file that is one JSON array (or one object: then just that). @throws FormatError */
export async function readJsonArray(
  { url, size, etag }: Source,
  { store, signal }: Pick<TaskContext, "store"> & { readonly signal?: AbortSignal },
  parse: (text: string) => unknown = parseJson,
): Promise<object[]> {
  const options = signal === undefined ? { etag } : { etag, signal };
  const opened = await withDecompression(store).open(url, options);
  try {
    const bytes = await opened.read(0, codecOf(url) === undefined ? size : Number.MAX_SAFE_INTEGER, signal);
    const found = parse(
      Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length)
        .toString("utf8")
        .replace(/^\ufeff/, ""),
    );
    const rows: unknown[] = Array.isArray(found) ? found : [found];
    const wrong = rows.findIndex((row) => typeof row !== "object" || row === null || Array.isArray(row));
    if (wrong < 0) return rows as object[]; // just looked at
    throw new FormatError(
      `${url} holds an item that is no object (item ${wrong + 1}): ${JSON.stringify(rows[wrong])}.`,
      {
        fields: { url, format: "json", row: wrong + 1 },
        fix: 'write the rows as objects: [{ "name": value }, …].',
      },
    );
  } catch (error) {
    if (!(error instanceof SyntaxError) && !(error instanceof RangeError)) throw error;
    throw new FormatError(`${url} is no JSON array: ${error.message}.`, {
      fields: { url, format: "json" },
      cause: error,
      fix: "correct the file; one with an object a line is read by readJson(…, { lines: true }).",
    });
  } finally {
    await opened.close();
  }
}
