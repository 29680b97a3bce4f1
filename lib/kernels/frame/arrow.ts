import type { Table } from "apache-arrow";
import { codesValid, columnOf, type Column } from "./column.ts";
import { packStrings, type Frame } from "./encode.ts";

/**
 * The parts of Arrow's library that make tables: loading all of it, with readers, writers and builders, takes twice as long. They
 * are the very modules that the package's root exports, so the classes are the same.
 */
export async function loadArrow() {
  const [{ Table }, { makeData }, { makeVector }, { RecordBatch }, { Field, Schema }, types] = await Promise.all([
    import("apache-arrow/table"),
    import("apache-arrow/data"),
    import("apache-arrow/vector"),
    import("apache-arrow/recordbatch"),
    import("apache-arrow/schema"),
    import("apache-arrow/type"),
  ]);
  return { Table, makeData, makeVector, RecordBatch, Field, Schema, ...types };
}

/**
 * A frame as an Apache Arrow table, from ready buffers: int64 as Int64 (bigints in JavaScript), float64 as Float64, bool as Bool, string as
 * Dictionary<Int32, Utf8>, date as DateDay and timestamp as TimestampMicrosecond without a zone (both are numbers of ms in JavaScript; the
 * buffers hold days and µs). The library is loaded at the first call.
 */
export async function toArrow({ schema, batch }: Frame): Promise<Table> {
  const arrow = await loadArrow();
  const bits = (bytes: Uint8Array) => {
    const out = new Uint8Array((bytes.length + 7) >> 3);
    for (let i = 0; i < bytes.length; i++) if (bytes[i] !== 0) out[i >> 3] |= 1 << (i & 7);
    return out;
  };
  const mask = (valid: Uint8Array | undefined) => {
    if (valid === undefined) return { nullCount: 0 };
    return { nullBitmap: bits(valid), nullCount: valid.reduce((count, v) => count + 1 - v, 0) };
  };
  let dictionaries = 0;
  const dataOf = (column: Column) => {
    const length = batch.rows;
    if (column.type === "string") {
      const { codes, dictionary } = packStrings(column);
      // Arrow's codes count from 0; null is a bit.
      const offsets = dictionary.offsets.slice(1);
      const texts = arrow.makeData({
        type: new arrow.Utf8(),
        length: offsets.length - 1,
        valueOffsets: offsets,
        data: ownMemory(dictionary.data),
      });
      const type = new arrow.Dictionary(new arrow.Utf8(), new arrow.Int32(), dictionaries++);
      const indices = new Int32Array(length);
      for (let i = 0; i < length; i++) indices[i] = Math.max(0, codes[i] - 1);
      return arrow.makeData({
        type,
        length,
        data: indices,
        dictionary: arrow.makeVector(texts),
        ...mask(codesValid(codes)),
      });
    }
    const nulls = mask(column.valid);
    if (column.type === "bool")
      return arrow.makeData({ type: new arrow.Bool(), length, data: bits(column.values), ...nulls });
    if (column.type === "float64")
      return arrow.makeData({ type: new arrow.Float64(), length, data: column.values, ...nulls });
    if (column.type === "date")
      return arrow.makeData({
        type: new arrow.DateDay(),
        length,
        data:
          column.values instanceof Float64Array
            ? new Int32Array(column.values)
            : Int32Array.from(column.values, Number),
        ...nulls,
      });
    const wide = column.values instanceof BigInt64Array ? column.values : wideIntegers(column.values);
    if (column.type === "timestamp")
      return arrow.makeData({ type: new arrow.TimestampMicrosecond(), length, data: wide, ...nulls });
    return arrow.makeData({ type: new arrow.Int64(), length, data: wide, ...nulls });
  };
  const data = schema.map(({ name }) => dataOf(columnOf(batch, name)));
  const fields = schema.map(({ name }, i) => new arrow.Field(name, data[i].type, true));
  const type = new arrow.Struct(fields);
  const table = new arrow.Schema(fields);
  // A batch assigns its data's fields to its schema's, and looks for each among all by its name: minutes for 100,000 columns. Here they are the same.
  const assigned = Object.assign(new arrow.Schema(fields), { assign: () => table });
  const rows = arrow.makeData({ type, length: batch.rows, nullCount: 0, children: data });
  return new arrow.Table(table, new arrow.RecordBatch(assigned, rows));
}

/** Whole numbers as 64-bit integers, by their halves: a BigInt for each would be much garbage. */
function wideIntegers(values: Float64Array): BigInt64Array {
  const out = new BigInt64Array(values.length);
  const halves = new Int32Array(out.buffer);
  const [low, high] = new Uint8Array(Uint16Array.of(1).buffer)[0] === 1 ? [0, 1] : [1, 0];
  for (let i = 0; i < values.length; i++) {
    const value = values[i];
    halves[2 * i + low] = value;
    halves[2 * i + high] = Math.floor(value / 4294967296);
  }
  return out;
}

/** Arrow decodes texts with TextDecoder, which takes no shared memory. */
function ownMemory(bytes: Uint8Array): Uint8Array {
  return bytes.buffer instanceof SharedArrayBuffer ? bytes.slice() : bytes;
}
