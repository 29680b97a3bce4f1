import type { ColumnChunk, Encoding, SchemaElement, Statistics } from "hyparquet";
import type { ByteWriter } from "hyparquet-writer/src/bytewriter.js";
import { serializeTCompactProtocol } from "hyparquet-writer/src/thrift.js";
import { codesValid, compareTexts, lengthOf, type Column, type StringColumn } from "../frame/column.ts";
import { packStrings } from "../frame/packed-texts.ts";
import { sliceColumn } from "../frame/slice.ts";
import { bitsFor, writeHybrid } from "./parquet-levels.ts";

/** Rows of a data page: values and levels of one are in memory twice. */
const PAGE_ROWS = 32 * 1024;

/** What makes pages small. */
export interface ChunkCodec {
  readonly name: "UNCOMPRESSED" | "SNAPPY" | "GZIP" | "ZSTD";
  compress(bytes: Uint8Array): Uint8Array;
}

/** The numbers of page types and encodings in Parquet's headers. */
const DATA_PAGE = 0;
const DICTIONARY_PAGE = 2;
const CODES = { PLAIN: 0, RLE: 3, RLE_DICTIONARY: 8 } as const;

/** Writes a column of a row group behind what the writer holds, and answers what the footer says of it. */
export function writeChunk(out: ByteWriter, column: Column, element: SchemaElement, codec: ChunkCodec): ColumnChunk {
  const start = out.offset;
  const chunk = new ChunkWriter(out, codec);
  const strings = column.type === "string" ? packStrings(column) : undefined;
  // Texts that repeat: each stands in the dictionary once, and rows hold its number.
  const dictionary = strings !== undefined && 2 * (strings.dictionary.size - 1) <= strings.codes.length;
  if (dictionary) chunk.dictionary(strings);
  const dataStart = out.offset;
  const rows = lengthOf(column);
  for (let from = 0; from < rows || from === 0; from += PAGE_ROWS)
    chunk.page(sliceColumn(strings ?? column, from, Math.min(rows, from + PAGE_ROWS)), dictionary);
  const encodings: Encoding[] = dictionary ? ["PLAIN", "RLE", "RLE_DICTIONARY"] : ["PLAIN", "RLE"];
  return {
    file_offset: BigInt(start),
    meta_data: {
      type: element.type ?? "BYTE_ARRAY",
      encodings,
      path_in_schema: [element.name],
      codec: codec.name,
      num_values: BigInt(rows),
      total_uncompressed_size: BigInt(chunk.plainBytes),
      total_compressed_size: BigInt(out.offset - start),
      data_page_offset: BigInt(dataStart),
      ...(dictionary ? { dictionary_page_offset: BigInt(start) } : {}),
      statistics: statisticsOf(column),
    },
  };
}

class ChunkWriter {
  readonly #out: ByteWriter;
  readonly #codec: ChunkCodec;
  #width = 0;
  plainBytes = 0;

  constructor(out: ByteWriter, codec: ChunkCodec) {
    this.#out = out;
    this.#codec = codec;
  }

  dictionary({ dictionary }: ReturnType<typeof packStrings>): void {
    const count = dictionary.size - 1;
    this.#width = bitsFor(count - 1);
    const values = texts(count, (i) => dictionary.bytes(i + 1));
    this.#write(values, DICTIONARY_PAGE, { field_7: { field_1: count, field_2: CODES.PLAIN } });
  }

  page(column: Column, isDictionary: boolean): void {
    const valid = column.type === "string" ? codesValid(column.codes) : column.valid;
    const levels = writeHybrid(valid ?? new Uint8Array(lengthOf(column)).fill(1), 1);
    const values = isDictionary ? this.#indices(column as StringColumn) : plainValues(column, valid); // only texts have one
    const body = new Uint8Array(4 + levels.length + values.length);
    new DataView(body.buffer).setUint32(0, levels.length, true);
    body.set(levels, 4);
    body.set(values, 4 + levels.length);
    const encoding = isDictionary ? CODES.RLE_DICTIONARY : CODES.PLAIN;
    this.#write(body, DATA_PAGE, {
      field_5: { field_1: lengthOf(column), field_2: encoding, field_3: CODES.RLE, field_4: CODES.RLE },
    });
  }

  #indices({ codes }: StringColumn): Uint8Array {
    const there = codes.filter((code) => code !== 0);
    for (let i = 0; i < there.length; i++) there[i]--;
    const packed = writeHybrid(there, this.#width);
    const out = new Uint8Array(1 + packed.length);
    out[0] = this.#width;
    out.set(packed, 1);
    return out;
  }

  #write(body: Uint8Array, type: number, header: { readonly [field: `field_${number}`]: object }): void {
    const bytes = this.#codec.compress(body);
    const before = this.#out.offset;
    serializeTCompactProtocol(this.#out, {
      field_1: type,
      field_2: body.length,
      field_3: bytes.length,
      ...header,
    });
    this.plainBytes += this.#out.offset - before + body.length;
    this.#out.appendBytes(bytes);
  }
}

/** The values that are there, side by side. */
function plainValues(column: Column, valid: Uint8Array | undefined): Uint8Array {
  if (column.type === "string") {
    const there = column.codes.filter((code) => code !== 0);
    return texts(there.length, (i) => column.dictionary.bytes(there[i]));
  }
  const present = (i: number): boolean => valid === undefined || valid[i] !== 0;
  if (column.type === "bool") {
    const flags = column.values.filter((_, i) => present(i));
    const out = new Uint8Array((flags.length + 7) >> 3);
    for (let i = 0; i < flags.length; i++) out[i >> 3] |= flags[i] << (i & 7);
    return out;
  }
  const { values } = column;
  const there: Float64Array | BigInt64Array =
    valid === undefined ? values : values.filter((_: unknown, i: number) => present(i));
  if (column.type === "float64") return bytesOf(there);
  if (column.type === "date") return bytesOf(Int32Array.from(there, Number));
  return bytesOf(there instanceof BigInt64Array ? there : toInt64(there));
}

function bytesOf(array: ArrayBufferView): Uint8Array {
  return new Uint8Array(array.buffer, array.byteOffset, array.byteLength);
}

/** Whole numbers within ±2^53 as 64-bit integers. In halves: a BigInt a value would take four times as long. */
export function toInt64(values: Float64Array): BigInt64Array {
  const halves = new Int32Array(2 * values.length);
  for (let i = 0; i < values.length; i++) {
    const high = Math.floor(values[i] / 4294967296);
    halves[2 * i] = values[i] - high * 4294967296;
    halves[2 * i + 1] = high;
  }
  return new BigInt64Array(halves.buffer);
}

function texts(count: number, bytesAt: (i: number) => Uint8Array): Uint8Array {
  let size = 4 * count;
  for (let i = 0; i < count; i++) size += bytesAt(i).length;
  const out = new Uint8Array(size);
  const view = new DataView(out.buffer);
  let at = 0;
  for (let i = 0; i < count; i++) {
    const bytes = bytesAt(i);
    view.setUint32(at, bytes.length, true);
    out.set(bytes, at + 4);
    at += 4 + bytes.length;
  }
  return out;
}

/** Bounds and nulls. NaN has no place in an order; zeros of both signs are told by the outer ones, as Parquet has it. */
function statisticsOf(column: Column): Statistics {
  if (column.type === "string") return textStatistics(column);
  const { values, valid } = column;
  let nulls = 0;
  let min: number | bigint | undefined;
  let max: number | bigint | undefined;
  for (let i = 0; i < values.length; i++) {
    if (valid !== undefined && valid[i] === 0) {
      nulls++;
      continue;
    }
    const value = values[i];
    if (value !== value) continue;
    if (min === undefined || value < min) min = value;
    if (max === undefined || value > max) max = value;
  }
  const counted = { null_count: BigInt(nulls) };
  if (min === undefined || max === undefined) return counted;
  if (column.type === "bool") return { ...counted, min_value: min !== 0, max_value: max !== 0 };
  if (column.type === "float64" && min === 0) min = -0;
  if (column.type === "float64" && max === 0) max = 0;
  const spelled = (value: number | bigint) =>
    column.type === "float64" || column.type === "date" ? Number(value) : BigInt(value);
  return { ...counted, min_value: spelled(min), max_value: spelled(max) };
}

function textStatistics({ codes, dictionary }: StringColumn): Statistics {
  const seen = new Uint8Array(dictionary.size);
  for (let i = 0; i < codes.length; i++) seen[codes[i]] = 1;
  let nulls = 0;
  if (seen[0] === 1) for (let i = 0; i < codes.length; i++) if (codes[i] === 0) nulls++;
  let min: string | undefined;
  let max: string | undefined;
  for (let code = 1; code < seen.length; code++) {
    if (seen[code] === 0) continue;
    const text = dictionary.text(code);
    if (min === undefined || compareTexts(text, min) < 0) min = text;
    if (max === undefined || compareTexts(text, max) > 0) max = text;
  }
  const counted = { null_count: BigInt(nulls) };
  return min === undefined || max === undefined ? counted : { ...counted, min_value: min, max_value: max };
}
