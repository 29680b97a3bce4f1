import type { Table } from "apache-arrow";
import type { ScalarType, Schema } from "../../collections/schema.ts";
import { arrowIntegers, bitsOf, joinedValues, nullsIn, validIn } from "./arrow-values.ts";
import { columnOf, type Batch, type Column, type StringColumn } from "./column.ts";
import { joinStrings } from "./join-strings.ts";
import { packStrings } from "./packed-texts.ts";
import type { Frame } from "./encode.ts";

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

/** A frame as an Apache Arrow table. */
export function toArrow({ schema, batch }: Frame): Promise<Table> {
  return piecesToArrow(schema, [batch]);
}

type Arrow = Awaited<ReturnType<typeof loadArrow>>;

/**
 * Rows as an Apache Arrow table of one batch, from ready buffers: int64 as Int64 (bigints in JavaScript), float64 as Float64, bool as Bool, string as
 * Dictionary<Int32, Utf8>, date as DateDay and timestamp as TimestampMicrosecond without a zone (both are numbers of ms in JavaScript; the
 * buffers hold days and µs). Where many pieces have texts of their own, a text that several of them have stands in the dictionary several times.
 * The library is loaded at the first call.
 */
export async function piecesToArrow(schema: Schema, pieces: readonly Batch[]): Promise<Table> {
  const arrow = await loadArrow();
  const length = pieces.reduce((sum, { rows }) => sum + rows, 0);
  const data = schema.map(({ name, type }, id) => {
    const parts = pieces.map((piece) => columnOf(piece, name));
    // The cast is by the schema's type.
    return type === "string"
      ? textData(arrow, parts as readonly StringColumn[], length, id)
      : valueData(arrow, type, parts as readonly ValueColumn[], length);
  });
  const fields = schema.map(({ name }, i) => new arrow.Field(name, data[i].type, true));
  const type = new arrow.Struct(fields);
  const table = new arrow.Schema(fields);
  // A batch assigns its data's fields to its schema's, and looks for each among all by its name: minutes for 100,000 columns. Here they are the same.
  const assigned = Object.assign(new arrow.Schema(fields), { assign: () => table });
  const rows = arrow.makeData({ type, length, nullCount: 0, children: data });
  return new arrow.Table(table, new arrow.RecordBatch(assigned, rows));
}

type ValueColumn = Exclude<Column, StringColumn>;

function valueData(arrow: Arrow, type: Exclude<ScalarType, "string">, parts: readonly ValueColumn[], length: number) {
  const valid = validIn(parts, length);
  const nulls = valid === undefined ? { nullCount: 0 } : { nullBitmap: bitsOf(valid), nullCount: nullsIn(valid) };
  const all = { length, ...nulls };
  switch (type) {
    case "bool":
      return arrow.makeData({ type: new arrow.Bool(), data: bitsOf(joinedValues(Uint8Array, parts, length)), ...all });
    case "float64":
      return arrow.makeData({ type: new arrow.Float64(), data: joinedValues(Float64Array, parts, length), ...all });
    case "date":
      return arrow.makeData({ type: new arrow.DateDay(), data: joinedValues(Int32Array, parts, length), ...all });
    case "timestamp":
      return arrow.makeData({ type: new arrow.TimestampMicrosecond(), data: arrowIntegers(parts, length), ...all });
    case "int64":
      return arrow.makeData({ type: new arrow.Int64(), data: arrowIntegers(parts, length), ...all });
  }
}

/** `id`: the dictionary's. */
function textData(arrow: Arrow, parts: readonly StringColumn[], length: number, id: number) {
  const { codes, dictionary } = packStrings(joinStrings(parts, length, true));
  // Arrow's codes count from 0; null is a bit.
  const offsets = dictionary.offsets.slice(1);
  const texts = arrow.makeData({
    type: new arrow.Utf8(),
    length: offsets.length - 1,
    valueOffsets: offsets,
    data: ownMemory(dictionary.data),
  });
  const indices = new Int32Array(length);
  let nullCount = 0;
  for (let i = 0; i < length; i++) {
    const code = codes[i];
    if (code === 0) nullCount++;
    else indices[i] = code - 1;
  }
  return arrow.makeData({
    type: new arrow.Dictionary(new arrow.Utf8(), new arrow.Int32(), id),
    length,
    data: indices,
    dictionary: arrow.makeVector(texts),
    nullCount,
    ...(nullCount === 0 ? {} : { nullBitmap: bitsOf(codes) }),
  });
}

/** Arrow decodes texts with TextDecoder, which takes no shared memory. */
function ownMemory(bytes: Uint8Array): Uint8Array {
  return bytes.buffer instanceof SharedArrayBuffer ? bytes.slice() : bytes;
}
