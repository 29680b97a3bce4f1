import type { Encoding, PageHeader } from "hyparquet";
import { Encodings } from "hyparquet/src/constants.js";
import { byteAt, readVarint, type Cursor } from "./parquet-levels.ts";

/**
 * The header before each page, in Thrift's compact protocol. Read here and not by hyparquet, whose parser takes a damaged list's word for how long it is:
 * here every step takes a byte at least, so that damage ends in a RangeError and never in a long loop.
 */
type Fields = ReadonlyMap<number, number | Fields>;

/** Structs in structs: Parquet's have three levels. */
const DEEPEST = 8;

export function readPageHeader(cursor: Cursor): PageHeader {
  const fields = readStruct(cursor, 0);
  const numberAt = (from: Fields | undefined, id: number): number => {
    const value = from?.get(id);
    return typeof value === "number" ? value : 0;
  };
  const structAt = (id: number): Fields | undefined => {
    const value = fields.get(id);
    return typeof value === "object" ? value : undefined;
  };
  const encoding = (from: Fields, id: number): Encoding => Encodings[numberAt(from, id)];
  const [v1, dictionary, v2] = [structAt(5), structAt(7), structAt(8)];
  const levels = { definition_level_encoding: "RLE", repetition_level_encoding: "RLE" } as const;
  return {
    type: "DATA_PAGE",
    uncompressed_page_size: numberAt(fields, 2),
    compressed_page_size: numberAt(fields, 3),
    ...(v1 === undefined
      ? {}
      : { data_page_header: { num_values: numberAt(v1, 1), encoding: encoding(v1, 2), ...levels } }),
    ...(dictionary === undefined
      ? {}
      : { dictionary_page_header: { num_values: numberAt(dictionary, 1), encoding: encoding(dictionary, 2) } }),
    ...(v2 === undefined
      ? {}
      : {
          data_page_header_v2: {
            num_values: numberAt(v2, 1),
            num_nulls: numberAt(v2, 2),
            num_rows: numberAt(v2, 3),
            encoding: encoding(v2, 4),
            definition_levels_byte_length: numberAt(v2, 5),
            repetition_levels_byte_length: numberAt(v2, 6),
            is_compressed: v2.get(7) !== 0,
          },
        }),
  };
}

const [STOP, TRUE, FALSE, BYTE, I16, I32, I64, DOUBLE, BINARY, LIST, SET, STRUCT] = [
  0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 12,
];

function readStruct(cursor: Cursor, depth: number): Fields {
  if (depth > DEEPEST) throw new RangeError("A page's header has structs in structs without end.");
  const fields = new Map<number, number | Fields>();
  let id = 0;
  for (;;) {
    const head = byteAt(cursor.bytes, cursor.at++);
    const type = head & 15;
    if (type === STOP) return fields;
    id = head >> 4 === 0 ? zigZag(readVarint(cursor)) : id + (head >> 4);
    if (type === STRUCT) fields.set(id, readStruct(cursor, depth + 1));
    else if (type === TRUE || type === FALSE) fields.set(id, type === TRUE ? 1 : 0);
    else if (type === I16 || type === I32) fields.set(id, zigZag(readVarint(cursor)));
    else skip(cursor, type, depth);
  }
}

function skip(cursor: Cursor, type: number, depth: number): void {
  switch (type) {
    case TRUE:
    case FALSE:
    case BYTE:
      cursor.at += 1;
      break;
    case I16:
    case I32:
    case I64:
      while (byteAt(cursor.bytes, cursor.at++) >= 128);
      break;
    case DOUBLE:
      cursor.at += 8;
      break;
    case BINARY: {
      const length = readVarint(cursor);
      cursor.at += length;
      break;
    }
    case LIST:
    case SET: {
      const head = byteAt(cursor.bytes, cursor.at++);
      const length = head >> 4 === 15 ? readVarint(cursor) : head >> 4;
      for (let i = 0; i < length; i++) skip(cursor, head & 15, depth + 1);
      break;
    }
    case STRUCT:
      readStruct(cursor, depth + 1);
      break;
    default:
      throw new RangeError(`A page's header holds a value of the type ${type}.`);
  }
  if (cursor.at > cursor.bytes.length) throw new RangeError("The page's header ends too early.");
}

function zigZag(value: number): number {
  return (value >>> 1) ^ -(value & 1);
}
