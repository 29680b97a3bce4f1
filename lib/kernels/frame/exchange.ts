/** The sinks of tasks that send rows on: to the sections of an exchange, or as a sample of keys. */
import type { Schema } from "../../collections/schema.ts";
import { fieldOf } from "../../collections/typing.ts";
import { InternalError, type JsonObject } from "../../errors.ts";
import { concatenate } from "./collect.ts";
import { columnOf, type Batch, type Column } from "./column.ts";
import { bytesForAll, encodeFrame, type Frame } from "./encode.ts";
import { GroupState } from "./group.ts";
import { RowHasher, partitionOfHash } from "./hash.ts";
import { splitFrame } from "./partition.ts";
import { rowGather } from "./pick.ts";
import { gather } from "./pipeline.ts";
import { POSITION, positionOf } from "./position.ts";
import { partsOf, type Bounds } from "./ranges.ts";
import type { CollectSink, ExchangeSink, GatherSink, SampleSink } from "./steps.ts";

/** What a task gathers: `encode` gives the task's output. */
export interface Gather {
  add(batch: Batch): void;
  full(): boolean;
  rows(): number;
  /** An encoded partial, kept bytes, or one section a partition. */
  encode(): Uint8Array | Iterable<Uint8Array>;
}

/** A partial of rows or of groups. */
export interface FrameGather extends Gather {
  encode(): Uint8Array;
  /** The same as a frame; of groups: their states. */
  frame(): Frame & { readonly extra?: JsonObject };
}

export function frameGather(sink: GatherSink, schema: Schema): FrameGather {
  if (sink.to === "collect") {
    const rows = rowGather(
      sink,
      sink.columns.map((name) => fieldOf(name, schema)),
    );
    return {
      add: (batch) => rows.add(batch),
      full: () => rows.full,
      rows: () => rows.rows,
      encode: () => encodeFrame(rows.frame(), {}, bytesForAll),
      frame: () => rows.frame(),
    };
  }
  const state = new GroupState(sink, schema);
  return {
    add: (batch) => state.update(batch),
    full: () => false,
    rows: () => state.groups,
    encode: () => state.encode(),
    frame: () => state.partial(),
  };
}

/** Takes one batch as it is, whose memory lasts. */
export function ownGather({ columns }: CollectSink, schema: Schema): FrameGather {
  const fields = columns.map((name) => fieldOf(name, schema));
  const pieces: Batch[] = [];
  const frame = () => concatenate(fields, pieces, () => true);
  return {
    add: (batch) => pieces.push(batch),
    full: () => false,
    rows: () => pieces.reduce((sum, { rows }) => sum + rows, 0),
    encode: () => encodeFrame(frame(), {}, bytesForAll),
    frame,
  };
}

/** Sends what is gathered to the sections of its rows. `bounds`: for ranges. */
export function exchangeGather(sink: ExchangeSink, schema: Schema, task: number, bounds: Bounds | undefined): Gather {
  const inner = frameGather(sink.gather, schema);
  return {
    ...inner,
    encode() {
      const { extra, ...frame } = inner.frame();
      return splitFrame(frame, partitionsOf(frame.batch, sink, task, bounds), sink.partitions, extra);
    },
  };
}

function partitionsOf(
  batch: Batch,
  { by, gather: { to }, partitions }: ExchangeSink,
  task: number,
  bounds: Bounds | undefined,
): Int32Array {
  if (by.do === "all") return new Int32Array(batch.rows);
  // States of groups have their keys first, numbered.
  const nameOf = (name: string, i: number) => (to === "group" ? String(i) : name);
  if (by.do === "hash") {
    const columns = by.keys.map((name, i) => columnOf(batch, nameOf(name, i)));
    return new RowHasher().hashes(columns, batch.rows).map((hash) => partitionOfHash(hash, partitions));
  }
  if (bounds === undefined) throw new InternalError("An exchange by ranges without bounds.");
  const names = by.keys.map(({ column }, i) => nameOf(column, i));
  return partsOf(batch, names, bounds, task);
}

/** Keys of some of a task's rows, and where they stand. `spread`: evenly of all rows, else of the first. */
export function sampleGather(
  { keys, rows: wanted }: SampleSink,
  schema: Schema,
  task: number,
  spread: boolean,
): Gather {
  const fields = keys.map(({ column }) => fieldOf(column, schema));
  const sampled: Schema = [...fields, { name: POSITION, type: "int64" }];
  const pieces: Batch[] = [];
  let seen = 0;
  return {
    add(batch) {
      const own = fields.map(({ name }): [string, Column] => [
        name,
        gather(columnOf(batch, name), allRows(batch.rows)),
      ]);
      const values = Float64Array.from({ length: batch.rows }, (_, i) => positionOf(task, seen + i));
      pieces.push({ rows: batch.rows, columns: new Map([...own, [POSITION, { type: "int64", values }]]) });
      seen += batch.rows;
    },
    full: () => !spread && seen >= wanted,
    rows: () => Math.min(seen, wanted),
    encode() {
      const whole = concatenate(sampled, pieces);
      return encodeFrame(seen <= wanted ? whole : evenly(whole, wanted));
    },
  };
}

function allRows(rows: number): Int32Array {
  return Int32Array.from({ length: rows }, (_, i) => i);
}

function evenly({ schema, batch }: Frame, wanted: number): Frame {
  const rows = Int32Array.from({ length: wanted }, (_, i) => Math.floor(((i + 0.5) * batch.rows) / wanted));
  const columns = schema.map(({ name }): [string, Column] => [name, gather(columnOf(batch, name), rows)]);
  return { schema, batch: { rows: wanted, columns: new Map(columns) } };
}
