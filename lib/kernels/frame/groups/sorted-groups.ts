/** A group by of rows that are in memory whole: they are put in the order of their keys, so that no table of groups is needed, and the result is in order. */
import type { Schema } from "../../../collections/schema.ts";
import { inputsOfAggregate } from "../../../collections/aggregate.ts";
import { columnsRead } from "../../../collections/expression/nodes.ts";
import { GroupAggregates } from "../aggregates/group-aggregates.ts";
import { columnOf, type Column } from "../column.ts";
import type { Frame } from "../encode.ts";
import { groupFrame } from "../group.ts";
import { gather } from "../pipeline.ts";
import type { GroupSink } from "../steps.ts";
import { keyWords } from "./key-words.ts";
import { orderByWords } from "./word-order.ts";

/** Rows that are gathered and added at a time: they stay in a processor's cache. */
const SLICE_ROWS = 32 * 1024;

/** What `GroupState` gives of the frame's rows. Those of a group are added in their order. */
export function sortedGroups(sink: GroupSink, { schema, batch }: Frame): Frame {
  const { words, missing } = keyWords(batch, sink.keys);
  const rows = sink.keepNulls || missing === undefined ? allRows(batch.rows) : rowsWithout(missing);
  orderByWords(rows, words);
  const groups = new Int32Array(rows.length);
  const firsts = numberRuns(rows, words, groups);
  const aggregates = new GroupAggregates(sink.aggregates, schema);
  aggregates.expect(firsts.length);
  const names = inputsOf(sink, schema);
  for (let from = 0; from < rows.length; from += SLICE_ROWS) {
    const slice = rows.subarray(from, from + SLICE_ROWS);
    const columns = names.map((name): [string, Column] => [name, gather(columnOf(batch, name), slice)]);
    aggregates.update(
      groups.subarray(from, from + slice.length),
      { rows: slice.length, columns: new Map(columns) },
      firsts.length,
    );
  }
  const keys = sink.keys.map((name) => keyColumn(gather(columnOf(batch, name), firsts)));
  return groupFrame(sink, schema, [...keys, ...aggregates.results(firsts.length)], firsts.length);
}

function inputsOf({ aggregates }: GroupSink, schema: Schema): string[] {
  const read = new Set<string>();
  for (const { value } of aggregates) for (const input of inputsOfAggregate(value)) columnsRead(input, read);
  return schema.map(({ name }) => name).filter((name) => read.has(name));
}

function allRows(count: number): Int32Array {
  const rows = new Int32Array(count);
  for (let i = 0; i < count; i++) rows[i] = i;
  return rows;
}

function rowsWithout(missing: Uint8Array): Int32Array {
  const rows = new Int32Array(missing.length);
  let count = 0;
  for (let i = 0; i < missing.length; i++) if (missing[i] === 0) rows[count++] = i;
  return rows.subarray(0, count);
}

/** Writes the group of each row, from 1 on; answers the first row of each. */
function numberRuns(rows: Int32Array, words: readonly Uint32Array[], groups: Int32Array): Int32Array {
  const firsts = new Int32Array(rows.length);
  let count = 0;
  for (let i = 0; i < rows.length; i++) {
    if (i === 0 || !isSame(words, rows[i - 1], rows[i])) firsts[count++] = rows[i];
    groups[i] = count;
  }
  return firsts.subarray(0, count);
}

function isSame(words: readonly Uint32Array[], a: number, b: number): boolean {
  for (let k = 0; k < words.length; k++) if (words[k][a] !== words[k][b]) return false;
  return true;
}

/** A key's values as groups have them: NaN is null, and −0 is 0. */
function keyColumn(column: Column): Column {
  if (column.type === "string") return column;
  const { values, valid } = column;
  if (column.type === "bool") return { ...column, valid: valid?.includes(0) === true ? valid : undefined };
  if (values instanceof BigInt64Array)
    return { type: column.type as "int64", values, valid: valid?.includes(0) === true ? valid : undefined }; // floats are never wide
  let mask = valid?.includes(0) === true ? valid : undefined;
  for (let i = 0; i < values.length; i++) {
    values[i] += 0;
    if (values[i] !== values[i]) (mask ??= new Uint8Array(values.length).fill(1))[i] = 0;
  }
  return { ...column, values: values as Float64Array, valid: mask };
}
