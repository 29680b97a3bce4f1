import type { CsvNode, CsvOptions } from "../../collections/dataframe/nodes.ts";
import { parseBytes } from "../../collections/options.ts";
import { listed, namedTwice } from "../../collections/names.ts";
import type { ScalarType } from "../../collections/schema.ts";
import { CsvError, OptionError, nearestNames } from "../../errors.ts";
import type { CsvColumn, CsvFormat, Dialect } from "../../kernels/csv/params.ts";
import { MAX_RECORD_BYTES } from "../../kernels/csv/record-buffer.ts";
import { columnKinds, sampleRecords, type Sample } from "../../kernels/csv/sample.ts";
import { DEFAULT_NULLS, type TextKind } from "../../kernels/csv/texts.ts";
import { withDecompression } from "../../store/decompressing.ts";
import { expandSources } from "../../store/glob.ts";
import type { ObjectInfo, Store } from "../../store/store.ts";
import type { Source } from "../plan.ts";
import { widenedIn, type Widened } from "./widened.ts";

const DEFAULT_BLOCK_BYTES = 16 * 1024 * 1024;
const DEFAULT_SAMPLE_ROWS = 1_000;
const SAMPLE_BYTES = 256 * 1024;

/** What a CSV description turns out to be, once the files are listed and the first is sampled. */
export interface CsvSource {
  readonly sources: readonly Source[];
  readonly format: CsvFormat;
  /** In bytes. */
  readonly blockSize: number;
  /** Bytes of a record, on average in the sample. */
  readonly recordBytes: number;
  readonly notes: readonly string[];
}

/** Lists the files and samples the first that holds anything. `known`: types that an earlier attempt found to be wider than the sample. */
export async function resolveCsv(
  node: CsvNode,
  store: Store,
  known?: Widened,
  signal?: AbortSignal,
): Promise<CsvSource> {
  const { options } = node;
  const infos = await expandSources(store, node.paths, process.cwd(), signal);
  const widened = widenedIn(known, infos);
  const dialect = dialectOf(options);
  const first = infos.find((info) => info.size > 0) ?? infos[0];
  const sample = await sampleOf(first, store, dialect, options.sampleRows ?? DEFAULT_SAMPLE_ROWS, signal);
  const { names, header, rows } = splitHeader(first, sample, options);
  const kinds = columnKinds(rows, names.length, new Set(options.nulls ?? DEFAULT_NULLS), options.inferDates);
  checkTypes(options.types ?? {}, names);
  const columns = names.map((name, i) => columnFor(name, kinds[i], options, widened.get(name)));
  return {
    sources: infos.map(({ url, size, etag }) => ({ url, size, etag })),
    format: { dialect, header, columns },
    blockSize:
      options.blockSize === undefined ? DEFAULT_BLOCK_BYTES : parseBytes(options.blockSize, "readCsv option blockSize"),
    recordBytes: Math.max(1, sample.bytes / Math.max(1, sample.records.length)),
    notes: [...widened].map(
      ([name, type]) =>
        `column "${name}" is ${type}: a value behind the sample did not fit the type that the sample gave`,
    ),
  };
}

function dialectOf(options: CsvOptions): Dialect {
  const { delimiter = ",", quote = '"', escape = "", ragged = "error", encodingErrors = "error", nulls } = options;
  return { delimiter, quote, escape, ragged, encodingErrors, ...(nulls === undefined ? {} : { nulls }) };
}

async function sampleOf(
  info: ObjectInfo,
  store: Store,
  dialect: Dialect,
  rows: number,
  signal?: AbortSignal,
): Promise<Sample> {
  const opening = { etag: info.etag, ...(signal === undefined ? {} : { signal }) };
  const reader = await withDecompression(store).open(info.url, opening);
  try {
    for (let bytes = SAMPLE_BYTES; ; bytes = Math.min(8 * bytes, MAX_RECORD_BYTES)) {
      const head = await reader.read(0, Math.min(bytes, reader.info.size), signal);
      const whole = bytes >= reader.info.size;
      refuseUtf16(info, head);
      refuseReturns(info, head);
      const sample = await sampleRecords(head, dialect, rows + 1, whole);
      if (sample.records.length > 0 || whole || bytes >= MAX_RECORD_BYTES) return sample;
    }
  } finally {
    await reader.close();
  }
}

/** Spreadsheets call it "Unicode text". Read as UTF-8 it would be refused too, but for another reason. */
function refuseUtf16(info: ObjectInfo, [first, second]: Uint8Array): void {
  if (Math.min(first, second) !== 0xfe || Math.max(first, second) !== 0xff) return;
  throw new CsvError(`${info.url} begins with the byte order mark of UTF-16 (byte 0), expected UTF-8.`, {
    fields: { url: info.url, offset: 0, row: 0 },
    fix: "convert the file to UTF-8 (for example iconv -f utf-16 -t utf-8).",
  });
}

/** Files whose lines end in a carriage return alone (as Mac OS wrote them before 2001) would be read as one long record. */
function refuseReturns(info: ObjectInfo, head: Uint8Array): void {
  const at = head.indexOf(13);
  if (at < 0 || head.includes(10)) return;
  throw new CsvError(`${info.url} ends its lines with carriage returns alone (byte ${at}), expected line feeds.`, {
    fields: { url: info.url, offset: at, row: 0 },
    fix: "convert the line ends (for example tr '\\r' '\\n').",
  });
}

/** The columns' names, the header word for word, and the records behind it. */
function splitHeader(
  info: ObjectInfo,
  sample: Sample,
  options: CsvOptions,
): { names: string[]; header: string[] | null; rows: Sample["records"] } {
  const { header = true, names } = options;
  const [first, ...rest] = sample.records;
  if (first === undefined) {
    if (sample.openQuote !== undefined) throw neverClosed(info, sample.openQuote, header ? 0 : 1);
    if (!header && names !== undefined) return { names: [...names], header: null, rows: [] };
    throw new CsvError(
      info.size === 0
        ? `${info.url} is empty, expected a header.`
        : `${info.url} has no record (byte 0): it holds nothing, or blank lines only.`,
      {
        fields: { url: info.url, offset: 0, row: 0 },
        fix: header ? "leave the file out, or pass { header: false, names: […] }." : "leave the file out.",
      },
    );
  }
  const texts = first.map(({ text }) => text);
  if (names !== undefined && names.length !== texts.length)
    throw new OptionError(
      `readCsv option names has ${names.length} names, but ${info.url} has ${texts.length} columns.`,
      { fields: { expected: texts.length, found: names.length } },
    );
  const found = names ?? texts.map((text, i) => (header ? text || `Unnamed: ${i}` : `column_${i}`));
  const twice = namedTwice(found);
  if (twice !== undefined)
    throw new CsvError(`${info.url} has two columns named "${twice}".`, {
      fields: { url: info.url, offset: 0, row: 0, column: twice },
      fix: "name the columns yourself: readCsv(…, { names: […] }).",
    });
  return { names: [...found], header: header ? texts : null, rows: header ? rest : sample.records };
}

function neverClosed(info: ObjectInfo, offset: number, row: number): CsvError {
  return new CsvError(`${info.url} has a quote that is never closed (byte ${offset}, row ${row}).`, {
    fields: { url: info.url, offset, row },
    fix: 'close the quote, or pass { quote: "" } if quotes mean nothing in this file.',
  });
}

function checkTypes(types: Readonly<Record<string, ScalarType>>, names: readonly string[]): void {
  for (const name of Object.keys(types)) {
    if (names.includes(name)) continue;
    const near = nearestNames(name, names);
    throw new OptionError(`readCsv option types names "${name}", which is no column; there are ${listed(names)}.`, {
      fields: { column: name, columns: names },
      ...(near.length > 0 ? { fix: `did you mean ${near.map((n) => `"${n}"`).join(" or ")}?` } : {}),
    });
  }
}

function columnFor(name: string, kind: TextKind, options: CsvOptions, widened: ScalarType | undefined): CsvColumn {
  const fixed = options.types?.[name];
  if (fixed !== undefined) return { name, type: fixed, widensTo: null };
  // A column without a value in the sample may turn out to be anything; float64 is what pandas makes of it.
  const type = widened ?? (kind === "null" ? "float64" : kind);
  const limit = kind === "null" ? "string" : (options.widen ?? "float64");
  return { name, type, widensTo: type === limit || type === "string" ? null : limit };
}
