import { parquetMetadata, type FileMetaData, type Statistics } from "hyparquet";
import { FormatError } from "../../errors.ts";
import { describeColumn, type Described, type ParquetColumn } from "../../kernels/formats/parquet-columns.ts";
import type { ParquetGroup } from "../../kernels/formats/read-parquet.ts";
import { readExactly } from "../../store/read-exactly.ts";
import type { ObjectInfo, Store } from "../../store/store.ts";
import type { ColumnStatistics } from "./parquet-prune.ts";

/** What a Parquet file says of itself in its footer. */
export interface Footer {
  readonly info: ObjectInfo;
  readonly columns: readonly Described[];
  readonly groups: readonly FooterGroup[];
}

export interface FooterGroup extends ParquetGroup {
  /** Bytes of a column of it as they are in memory before they are decoded. */
  readonly sizes: { readonly [name: string]: number };
  statistics(column: string): ColumnStatistics | undefined;
}

/** Read at first from the file's end: most footers fit. */
const TAIL_BYTES = 64 * 1024;
const MAGIC = "PAR1";

/** @throws FormatError for a file that is truncated, or of another format. */
export async function readFooter(info: ObjectInfo, store: Store, signal?: AbortSignal): Promise<Footer> {
  const { url, size } = info;
  const reader = await store.open(url, { etag: info.etag, ...(signal === undefined ? {} : { signal }) });
  try {
    const tailStart = Math.max(0, size - TAIL_BYTES);
    let tail = await readExactly(reader, tailStart, size, signal);
    const length = footerLength(info, tail);
    if (length + 8 > tail.length) tail = await readExactly(reader, size - length - 8, size, signal);
    return parse(info, tail, size - length - 8);
  } finally {
    await reader.close();
  }
}

function footerLength({ url, size }: ObjectInfo, tail: Uint8Array): number {
  const end = Buffer.from(tail.subarray(-4)).toString("latin1");
  if (size < 12 || end !== MAGIC) {
    const encrypted = end === "PARE";
    const found =
      size < 12
        ? `has ${size} bytes, expected 12 at least`
        : `ends in ${JSON.stringify(end)} (byte ${size - 4}), expected "${MAGIC}"`;
    throw new FormatError(
      encrypted
        ? `${url} is an encrypted Parquet file, which is not read.`
        : `${url} is no whole Parquet file: it ${found}.`,
      {
        fields: { url, format: "parquet", offset: Math.max(0, size - 4), found: end },
        fix: encrypted
          ? "write the file without encryption."
          : "leave the file out if it is of another format; if it was cut off, fetch or write it again.",
      },
    );
  }
  const length = new DataView(tail.buffer, tail.byteOffset, tail.byteLength).getUint32(tail.length - 8, true);
  if (length > size - 12) throw damaged(url, size - 8, `its footer should take ${length} bytes of ${size}`);
  return length;
}

function parse(info: ObjectInfo, tail: Uint8Array, offset: number): Footer {
  try {
    return footerOf(info, parquetMetadata(new Uint8Array(tail), { parsers: RAW, geoparquet: false }));
  } catch (error) {
    if (error instanceof FormatError) throw error;
    throw damaged(info.url, offset, error instanceof Error ? error.message : String(error), error);
  }
}

/** Bounds as they are stored, in our units: days, microseconds. */
const RAW = {
  dateFromDays: (days: number) => days,
  timestampFromMilliseconds: (value: bigint) => value * 1000n,
  timestampFromMicroseconds: (value: bigint) => value,
  timestampFromNanoseconds: (value: bigint) => (value - (((value % 1000n) + 1000n) % 1000n)) / 1000n,
};

function damaged(url: string, offset: number, why: string, cause?: unknown): FormatError {
  return new FormatError(`${url} has a footer that cannot be read (byte ${offset}): ${why}.`, {
    fields: { url, format: "parquet", offset },
    ...(cause === undefined ? {} : { cause }),
    fix: "fetch or write the file again: it is damaged.",
  });
}

function footerOf(info: ObjectInfo, metadata: FileMetaData): Footer {
  const columns = topLevel(metadata);
  const byName = new Map(columns.map(({ column }) => [column.name, column]));
  let firstRow = 0;
  const groups = metadata.row_groups
    .filter(({ num_rows: rows }) => rows > 0n)
    .map((group): FooterGroup => {
      const rows = Number(group.num_rows);
      const chunks: Record<string, readonly [number, number, number, string]> = {};
      const sizes: Record<string, number> = {};
      const statistics = new Map<string, Statistics | undefined>();
      for (const { meta_data: meta, file_path: elsewhere } of group.columns) {
        if (meta === undefined || elsewhere)
          throw damaged(info.url, info.size, "its columns are in other files, or encrypted");
        const [name] = meta.path_in_schema;
        sizes[name] = (sizes[name] ?? 0) + Number(meta.total_uncompressed_size);
        if (byName.get(name)?.meaning === "nested") continue;
        const data = Number(meta.data_page_offset);
        const dictionary = Number(meta.dictionary_page_offset ?? 0);
        const start = dictionary > 0 && dictionary < data ? dictionary : data;
        const bytes = Number(meta.total_compressed_size);
        if (start < 4 || start + bytes > info.size)
          throw damaged(
            info.url,
            start,
            `column "${name}" should be at bytes ${start} to ${start + bytes} of ${info.size}`,
          );
        chunks[name] = [start, bytes, Number(meta.total_uncompressed_size), meta.codec];
        statistics.set(name, meta.statistics);
      }
      const before = firstRow;
      firstRow += rows;
      return {
        rows,
        firstRow: before,
        chunks,
        sizes,
        statistics: (name) => bounds(byName.get(name), statistics.get(name), rows),
      };
    });
  return { info, columns, groups };
}

/** The columns: elements of the schema that are directly below its root. */
function topLevel({ schema }: FileMetaData): Described[] {
  const out: Described[] = [];
  let at = 1;
  const skip = (): void => {
    const { num_children: children = 0 } = schema[at++];
    for (let i = 0; i < children; i++) skip();
  };
  for (let i = 0; i < (schema[0]?.num_children ?? 0); i++) {
    out.push(describeColumn(schema[at]));
    skip();
  }
  return out;
}

/** What the bounds of a row group tell for sure. */
function bounds(
  column: ParquetColumn | undefined,
  found: Statistics | undefined,
  rows: number,
): ColumnStatistics | undefined {
  if (column === undefined || found === undefined) return undefined;
  const nulls = found.null_count === undefined ? {} : { nulls: Number(found.null_count) };
  const mayHoldNaN = column.type === "float64";
  const known = { rows, mayHoldNaN, ...nulls };
  // The older fields of texts and of unsigned numbers were ordered in several ways; decimals are rounded.
  const hasOrder = column.type !== "string" && column.meaning !== "unsigned";
  const min = usable(found.min_value ?? (hasOrder ? found.min : undefined));
  const max = usable(found.max_value ?? (hasOrder ? found.max : undefined));
  const isExact = column.meaning === "plain" || column.meaning === "unsigned" || column.meaning.endsWith("seconds");
  return min === undefined || max === undefined || !isExact ? known : { ...known, min, max };
}

function usable(value: Statistics["min_value"]): number | bigint | boolean | string | undefined {
  if (typeof value === "number") return Number.isNaN(value) ? undefined : value;
  // A text that was cut off within a character is no bound any more.
  if (typeof value === "string") return value.includes("\ufffd") ? undefined : value;
  return typeof value === "bigint" || typeof value === "boolean" ? value : undefined;
}
