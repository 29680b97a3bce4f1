import { aggregateType } from "../../collections/aggregate-typing.ts";
import type { Schema } from "../../collections/schema.ts";
import { fieldOf } from "../../collections/typing.ts";
import type { JsonObject } from "../../errors.ts";
import { GroupAggregates } from "./aggregates/group-aggregates.ts";
import { columnOf, type Batch, type Column } from "./column.ts";
import { bytesForAll, decodeFrame, encodeFrame, type Frame } from "./encode.ts";
import { Grouper } from "./groups/grouper.ts";
import { gather } from "./pipeline.ts";
import type { VectorMemory } from "./vector-memory.ts";
import { sortedRows } from "./sort.ts";
import type { GroupSink } from "./steps.ts";

/** A group by in the making: which groups there are, and the state of each aggregate. The partial of the "frame.group" fold. */
export class GroupState {
  readonly #sink: GroupSink;
  readonly #schema: Schema;
  readonly #grouper: Grouper;
  readonly #aggregates: GroupAggregates;
  /** Where the rows lie that come next. */
  readonly #memory: VectorMemory | undefined;

  /** `schema`: the columns of the batches that come. `memory`: for partials that are taken in; batches have their own. */
  constructor(sink: GroupSink, schema: Schema, memory?: VectorMemory) {
    this.#memory = memory;
    this.#sink = sink;
    this.#schema = schema;
    this.#grouper = new Grouper(
      sink.keys.map((key) => fieldOf(key, schema).type),
      sink.keepNulls,
    );
    this.#aggregates = new GroupAggregates(sink.aggregates, schema);
  }

  get groups(): number {
    return this.#grouper.count;
  }

  update(batch: Batch): void {
    const groups = this.#grouper.assign(
      this.#sink.keys.map((key) => columnOf(batch, key)),
      batch.rows,
      batch.memory,
    );
    this.#aggregates.update(groups, batch, this.#grouper.count);
  }

  /** Takes another partial in; its groups come behind this one's. */
  absorb(other: GroupState): void {
    const { count } = other.#grouper;
    this.#absorb(other.#grouper.keys(), other.#aggregates.states(count), count);
  }

  /** A row a group: its keys, then its states, columns by number. `extra` is to go with it. */
  partial(): Frame & { readonly extra: JsonObject } {
    const { count } = this.#grouper;
    const states = this.#aggregates.states(count);
    const columns = [...this.#grouper.keys(), ...states.flat()];
    const named = columns.map((column, i): [string, Column] => [String(i), column]);
    const schema = columns.map((column, i) => ({ name: String(i), type: column.type }));
    const extra = { states: states.map((state) => state.length) };
    return { schema, batch: { rows: count, columns: new Map(named) }, extra };
  }

  encode(): Uint8Array {
    const { extra, ...frame } = this.partial();
    return encodeFrame(frame, extra, bytesForAll);
  }

  static decode(bytes: Uint8Array, sink: GroupSink, schema: Schema, memory?: VectorMemory): GroupState {
    const state = new GroupState(sink, schema, memory);
    state.absorbEncoded(bytes);
    return state;
  }

  /** Takes in what `encode` gave of another, and writes nothing into it; answers how many groups that had. */
  absorbEncoded(bytes: Uint8Array): number {
    const { batch, extra } = decodeFrame(bytes);
    const columns = [...batch.columns.values()];
    const sizes = extra["states"] as readonly number[]; // as `encode` wrote them
    let at = this.#sink.keys.length;
    const states = sizes.map((size) => columns.slice(at, (at += size)));
    this.#absorb(columns.slice(0, this.#sink.keys.length), states, batch.rows);
    return batch.rows;
  }

  /** The memory that was given may be another's from now on. */
  release(): void {
    this.#grouper.release();
  }

  /** The groups sorted by key, nulls last. */
  finish(): Frame {
    const { count } = this.#grouper;
    const keys = this.#grouper.keys();
    const order = sortedOrder(keys, count);
    const columns = [...keys, ...this.#aggregates.results(count)].map((column) => gather(column, order));
    return groupFrame(this.#sink, this.#schema, columns, count);
  }

  #absorb(keys: readonly Column[], states: readonly Column[][], rows: number): void {
    const groups = this.#grouper.assign(keys, rows, this.#memory);
    this.#aggregates.absorb(states, groups, this.#grouper.count, this.#memory);
  }
}

/** The columns of a group by's result: the keys, then the aggregates. */
export function groupSchema(sink: GroupSink, schema: Schema): Schema {
  return [
    ...sink.keys.map((key) => fieldOf(key, schema)),
    ...sink.aggregates.map(({ name, value }) => ({ name, type: aggregateType(value, schema) })),
  ];
}

/** A group by's result: columns of so many groups, as `groupSchema` has them. */
export function groupFrame(sink: GroupSink, schema: Schema, columns: readonly Column[], groups: number): Frame {
  const fields = groupSchema(sink, schema);
  return {
    schema: fields,
    batch: { rows: groups, columns: new Map(fields.map(({ name }, i) => [name, columns[i]])) },
  };
}

/** Row numbers in ascending order of the columns, the first deciding first; nulls last. Stable. */
function sortedOrder(columns: readonly Column[], rows: number): Int32Array {
  const named = columns.map((column, i): [string, Column] => [String(i), column]);
  const keys = named.map(([column]) => ({ column, descending: false, nulls: "last" as const }));
  return sortedRows({ rows, columns: new Map(named) }, keys);
}
