import { deltaBinaryUnpack, deltaByteArray, deltaLengthByteArray } from "hyparquet/src/delta.js";
import { byteStreamSplit } from "hyparquet/src/encoding.js";
import type { Encoding } from "hyparquet";
import { ValueError } from "../../errors.ts";
import type { ByteDictionary } from "../frame/byte-dictionary.ts";
import type { ParquetColumn } from "./parquet-columns.ts";
import type { Cursor } from "./parquet-levels.ts";

/** The values of a page that are there, side by side, before the nulls are put between them. */
export type Dense = Float64Array | BigInt64Array | Uint8Array | Int32Array;

/** Values as a page holds them: numbers, or the bytes of each. */
type Raw = Int32Array | BigInt64Array | Float32Array | Float64Array | readonly Uint8Array[];

/** Values that stand in a page themselves, not as indices of a dictionary. For texts: their codes in `texts`. */
export function decodeValues(
  cursor: Cursor,
  encoding: Encoding,
  count: number,
  column: ParquetColumn,
  texts: ByteDictionary,
): Dense {
  if (column.physical === "BOOLEAN") return bits(cursor, count);
  if (column.physical === "BYTE_ARRAY" && column.type === "string" && encoding === "PLAIN")
    return plainTexts(cursor, count, texts);
  const raw = rawValues(cursor, encoding, count, column);
  if (column.type !== "string") return numbersOf(raw, column);
  return Int32Array.from(raw as readonly Uint8Array[], (bytes) => {
    // Texts are bytes in every encoding; the others are spelled.
    if (column.physical === "BYTE_ARRAY") return texts.code(bytes, 0, bytes.length);
    return texts.codeOf(column.meaning === "uuid" ? uuid(bytes) : Buffer.from(bytes).toString("hex"));
  });
}

function bits({ bytes, at }: Cursor, count: number): Uint8Array {
  if (at + ((count + 7) >> 3) > bytes.length) throw new RangeError("The page ends too early.");
  const out = new Uint8Array(count);
  for (let i = 0; i < count; i++) out[i] = (bytes[at + (i >> 3)] >> (i & 7)) & 1;
  return out;
}

function plainTexts(cursor: Cursor, count: number, texts: ByteDictionary): Int32Array {
  const { bytes } = cursor;
  const out = new Int32Array(count);
  let at = cursor.at;
  for (let i = 0; i < count; i++) {
    const length = bytes[at] | (bytes[at + 1] << 8) | (bytes[at + 2] << 16) | (bytes[at + 3] << 24);
    const end = at + 4 + length;
    if (length < 0 || end > bytes.length) throw new RangeError("A text goes beyond its page.");
    out[i] = texts.code(bytes, at + 4, end);
    at = end;
  }
  return out;
}

function rawValues(cursor: Cursor, encoding: Encoding, count: number, column: ParquetColumn): Raw {
  const { physical, length } = column;
  if (encoding === "PLAIN") return plainValues(cursor, count, column);
  const { bytes, at } = cursor;
  const reader = { view: new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength), offset: at };
  switch (encoding) {
    case "DELTA_BINARY_PACKED": {
      const out = physical === "INT32" ? new Int32Array(count) : new BigInt64Array(count);
      if (count > 0) deltaBinaryUnpack(reader, count, out);
      return out;
    }
    case "BYTE_STREAM_SPLIT":
      return byteStreamSplit(reader, count, physical, length) as Raw; // by the physical type
    case "DELTA_LENGTH_BYTE_ARRAY":
    case "DELTA_BYTE_ARRAY": {
      const out: Uint8Array[] = new Array<Uint8Array>(count);
      const decode = encoding === "DELTA_BYTE_ARRAY" ? deltaByteArray : deltaLengthByteArray;
      if (count > 0) decode(reader, count, out);
      return out;
    }
    default:
      throw new RangeError(`A page is encoded as ${encoding}, which is not known for ${physical}.`);
  }
}

const WIDTHS = { INT32: 4, FLOAT: 4, INT64: 8, DOUBLE: 8, INT96: 12 } as const;

function plainValues({ bytes, at }: Cursor, count: number, { physical, length = 0 }: ParquetColumn): Raw {
  if (physical === "BYTE_ARRAY") {
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    return Array.from({ length: count }, () => {
      const size = view.getUint32(at, true);
      if (at + 4 + size > bytes.length) throw new RangeError("A value goes beyond its page.");
      at += 4 + size;
      return bytes.subarray(at - size, at);
    });
  }
  const width = physical === "FIXED_LEN_BYTE_ARRAY" ? length : WIDTHS[physical as keyof typeof WIDTHS]; // booleans are elsewhere
  if (at + width * count > bytes.length) throw new RangeError("The page ends too early.");
  if (physical === "FIXED_LEN_BYTE_ARRAY" || physical === "INT96")
    return Array.from({ length: count }, (_, i) => bytes.subarray(at + i * width, at + (i + 1) * width));
  // A copy, since views on numbers have to begin at a multiple of their size.
  const { buffer } = bytes.slice(at, at + width * count);
  if (physical === "INT32") return new Int32Array(buffer);
  if (physical === "INT64") return new BigInt64Array(buffer);
  return physical === "FLOAT" ? new Float32Array(buffer) : new Float64Array(buffer);
}

function numbersOf(raw: Raw, column: ParquetColumn): Float64Array | BigInt64Array {
  const { meaning, scale = 0 } = column;
  if (raw instanceof BigInt64Array) return fromInt64(raw, column);
  if (Array.isArray(raw)) {
    const list = raw as readonly Uint8Array[]; // an array is one of bytes
    if (meaning === "half") return Float64Array.from(list, (bytes) => half(bytes[0] | (bytes[1] << 8)));
    if (meaning === "julian") return narrowed(BigInt64Array.from(list, julian));
    return Float64Array.from(list, (bytes) => decimal(signed(bytes), scale));
  }
  const numbers = raw as Int32Array | Float32Array | Float64Array; // what is left
  if (numbers instanceof Float64Array) return numbers;
  if (meaning === "unsigned") return Float64Array.from(numbers, (value) => value >>> 0);
  const out = Float64Array.from(numbers);
  if (meaning === "decimal") for (let i = 0; i < out.length; i++) out[i] = decimal(BigInt(out[i]), scale);
  if (meaning === "milliseconds") for (let i = 0; i < out.length; i++) out[i] *= 1000;
  return out;
}

function fromInt64(values: BigInt64Array, { meaning, scale = 0, name }: ParquetColumn): Float64Array | BigInt64Array {
  switch (meaning) {
    case "decimal":
      return Float64Array.from(values, (value) => decimal(value, scale));
    case "milliseconds":
      return narrowed(values.map((value) => value * 1000n));
    case "nanoseconds":
      return microseconds(values);
    case "unsigned":
      if (values.some((value) => value < 0n)) throw tooLarge(name);
      return narrowed(values);
    default:
      return narrowed(values);
  }
}

/** As f64 where all are within ±2^53. In halves: a BigInt a value would take four times as long. */
export function narrowed(values: BigInt64Array): Float64Array | BigInt64Array {
  const halves = new Int32Array(values.buffer, values.byteOffset, 2 * values.length);
  const out = new Float64Array(values.length);
  for (let i = 0; i < out.length; i++) {
    const high = halves[2 * i + 1];
    if (high >= 0x200000 || high < -0x200000) return values;
    out[i] = high * 4294967296 + (halves[2 * i] >>> 0);
  }
  return out;
}

/** Nanoseconds by 1,000, rounded down. In halves, exact: the high half's remainder by 1,000 and the low half are below 2^42 together. */
function microseconds(values: BigInt64Array): Float64Array | BigInt64Array {
  const halves = new Int32Array(values.buffer, values.byteOffset, 2 * values.length);
  const out = new Float64Array(values.length);
  for (let i = 0; i < out.length; i++) {
    const high = halves[2 * i + 1];
    const quotient = Math.floor(high / 1000);
    const rest = (high - quotient * 1000) * 4294967296 + (halves[2 * i] >>> 0);
    out[i] = quotient * 4294967296 + Math.floor(rest / 1000);
  }
  return out.some((value) => Math.abs(value) > 2 ** 53) ? values.map((value) => floorBy1000(value)) : out;
}

export function floorBy1000(value: bigint): bigint {
  return value >= 0n || value % 1000n === 0n ? value / 1000n : value / 1000n - 1n;
}

function julian(bytes: Uint8Array): bigint {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const days = BigInt(view.getInt32(8, true) - 2440588);
  return days * 86_400_000_000n + floorBy1000(view.getBigInt64(0, true));
}

/** Big-endian, in two's complement. */
function signed(bytes: Uint8Array): bigint {
  let value = 0n;
  for (const byte of bytes) value = (value << 8n) | BigInt(byte);
  return BigInt.asIntN(8 * bytes.length, value);
}

/** The float64 nearest to a decimal: the quotient of two numbers that are exact is rounded once. */
export function decimal(unscaled: bigint, scale: number): number {
  const number = Number(unscaled);
  return Math.abs(number) <= 2 ** 53 && scale <= 22 ? number / 10 ** scale : Number(`${unscaled}e-${scale}`);
}

function half(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 31;
  const fraction = bits & 1023;
  if (exponent === 31) return fraction === 0 ? sign * Infinity : NaN;
  return exponent === 0 ? sign * fraction * 2 ** -24 : sign * (1024 + fraction) * 2 ** (exponent - 25);
}

function uuid(bytes: Uint8Array): string {
  return Buffer.from(bytes)
    .toString("hex")
    .replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
}

export function tooLarge(column: string): ValueError {
  return new ValueError(`Column "${column}" holds unsigned integers of 2^63 or more, which int64 does not hold.`, {
    fields: { column, type: "int64" },
    fix: "leave the column out (columns: […]), or write it as float64 or as text.",
  });
}
