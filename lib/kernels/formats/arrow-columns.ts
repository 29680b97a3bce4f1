import type { Data, DataType, Field as ArrowField, Vector } from "apache-arrow";
import type { Field } from "../../collections/schema.ts";
import type { Column } from "../frame/column.ts";
import type { ByteDictionary } from "../frame/byte-dictionary.ts";
import { jsonText } from "./json-text.ts";
import { decimal, floorBy1000, narrowed, tooLarge } from "./parquet-values.ts";

/** Arrow's numbers of its types (Type in its library), which is not loaded when a plan is made of what is known. */
const TYPE = {
  null: 1,
  int: 2,
  float: 3,
  binary: 4,
  utf8: 5,
  bool: 6,
  decimal: 7,
  date: 8,
  time: 9,
  timestamp: 10,
  dictionary: -1,
  fixed: 15,
  largeBinary: 19,
  largeUtf8: 20,
} as const;

/** A column of an Arrow schema as ours, and what is to be said of it. */
export function describeArrow({ name, type }: ArrowField): { readonly field: Field; readonly note?: string } {
  switch (type.typeId) {
    case TYPE.null:
    case TYPE.float:
      return { field: { name, type: "float64" } };
    case TYPE.int:
      return { field: { name, type: "int64" } };
    case TYPE.bool:
      return { field: { name, type: "bool" } };
    case TYPE.binary:
    case TYPE.largeBinary:
    case TYPE.utf8:
    case TYPE.largeUtf8:
      return { field: { name, type: "string" } };
    case TYPE.date:
      return { field: { name, type: "date" } };
    case TYPE.timestamp:
      return (type as { unit?: number }).unit === 3
        ? { field: { name, type: "timestamp" }, note: "holds nanoseconds: they are rounded down to microseconds" }
        : { field: { name, type: "timestamp" } };
    case TYPE.time:
      return { field: { name, type: "int64" }, note: "holds times of day: they are read as int64, microseconds" };
    case TYPE.decimal:
      return { field: { name, type: "float64" }, note: "holds decimals: they are read as float64, the nearest one" };
    case TYPE.fixed:
      return {
        field: { name, type: "string" },
        note: "holds bytes of a fixed length: they are read as hexadecimal text",
      };
    case TYPE.dictionary: {
      const { dictionary } = type as unknown as { dictionary: DataType }; // a dictionary's
      return describeArrow({ name, type: dictionary } as ArrowField);
    }
    default:
      return { field: { name, type: "string" }, note: "holds lists, maps or structs: it is read as JSON text" };
  }
}

/** A piece of an Arrow column. */
interface Piece {
  readonly data: Data;
  readonly rows: number;
  /** A value as Arrow's library gives it: for types that have no simpler way. */
  get(i: number): unknown;
}

/** A column of a record batch as ours. `texts`: the task's dictionary of it, which grows. */
export function arrowColumn(vector: Vector, name: string, texts: ByteDictionary): Column {
  // A batch has one piece a column.
  return pieceColumn({ data: vector.data[0], rows: vector.length, get: (i) => vector.get(i) as unknown }, name, texts);
}

function pieceColumn(piece: Piece, name: string, texts: ByteDictionary): Column {
  const { data, rows } = piece;
  const valid = validOf(data, rows);
  const { typeId } = data.type as DataType;
  const isNull = (i: number) => valid !== undefined && valid[i] === 0;
  const numbers = (type: "int64" | "date" | "timestamp", values: Float64Array | BigInt64Array): Column => {
    // What stands where nothing is may be anything.
    if (valid !== undefined)
      for (let i = 0; i < rows; i++) if (valid[i] === 0) values[i] = values instanceof BigInt64Array ? 0n : 0;
    return { type, values: values instanceof BigInt64Array ? narrowed(values) : values, valid } as Column;
  };
  const floats = (at: (i: number) => number): Column => ({
    type: "float64",
    values: Float64Array.from({ length: rows }, (_, i) => (isNull(i) ? NaN : at(i))),
    valid,
  });
  switch (typeId) {
    case TYPE.null:
      return { type: "float64", values: new Float64Array(rows).fill(NaN), valid: new Uint8Array(rows) };
    case TYPE.bool:
      return {
        type: "bool",
        values: Uint8Array.from({ length: rows }, (_, i) => (isNull(i) ? 0 : Number(piece.get(i)))),
        valid,
      };
    case TYPE.int:
      return numbers("int64", integers(data, rows, name, isNull));
    case TYPE.float:
      return floats((i) => Number(piece.get(i)));
    case TYPE.decimal: {
      const { scale } = data.type as unknown as { scale: number }; // a decimal's
      return floats((i) => decimal(wholeDecimal(data, i, rows), scale));
    }
    case TYPE.date: {
      const isDays = (data.type as unknown as { unit: number }).unit === 0; // a date's
      const values = data.values as Int32Array | BigInt64Array;
      return numbers(
        "date",
        Float64Array.from({ length: rows }, (_, i) =>
          isDays ? Number(values[i]) : Math.floor(Number(values[i]) / 86_400_000),
        ),
      );
    }
    case TYPE.time:
    case TYPE.timestamp:
      return numbers(typeId === TYPE.time ? "int64" : "timestamp", microseconds(data, rows));
    case TYPE.dictionary:
      return dictionaryColumn(piece, name, texts, isNull);
    default:
      return { type: "string", codes: textCodes(piece, texts, isNull), dictionary: texts };
  }
}

function validOf(data: Data, rows: number): Uint8Array | undefined {
  if (data.nullCount === 0) return undefined;
  return Uint8Array.from({ length: rows }, (_, i) => Number(data.getValid(i)));
}

function integers(
  data: Data,
  rows: number,
  name: string,
  isNull: (i: number) => boolean,
): Float64Array | BigInt64Array {
  const { values } = data as { values: ArrayLike<number> | BigInt64Array | BigUint64Array };
  if (values instanceof BigInt64Array) return values.slice(0, rows);
  if (!(values instanceof BigUint64Array)) return Float64Array.from({ length: rows }, (_, i) => values[i]);
  for (let i = 0; i < rows; i++) if (values[i] >= 2n ** 63n && !isNull(i)) throw tooLarge(name);
  return BigInt64Array.from(values.subarray(0, rows));
}

/** Seconds, milliseconds, microseconds or nanoseconds, as the type says. */
function microseconds(data: Data, rows: number): BigInt64Array {
  const { unit } = data.type as unknown as { unit: number }; // a time's
  const values = data.values as Int32Array | BigInt64Array;
  const factor = [1_000_000n, 1_000n, 1n][unit] ?? 0n;
  return BigInt64Array.from({ length: rows }, (_, i) =>
    factor === 0n ? floorBy1000(BigInt(values[i])) : BigInt(values[i]) * factor,
  );
}

function wholeDecimal(data: Data, i: number, rows: number): bigint {
  const words = data.values as Uint32Array;
  const width = Math.floor(words.length / Math.max(1, rows));
  let value = 0n;
  for (let word = width - 1; word >= 0; word--) value = (value << 32n) | BigInt(words[i * width + word] >>> 0);
  return BigInt.asIntN(32 * width, value);
}

function textCodes(piece: Piece, texts: ByteDictionary, isNull: (i: number) => boolean): Int32Array {
  const { data, rows } = piece;
  const { typeId } = data.type as DataType;
  const isText = [TYPE.utf8, TYPE.largeUtf8, TYPE.binary, TYPE.largeBinary].some((type) => type === typeId);
  if (!isText)
    return Int32Array.from({ length: rows }, (_, i) => {
      if (isNull(i)) return 0;
      const value: unknown = piece.get(i);
      return texts.codeOf(
        typeId === TYPE.fixed ? Buffer.from(value as Uint8Array).toString("hex") : jsonText(plainValue(value)),
      );
    });
  const { valueOffsets, values } = data as unknown as { valueOffsets: Int32Array | BigInt64Array; values: Uint8Array }; // a text's
  return Int32Array.from({ length: rows }, (_, i) =>
    isNull(i) ? 0 : texts.code(values, Number(valueOffsets[i]), Number(valueOffsets[i + 1])),
  );
}

/** Arrow's lists and rows as what JSON knows. */
function plainValue(value: unknown): unknown {
  if (typeof value !== "object" || value === null || value instanceof Date || ArrayBuffer.isView(value)) return value;
  if ("toArray" in value && typeof value.toArray === "function")
    return Array.from(value as unknown as Iterable<unknown>, plainValue);
  if (Symbol.iterator in value)
    return Object.fromEntries(
      Array.from(value as Iterable<[string, unknown]>, ([key, inner]) => [key, plainValue(inner)]),
    );
  return value;
}

function dictionaryColumn(
  { data, rows }: Piece,
  name: string,
  texts: ByteDictionary,
  isNull: (i: number) => boolean,
): Column {
  const { dictionary } = data as { dictionary?: Vector };
  const codes = data.values as ArrayLike<number>;
  let before = 0;
  const parts = (dictionary?.data ?? []).map((part) => {
    const from = before;
    before += part.length;
    const get = (i: number): unknown => dictionary?.get(from + i);
    return pieceColumn({ data: part, rows: part.length, get }, name, texts);
  });
  if (parts.every((part) => part.type === "string")) {
    const all = parts.flatMap((part) => (part.type === "string" ? Array.from(part.codes) : []));
    return {
      type: "string",
      codes: Int32Array.from({ length: rows }, (_, i) => (isNull(i) ? 0 : all[Number(codes[i])])),
      dictionary: texts,
    };
  }
  // Numbers by number: rare, so it may cost a look-up each.
  const [first] = parts;
  const from = first.type === "string" ? [] : first.values;
  const valid = Uint8Array.from({ length: rows }, (_, i) => (isNull(i) ? 0 : 1));
  const at = (i: number) => (valid[i] === 0 ? 0 : from[Number(codes[i])]);
  const values =
    from instanceof BigInt64Array
      ? BigInt64Array.from({ length: rows }, (_, i) => BigInt(at(i)))
      : Float64Array.from({ length: rows }, (_, i) => Number(at(i)));
  return {
    type: first.type,
    values: first.type === "bool" ? Uint8Array.from(values as Float64Array) : values,
    valid,
  } as Column;
}
