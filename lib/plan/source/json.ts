import type { JsonNode, JsonOptions } from "../../collections/dataframe/file-nodes.ts";
import { parseBytes } from "../../collections/options.ts";
import { widerOf, type ScalarType, type Schema } from "../../collections/schema.ts";
import { FormatError, TextError } from "../../errors.ts";
import type { JsonColumn } from "../../kernels/formats/json-columns.ts";
import { SpelledNumber, parseSpelled } from "../../kernels/formats/json-parse.ts";
import { readJsonArray, type JsonFormat } from "../../kernels/formats/read-json.ts";
import { asItem } from "../../kernels/formats/sources.ts";
import { codecOf, withDecompression } from "../../store/decompressing.ts";
import { expandSources } from "../../store/glob.ts";
import type { ObjectInfo, Store } from "../../store/store.ts";
import { estimateFile } from "../estimate-files.ts";
import type { FileReadOptions } from "./file.ts";
import type { Read } from "./read.ts";
import { widenedIn } from "./widened.ts";

const DEFAULT_BLOCK_BYTES = 16 * 1024 * 1024;
const DEFAULT_SAMPLE_ROWS = 1_000;
const SAMPLE_BYTES = 1024 * 1024;
/** A line of more than this in the sample is not waited for. */
const LONGEST_SAMPLE_BYTES = 64 * 1024 * 1024;
/** What a compressed file holds is taken to be so many times as large. */
const COMPRESSION = 5;

/** Lists the files and looks at the first that holds anything. */
export async function jsonRead(node: JsonNode, { store, widened: known, signal }: FileReadOptions): Promise<Read> {
  const { options, paths } = node;
  const infos = await expandSources(store, paths, process.cwd(), signal);
  const widened = widenedIn(known, infos);
  const sources = infos.map(({ url, size, etag }) => ({ url, size, etag }));
  const { lines = true, sampleRows = DEFAULT_SAMPLE_ROWS } = options;
  const first = infos.find(({ size }) => size > 0) ?? infos[0];
  const sample = await sampleOf(first, lines, sampleRows, store, signal);
  const { columns, notes } = columnsOf(sample.rows, options, widened);
  if (columns.length === 0) throw nothingIn(first);
  const mode = !lines ? "array" : infos.some(({ url }) => codecOf(url) !== undefined) ? "stream" : "lines";
  const blockSize =
    options.blockSize === undefined ? DEFAULT_BLOCK_BYTES : parseBytes(options.blockSize, "readJson option blockSize");
  const sizes = sources.map(({ url, size }) => (codecOf(url) === undefined ? size : COMPRESSION * size));
  const largest = Math.max(...sizes, 1);
  const taskBytes = mode === "lines" ? Math.min(largest, 1.5 * blockSize) : largest;
  const rows = Math.ceil(sizes.reduce((sum, size) => sum + size, 0) / sample.rowBytes);
  const schema: Schema = columns.map(({ name, type }) => ({ name, type }));
  const format: JsonFormat = { format: "json", mode, columns };
  return {
    schema,
    format,
    tasks:
      mode === "lines"
        ? { kind: "ranges", sources, blockSize }
        : { kind: "items", items: sources.map((source) => asItem({ source })) },
    notes: [
      ...notes,
      ...(mode === "stream" ? ["compressed files are read from front to back, one a task"] : []),
      ...[...widened].map(
        ([name, type]) =>
          `column "${name}" is ${type}: a value behind the sample did not fit the type that the sample gave`,
      ),
    ],
    rows,
    textBytes: sample.rowBytes / columns.length,
    estimate: (asked, sink) =>
      estimateFile(
        {
          bytesIn: sources.reduce((sum, { size }) => sum + size, 0),
          // Lines go through in small blocks; an array is in memory whole, and its objects take several times its text.
          pieceBytes: mode === "array" ? 3 * largest : SAMPLE_BYTES,
          rows: Math.ceil(taskBytes / sample.rowBytes),
        },
        asked,
        sink,
      ),
  };
}

interface Sample {
  readonly rows: readonly object[];
  /** Bytes of a row, on average. */
  readonly rowBytes: number;
}

async function sampleOf(
  info: ObjectInfo,
  lines: boolean,
  most: number,
  store: Store,
  signal?: AbortSignal,
): Promise<Sample> {
  if (info.size === 0) return { rows: [], rowBytes: 1 };
  if (!lines) {
    const rows = await readJsonArray(info, signal === undefined ? { store } : { store, signal }, parseSpelled);
    return { rows: rows.slice(0, most), rowBytes: Math.max(1, info.size / Math.max(1, rows.length)) };
  }
  const opened = await withDecompression(store).open(info.url, {
    etag: info.etag,
    ...(signal === undefined ? {} : { signal }),
  });
  try {
    for (let bytes = SAMPLE_BYTES; ; bytes *= 8) {
      const head = await opened.read(0, bytes, signal);
      const whole = head.length < bytes;
      const text = Buffer.from(head.buffer, head.byteOffset, head.length)
        .toString("utf8")
        .replace(/^\ufeff/, "");
      const end = whole ? text.length : text.lastIndexOf("\n") + 1;
      if (end === 0 && !whole && bytes < LONGEST_SAMPLE_BYTES) continue;
      const found = text
        .slice(0, end)
        .split("\n")
        .map((line, i) => ({ line, number: i + 1 }))
        .filter(({ line }) => line.trim() !== "")
        .slice(0, most);
      const rows = found.map(({ line, number }) => objectOf(line, number, info));
      return {
        rows,
        rowBytes: Math.max(1, found.reduce((sum, { line }) => sum + line.length + 1, 0) / Math.max(1, rows.length)),
      };
    }
  } finally {
    await opened.close();
  }
}

function objectOf(line: string, number: number, { url }: ObjectInfo): object {
  let value: unknown;
  let cause: unknown;
  try {
    value = parseSpelled(line);
  } catch (error) {
    cause = error;
  }
  if (typeof value === "object" && value !== null && !Array.isArray(value) && !(value instanceof SpelledNumber))
    return value;
  const isArray = /^\s*\[/.test(line);
  const text = line.slice(0, 200);
  throw new TextError(`${url} has a line that is no JSON object (line ${number}): ${JSON.stringify(text)}.`, {
    fields: { url, line: number, text },
    ...(cause === undefined ? {} : { cause }),
    fix: isArray ? "a file that is one array is read by readJson(…, { lines: false })." : "correct the line.",
  });
}

type Kind = ScalarType | "null" | "nested";

function columnsOf(
  rows: readonly object[],
  { types = {}, widen = "float64" }: JsonOptions,
  widened: ReadonlyMap<string, ScalarType>,
): { readonly columns: JsonColumn[]; readonly notes: string[] } {
  const kinds = new Map<string, Kind>();
  const nested = new Set<string>();
  for (const row of rows)
    for (const [name, value] of Object.entries(row)) {
      const kind = kindOfValue(value);
      if (kind === "nested") nested.add(name);
      const known = kinds.get(name) ?? "null";
      kinds.set(name, kind === "nested" || known === "nested" ? "string" : (widerOf(known, kind, true) ?? "string"));
    }
  for (const name of Object.keys(types)) if (!kinds.has(name)) kinds.set(name, "null");
  const columns = [...kinds].map(([name, kind]): JsonColumn => {
    const fixed = Object.hasOwn(types, name) ? types[name] : undefined;
    if (fixed !== undefined) return { name, type: fixed, widensTo: null };
    // A column without a value in the sample may turn out to be anything; float64 is what pandas makes of it.
    const type = widened.get(name) ?? (kind === "null" || kind === "nested" ? "float64" : kind);
    const limit = kind === "null" ? "string" : widen;
    return { name, type, widensTo: type === limit || type === "string" ? null : limit };
  });
  return {
    columns,
    notes: [...nested].map((name) => `column "${name}" holds arrays or objects: it is read as JSON text`),
  };
}

function kindOfValue(value: unknown): Kind {
  if (value === null) return "null";
  if (value instanceof SpelledNumber) {
    const isWhole = /^-?\d+$/.test(value.text) && BigInt.asIntN(64, BigInt(value.text)) === BigInt(value.text);
    return isWhole ? "int64" : "float64";
  }
  if (typeof value === "boolean") return "bool";
  return typeof value === "string" ? "string" : "nested";
}

function nothingIn({ url }: ObjectInfo): FormatError {
  return new FormatError(`${url} holds no objects, so that no columns are known.`, {
    fields: { url, format: "json" },
    fix: 'leave the file out, or name the columns: { types: { price: "float64" } }.',
  });
}
