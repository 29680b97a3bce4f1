import type { Schema } from "../../collections/schema.ts";
import { Collector, concatenate } from "./collect.ts";
import { columnOf, type Batch, type Column } from "./column.ts";
import { DistinctRows } from "./distinct.ts";
import type { Frame } from "./encode.ts";
import { gather } from "./pipeline.ts";
import { sortFrame, sortedRows, takeRows } from "./sort.ts";
import type { CollectSink, SortKey } from "./steps.ts";

/** Gathers rows of batches whose memory does not last. */
export interface RowGather {
  add(batch: Batch): void;
  /** Nothing that comes now would change the frame. */
  readonly full: boolean;
  readonly rows: number;
  frame(): Frame;
}

/** What a sink gathers of a task's rows: all, the first ones, or what it picks. `schema`: the columns gathered. */
export function rowGather({ pick, limit }: CollectSink, schema: Schema): RowGather {
  if (pick?.by === "distinct") return new DistinctGather(schema, pick.columns);
  if (pick?.by === "order")
    return new PrunedGather(schema, limit ?? Infinity, (frame) => firstInOrder(frame, pick.keys, limit ?? Infinity));
  if (pick?.by === "last")
    return new PrunedGather(schema, limit ?? Infinity, (frame) => lastRows(frame, limit ?? Infinity));
  return new Collector(schema, limit);
}

/** The frame's first rows in an order, in that order. */
export function firstInOrder(frame: Frame, keys: readonly SortKey[], limit: number): Frame {
  if (frame.batch.rows <= limit) return sortFrame(frame, keys);
  return takeRows(frame, sortedRows(frame.batch, keys).subarray(0, limit));
}

/** The frame's last rows. */
export function lastRows(frame: Frame, limit: number): Frame {
  const { rows } = frame.batch;
  if (rows <= limit) return frame;
  return takeRows(
    frame,
    Int32Array.from({ length: limit }, (_, i) => rows - limit + i),
  );
}

class DistinctGather implements RowGather {
  readonly full = false;
  readonly #schema: Schema;
  readonly #distinct: DistinctRows;
  readonly #pieces: Batch[] = [];
  rows = 0;

  constructor(schema: Schema, columns: readonly string[]) {
    this.#schema = schema;
    this.#distinct = new DistinctRows(columns, schema);
  }

  add(batch: Batch): void {
    const rows = this.#distinct.firstRows(batch);
    if (rows.length === 0) return;
    const columns = this.#schema.map(({ name }): [string, Column] => [name, gather(columnOf(batch, name), rows)]);
    this.#pieces.push({ rows: rows.length, columns: new Map(columns) });
    this.rows += rows.length;
  }

  frame(): Frame {
    return concatenate(this.#schema, this.#pieces);
  }
}

/** Rows kept before they are pruned again, beside the `limit` that are wanted. */
const SPARE_ROWS = 64 * 1024;

/** Keeps few of the rows: prunes what it has whenever that is much more than is wanted. `prune` keeps the first or last of what it is given, by some order. */
class PrunedGather implements RowGather {
  readonly full = false;
  readonly #schema: Schema;
  readonly #room: number;
  readonly #prune: (frame: Frame) => Frame;
  #collector: Collector;

  constructor(schema: Schema, limit: number, prune: (frame: Frame) => Frame) {
    this.#schema = schema;
    this.#room = 2 * limit + SPARE_ROWS;
    this.#prune = prune;
    this.#collector = new Collector(schema);
  }

  get rows(): number {
    return this.#collector.rows;
  }

  add(batch: Batch): void {
    this.#collector.add(batch);
    if (this.#collector.rows <= this.#room) return;
    const { batch: kept } = this.#prune(this.#collector.frame());
    this.#collector = new Collector(this.#schema);
    this.#collector.add(kept);
  }

  frame(): Frame {
    return this.#prune(this.#collector.frame());
  }
}
