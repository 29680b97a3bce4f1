import { gzipSync } from "node:zlib";
import * as zlib from "node:zlib";
import type { RowGroup, SchemaElement } from "hyparquet";
import { ByteWriter } from "hyparquet-writer/src/bytewriter.js";
import { writeMetadata } from "hyparquet-writer/src/metadata.js";
import { snappyCompress } from "hyparquet-writer/src/snappy.js";
import type { Field } from "../../collections/schema.ts";
import { OptionError } from "../../errors.ts";
import { columnOf } from "../frame/column.ts";
import type { Frame } from "../frame/encode.ts";
import { sliceColumn } from "../frame/slice.ts";
import { writeChunk, type ChunkCodec } from "./parquet-encode.ts";

export interface ParquetWriteOptions {
  readonly compression?: "snappy" | "zstd" | "gzip" | "none";
  readonly rowGroupRows?: number;
}

/** Rows of a group: what is pruned at a time, and what a task reads at least. */
const GROUP_ROWS = 128 * 1024;
const MAGIC = 0x31524150; // "PAR1"

/** A frame as the bytes of a Parquet file. All columns may hold nulls; texts that repeat are dictionary-encoded. */
export function encodeParquet({ schema, batch }: Frame, options: ParquetWriteOptions = {}): Uint8Array {
  const { compression = "snappy", rowGroupRows = GROUP_ROWS } = options;
  const codec = CODECS[compression];
  const elements = schema.map(elementOf);
  const out = new ByteWriter(1 << 16);
  out.appendUint32(MAGIC);
  const groups: RowGroup[] = [];
  for (let from = 0; from < batch.rows; from += rowGroupRows) {
    const to = Math.min(batch.rows, from + rowGroupRows);
    const columns = schema.map(({ name }, i) =>
      writeChunk(out, sliceColumn(columnOf(batch, name), from, to), elements[i], codec),
    );
    const bytes = columns.reduce((sum, { meta_data: meta }) => sum + (meta?.total_uncompressed_size ?? 0n), 0n);
    groups.push({ columns, total_byte_size: bytes, num_rows: BigInt(to - from) });
  }
  const root = { name: "schema", num_children: schema.length };
  writeMetadata(out, {
    version: 2,
    created_by: "abanico",
    schema: [root, ...elements],
    num_rows: BigInt(batch.rows),
    row_groups: groups,
    metadata_length: 0,
  });
  out.appendUint32(MAGIC);
  return out.getBytes();
}

const CODECS: { readonly [C in NonNullable<ParquetWriteOptions["compression"]>]: ChunkCodec } = {
  none: { name: "UNCOMPRESSED", compress: (bytes) => bytes },
  snappy: { name: "SNAPPY", compress: snappyCompress },
  gzip: { name: "GZIP", compress: (bytes) => gzipSync(bytes) },
  zstd: { name: "ZSTD", compress: zstd },
};

function elementOf({ name, type }: Field): SchemaElement {
  const base = { name, repetition_type: "OPTIONAL" } as const;
  switch (type) {
    case "bool":
      return { ...base, type: "BOOLEAN" };
    case "int64":
      return { ...base, type: "INT64" };
    case "float64":
      return { ...base, type: "DOUBLE" };
    case "string":
      return { ...base, type: "BYTE_ARRAY", converted_type: "UTF8", logical_type: { type: "STRING" } };
    case "date":
      return { ...base, type: "INT32", converted_type: "DATE", logical_type: { type: "DATE" } };
    case "timestamp":
      return {
        ...base,
        type: "INT64",
        logical_type: { type: "TIMESTAMP", isAdjustedToUTC: false, unit: "MICROS" },
      };
  }
}

function zstd(bytes: Uint8Array): Uint8Array {
  if (typeof zlib.zstdCompressSync === "function") return zlib.zstdCompressSync(bytes);
  throw new OptionError('writeParquet option compression: "zstd" needs Node 22.15 or newer.', {
    fields: { option: "compression" },
    fix: 'update Node, or write with "snappy" or "gzip".',
  });
}
