/** Cuts a frame into sections, one a partition, each encoded on its own. */
import type { JsonObject } from "../../errors.ts";
import { columnOf, type Column, type StringColumn } from "./column.ts";
import { encodeFrame, type Frame } from "./encode.ts";
import { packStrings, packTexts } from "./packed-texts.ts";
import { sliceColumn } from "./slice.ts";

/** A section a partition, each made when it is taken: its rows, in their order, as an encoded frame. `partition[i]` is where row i goes. */
export function splitFrame(
  { schema, batch }: Frame,
  partition: Int32Array,
  partitions: number,
  extra: JsonObject = {},
): Iterable<Uint8Array> {
  const ends = endsOf(partition, partitions);
  const places = placesOf(partition, ends);
  // Now and once: a dictionary in a kernel's memory is slow to ask, and soon gone.
  const columns = new Map(
    [...batch.columns].map(([name, column]): [string, Column] => [
      name,
      placed(column.type === "string" ? packStrings(column) : column, places),
    ]),
  );
  return sectionsOf({ schema, batch: { rows: batch.rows, columns } }, ends, extra);
}

/** Of each partition, where its rows end if they stand one partition behind the other. */
function endsOf(partition: Int32Array, partitions: number): Int32Array {
  const ends = new Int32Array(partitions);
  for (let i = 0; i < partition.length; i++) ends[partition[i]]++;
  for (let p = 1; p < partitions; p++) ends[p] += ends[p - 1];
  return ends;
}

/** Of each row, where it stands then. */
function placesOf(partition: Int32Array, ends: Int32Array): Int32Array {
  const next = Int32Array.from(ends, (_, p) => (p === 0 ? 0 : ends[p - 1]));
  const places = new Int32Array(partition.length);
  for (let i = 0; i < places.length; i++) places[i] = next[partition[i]]++;
  return places;
}

/**
 * The column's rows at their places. Rows are read as they stand and written in as many streams as there are partitions, which caches are good at: to
 * read each section's rows where they are scattered takes longer.
 */
function placed(column: Column, places: Int32Array): Column {
  if (column.type === "string") return { ...column, codes: placedWords(column.codes, places) };
  const valid = column.valid === undefined ? undefined : placedBytes(column.valid, places);
  if (column.type === "bool") return { type: "bool", values: placedBytes(column.values, places), valid };
  if (column.type === "float64") return { type: "float64", values: placedFloats(column.values, places), valid };
  const { type, values } = column;
  if (values instanceof Float64Array) return { type, values: placedFloats(values, places), valid };
  const wide = new BigInt64Array(places.length);
  for (let i = 0; i < places.length; i++) wide[places[i]] = values[i];
  return { type, values: wide, valid };
}

function placedWords(from: Int32Array, places: Int32Array): Int32Array {
  const to = new Int32Array(places.length);
  for (let i = 0; i < places.length; i++) to[places[i]] = from[i];
  return to;
}

function placedFloats(from: Float64Array, places: Int32Array): Float64Array {
  const to = new Float64Array(places.length);
  for (let i = 0; i < places.length; i++) to[places[i]] = from[i];
  return to;
}

function placedBytes(from: Uint8Array, places: Int32Array): Uint8Array {
  const to = new Uint8Array(places.length);
  for (let i = 0; i < places.length; i++) to[places[i]] = from[i];
  return to;
}

function* sectionsOf({ schema, batch }: Frame, ends: Int32Array, extra: JsonObject): Generator<Uint8Array> {
  const renamed = new Map<string, Int32Array>();
  let from = 0;
  for (const to of ends) {
    const columns = schema.map(({ name }): [string, Column] => {
      const column = columnOf(batch, name);
      const rows = sliceColumn(column, from, to);
      if (rows.type !== "string") return [name, rows];
      let codes = renamed.get(name);
      if (codes === undefined) renamed.set(name, (codes = new Int32Array(rows.dictionary.size)));
      return [name, ownTexts(rows, codes)];
    });
    yield encodeFrame({ schema, batch: { rows: to - from, columns: new Map(columns) } }, extra);
    from = to;
  }
}

/** The strings with a dictionary of their own. `renamed` has a 0 for each code, and has so again afterwards. */
function ownTexts({ codes: from, dictionary }: StringColumn, renamed: Int32Array): StringColumn {
  const codes = new Int32Array(from.length);
  const kept = new Int32Array(Math.min(from.length, renamed.length));
  let count = 0;
  for (let i = 0; i < from.length; i++) {
    const code = from[i];
    if (code === 0) continue;
    if (renamed[code] === 0) {
      kept[count++] = code;
      renamed[code] = count;
    }
    codes[i] = renamed[code];
  }
  for (let i = 0; i < count; i++) renamed[kept[i]] = 0;
  return { type: "string", codes, dictionary: packTexts(dictionary, kept.subarray(0, count)) };
}
