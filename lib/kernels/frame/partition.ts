/** Cuts a frame into sections, one a partition, each encoded on its own. */
import { columnOf, type Column, type StringColumn } from "./column.ts";
import { encodeFrame, type Frame } from "./encode.ts";
import { packStrings, packTexts } from "./packed-texts.ts";
import { gather } from "./pipeline.ts";
import type { JsonObject } from "../../errors.ts";

/** The rows of each partition, in their order. `partition[i]` is where row i goes. */
export function rowsByPartition(partition: Int32Array, partitions: number): Int32Array[] {
  const ends = new Int32Array(partitions);
  for (let i = 0; i < partition.length; i++) ends[partition[i]]++;
  let at = 0;
  for (let p = 0; p < partitions; p++) ends[p] = at += ends[p];
  const rows = new Int32Array(partition.length);
  const starts = Int32Array.from(ends, (_, p) => (p === 0 ? 0 : ends[p - 1]));
  for (let i = 0; i < partition.length; i++) rows[starts[partition[i]]++] = i;
  return Array.from(ends, (end, p) => rows.subarray(p === 0 ? 0 : ends[p - 1], end));
}

/** A section a partition, each made when it is taken: its rows as an encoded frame. */
export function splitFrame(
  { schema, batch }: Frame,
  partition: Int32Array,
  partitions: number,
  extra: JsonObject = {},
): Iterable<Uint8Array> {
  // Packed now and once: a dictionary in a kernel's memory is slow to ask, and soon gone.
  const source = new Map(
    [...batch.columns].map(([name, column]): [string, Column] => [
      name,
      column.type === "string" ? packStrings(column) : column,
    ]),
  );
  return sectionsOf({ schema, batch: { rows: batch.rows, columns: source } }, partition, partitions, extra);
}

function* sectionsOf(
  { schema, batch }: Frame,
  partition: Int32Array,
  partitions: number,
  extra: JsonObject,
): Generator<Uint8Array> {
  const codes = new Map<string, Int32Array>();
  for (const rows of rowsByPartition(partition, partitions)) {
    const columns = schema.map(({ name }): [string, Column] => {
      const column = columnOf(batch, name);
      if (column.type !== "string") return [name, gather(column, rows)];
      let renamed = codes.get(name);
      if (renamed === undefined) codes.set(name, (renamed = new Int32Array(column.dictionary.size)));
      return [name, gatherTexts(column, rows, renamed)];
    });
    yield encodeFrame({ schema, batch: { rows: rows.length, columns: new Map(columns) } }, extra);
  }
}

/** The rows' strings with a dictionary of their own. `renamed` has a 0 for each code, and has so again afterwards. */
function gatherTexts(column: StringColumn, rows: Int32Array, renamed: Int32Array): StringColumn {
  const codes = new Int32Array(rows.length);
  const kept = new Int32Array(Math.min(rows.length, renamed.length));
  let count = 0;
  for (let i = 0; i < rows.length; i++) {
    const code = column.codes[rows[i]];
    if (code === 0) continue;
    if (renamed[code] === 0) {
      kept[count++] = code;
      renamed[code] = count;
    }
    codes[i] = renamed[code];
  }
  for (let i = 0; i < count; i++) renamed[kept[i]] = 0;
  return { type: "string", codes, dictionary: packTexts(column.dictionary, kept.subarray(0, count)) };
}
