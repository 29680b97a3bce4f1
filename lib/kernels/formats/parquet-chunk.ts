/**
 * Decodes one column of one row group: a chain of pages, each a header and its values.
 *
 *     [dictionary page] data page, data page, …      each: header (thrift) | levels | values (compressed as the chunk's codec says)
 *
 * Only flat columns come here, so a definition level is one bit: whether the value is there. Values are decoded side by side and then moved to
 * their rows. Codes of a file's dictionary stay codes: each text is looked up once a row group, not once a row.
 */
import type { Encoding, PageHeader } from "hyparquet";
import type { Column } from "../frame/column.ts";
import type { ByteDictionary } from "../frame/byte-dictionary.ts";
import type { PageCodec } from "./page-codec.ts";
import type { ParquetColumn } from "./parquet-columns.ts";
import { readPageHeader } from "./parquet-header.ts";
import { readHybrid, type Cursor } from "./parquet-levels.ts";
import { decodeValues, type Dense } from "./parquet-values.ts";

/** A column of a row group as the file has it. */
export interface Chunk {
  readonly bytes: Uint8Array;
  /** What its pages take once they are decompressed, as the footer says: no page takes more. */
  readonly mostBytes: number;
  readonly rows: number;
}

/** The column of a row group. `texts`: the task's dictionary of this column, which grows. */
export function decodeChunk(
  { bytes, rows, mostBytes }: Chunk,
  column: ParquetColumn,
  decompress: PageCodec,
  texts: ByteDictionary,
): Column {
  const out = new ChunkColumn(column, rows, texts);
  const cursor = at(bytes);
  let dictionary: Dense | undefined;
  while (out.filled < rows) {
    if (cursor.at >= bytes.length) throw new RangeError(`The pages hold ${out.filled} rows of ${rows}.`);
    const header = readPageHeader(cursor);
    const end = cursor.at + header.compressed_page_size;
    if (end > bytes.length || end < cursor.at) throw new RangeError("A page goes beyond its column.");
    refuseImpossible(header, rows - out.filled, mostBytes);
    const page = bytes.subarray(cursor.at, end);
    cursor.at = end;
    if (header.dictionary_page_header !== undefined) {
      const values = decompress(page, header.uncompressed_page_size);
      dictionary = decodeValues(at(values), "PLAIN", header.dictionary_page_header.num_values, column, texts);
    } else if (header.data_page_header !== undefined || header.data_page_header_v2 !== undefined)
      readPage(page, header, column, decompress, dictionary, out);
  }
  return out.column();
}

/** A damaged header may ask for any amount of memory. */
function refuseImpossible(header: PageHeader, rows: number, mostBytes: number): void {
  const { uncompressed_page_size: size, dictionary_page_header: dictionary } = header;
  const values = (header.data_page_header ?? header.data_page_header_v2)?.num_values ?? 0;
  const v2 = header.data_page_header_v2;
  const levels = v2 === undefined ? 0 : v2.definition_levels_byte_length + v2.repetition_levels_byte_length;
  if (
    [size, values, levels, dictionary?.num_values ?? 0].every((number) => number >= 0) &&
    size <= mostBytes &&
    values <= rows &&
    levels <= size &&
    (dictionary?.num_values ?? 0) <= 8 * size
  )
    return;
  throw new RangeError("A page's header says what cannot be.");
}

function at(bytes: Uint8Array, offset = 0): Cursor {
  return { bytes, at: offset };
}

function readPage(
  page: Uint8Array,
  header: PageHeader,
  column: ParquetColumn,
  decompress: PageCodec,
  dictionary: Dense | undefined,
  out: ChunkColumn,
): void {
  const v2 = header.data_page_header_v2;
  if (v2 !== undefined) {
    // Here the levels stand before what is compressed.
    const levels = v2.repetition_levels_byte_length + v2.definition_levels_byte_length;
    const present = column.optional ? readLevels(at(page, v2.repetition_levels_byte_length), v2.num_values) : undefined;
    const rest = page.subarray(levels);
    const values = v2.is_compressed === false ? rest : decompress(rest, header.uncompressed_page_size - levels);
    out.add(valuesOf(at(values), v2.encoding, v2.num_values, present, column, dictionary, out), present, v2.num_values);
    return;
  }
  const v1 = header.data_page_header;
  if (v1 === undefined) return;
  const cursor = at(decompress(page, header.uncompressed_page_size));
  let present: Int32Array | undefined;
  if (column.optional) {
    const length = new DataView(cursor.bytes.buffer, cursor.bytes.byteOffset).getUint32(0, true);
    cursor.at = 4;
    present = readLevels(cursor, v1.num_values);
    cursor.at = 4 + length;
  }
  out.add(valuesOf(cursor, v1.encoding, v1.num_values, present, column, dictionary, out), present, v1.num_values);
}

/** 1 where the value is there; undefined where all are. */
function readLevels(cursor: Cursor, count: number): Int32Array | undefined {
  const levels = new Int32Array(count);
  readHybrid(cursor, 1, levels, 0, count);
  return levels.includes(0) ? levels : undefined;
}

function valuesOf(
  cursor: Cursor,
  encoding: Encoding,
  rows: number,
  present: Int32Array | undefined,
  column: ParquetColumn,
  dictionary: Dense | undefined,
  { texts }: ChunkColumn,
): Dense {
  const count = present === undefined ? rows : present.reduce((sum, level) => sum + level, 0);
  if (encoding === "RLE" && column.physical === "BOOLEAN") {
    const flags = new Int32Array(count);
    cursor.at += 4; // their length in bytes
    readHybrid(cursor, 1, flags, 0, count);
    return Uint8Array.from(flags);
  }
  if (encoding !== "PLAIN_DICTIONARY" && encoding !== "RLE_DICTIONARY")
    return decodeValues(cursor, encoding, count, column, texts);
  const indices = new Int32Array(count);
  if (count === 0) return indices.length === 0 && column.type !== "string" ? new Float64Array(0) : indices;
  if (dictionary === undefined) throw new RangeError("A page has indices of a dictionary that is not there.");
  const width = cursor.bytes[cursor.at++];
  if (width > 32) throw new RangeError(`Indices have ${width} bits.`);
  if (width > 0) readHybrid(cursor, width, indices, 0, count);
  return lookUp(dictionary, indices);
}

function lookUp(dictionary: Dense, indices: Int32Array): Dense {
  const { length } = dictionary;
  for (let i = 0; i < indices.length; i++)
    if (indices[i] < 0 || indices[i] >= length) throw new RangeError("An index goes beyond its dictionary.");
  if (dictionary instanceof BigInt64Array) return BigInt64Array.from(indices, (index) => dictionary[index]);
  if (dictionary instanceof Int32Array) {
    for (let i = 0; i < indices.length; i++) indices[i] = dictionary[indices[i]];
    return indices;
  }
  const out = new Float64Array(indices.length);
  for (let i = 0; i < out.length; i++) out[i] = dictionary[indices[i]];
  return out;
}

/** A row group's column, filled page by page. */
class ChunkColumn {
  readonly texts: ByteDictionary;
  readonly #column: ParquetColumn;
  readonly #rows: number;
  #values: Dense;
  #valid: Uint8Array | undefined;
  filled = 0;

  constructor(column: ParquetColumn, rows: number, texts: ByteDictionary) {
    this.#column = column;
    this.#rows = rows;
    this.texts = texts;
    this.#values =
      column.type === "string"
        ? new Int32Array(rows)
        : column.type === "bool"
          ? new Uint8Array(rows)
          : new Float64Array(rows);
  }

  add(dense: Dense, present: Int32Array | undefined, rows: number): void {
    if (this.filled + rows > this.#rows) throw new RangeError(`The pages hold more than ${this.#rows} rows.`);
    if (dense instanceof BigInt64Array && this.#values instanceof Float64Array)
      this.#values = BigInt64Array.from(this.#values, BigInt);
    const from =
      this.#values instanceof BigInt64Array && dense instanceof Float64Array
        ? BigInt64Array.from(dense, BigInt)
        : dense;
    // All arrays are of one kind from here on, as the column's type and the lines above say.
    (this.#values as Float64Array).set(from as Float64Array, this.filled);
    if (present !== undefined) this.#spread(present, dense.length);
    this.filled += rows;
  }

  /** Moves the values to their rows, from the last one on, so that none is overwritten before it is moved. */
  #spread(present: Int32Array, count: number): void {
    const isText = this.#column.type === "string";
    if (!isText) this.#valid ??= new Uint8Array(this.#rows).fill(1);
    const empty = this.#values instanceof BigInt64Array ? 0n : this.#column.type === "float64" ? NaN : 0;
    const values = this.#values as Float64Array; // of whichever kind: what is read is what is written
    const begin = this.filled;
    for (let row = present.length - 1, next = count - 1; row >= 0; row--) {
      if (present[row] === 1) values[begin + row] = values[begin + next--];
      else {
        values[begin + row] = empty as number;
        if (this.#valid !== undefined) this.#valid[begin + row] = 0;
      }
    }
  }

  column(): Column {
    const { type } = this.#column;
    // The casts put array and type together again, which belong together since the constructor.
    if (type === "string") return { type, codes: this.#values as Int32Array, dictionary: this.texts };
    if (type === "bool") return { type, values: this.#values as Uint8Array, valid: this.#valid };
    if (type === "float64") return { type, values: this.#values as Float64Array, valid: this.#valid };
    return { type, values: this.#values as Float64Array | BigInt64Array, valid: this.#valid } as Column;
  }
}
