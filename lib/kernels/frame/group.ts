import { formatAggregate, inputsOfAggregate } from "../../collections/aggregate.ts";
import { aggregateType, inputTypes } from "../../collections/aggregate-typing.ts";
import type { Schema } from "../../collections/schema.ts";
import { fieldOf } from "../../collections/typing.ts";
import { OverflowError } from "../../errors.ts";
import type { Aggregator } from "./aggregates/aggregator.ts";
import { makeAggregator, stateKey } from "./aggregates/table.ts";
import { columnOf, type Batch, type Column } from "./column.ts";
import { decodeFrame, encodeFrame, type Frame } from "./encode.ts";
import { compile, type Evaluator } from "./evaluate.ts";
import { Grouper } from "./groups/grouper.ts";
import { StateRows } from "./groups/state-rows.ts";
import { overflowIn } from "./overflow.ts";
import { gather } from "./pipeline.ts";
import type { VectorMemory } from "./vector-memory.ts";
import { sortedRows } from "./sort.ts";
import type { GroupSink } from "./steps.ts";

/** A group by in the making: which groups there are, and the state of each aggregate. The partial of the "frame.group" fold. */
export class GroupState {
  readonly #sink: GroupSink;
  readonly #schema: Schema;
  readonly #grouper: Grouper;
  /** States, each read by one or more aggregates, and the expressions that they take in. */
  readonly #aggregators: readonly Aggregator[];
  readonly #inputs: readonly (readonly Evaluator[])[];
  readonly #rows = new StateRows();
  /** Where the rows lie that come next. */
  readonly #memory: VectorMemory | undefined;
  /** Which state each of the sink's aggregates reads. */
  readonly #stateOf: readonly number[];

  /** `schema`: the columns of the batches that come. `memory`: for partials that are taken in; batches have their own. */
  constructor(sink: GroupSink, schema: Schema, memory?: VectorMemory) {
    this.#memory = memory;
    this.#sink = sink;
    this.#schema = schema;
    this.#grouper = new Grouper(
      sink.keys.map((key) => fieldOf(key, schema).type),
      sink.keepNulls,
    );
    const keys = sink.aggregates.map(({ value }) => stateKey(value));
    const places = new Map<string, number>();
    const nodes = sink.aggregates.flatMap(({ value }, i) => {
      if (places.has(keys[i])) return [];
      places.set(keys[i], places.size);
      return [value];
    });
    this.#stateOf = keys.map((key) => places.get(key) ?? -1);
    this.#aggregators = nodes.map((node) => makeAggregator(node, inputTypes(node, schema)[0] ?? "int64", this.#rows));
    this.#inputs = nodes.map((node) => inputsOfAggregate(node).map((input) => compile(input, schema)));
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
    const { count } = this.#grouper;
    this.#rows.reserve(count, batch.memory);
    this.#rows.touch(groups, batch.memory);
    this.#aggregators.forEach((aggregator, i) => {
      const [column, other] = this.#inputs[i].map((evaluate) => evaluate(batch));
      aggregator.update(groups, column, count, batch.memory, other);
    });
  }

  /** Takes another partial in; its groups come behind this one's. */
  absorb(other: GroupState): void {
    const count = other.#grouper.count;
    this.#absorb(
      other.#grouper.keys(),
      other.#aggregators.map((aggregator) => aggregator.state(count)),
      count,
    );
  }

  encode(): Uint8Array {
    const count = this.#grouper.count;
    const states = this.#aggregators.map((aggregator) => aggregator.state(count));
    const columns = [...this.#grouper.keys(), ...states.flat()];
    const named = columns.map((column, i): [string, Column] => [String(i), column]);
    const schema = columns.map((column, i) => ({ name: String(i), type: column.type }));
    return encodeFrame(
      { schema, batch: { rows: count, columns: new Map(named) } },
      { states: states.map((state) => state.length) },
      bytesForAll,
    );
  }

  static decode(bytes: Uint8Array, sink: GroupSink, schema: Schema, memory?: VectorMemory): GroupState {
    const state = new GroupState(sink, schema, memory);
    state.absorbEncoded(bytes);
    return state;
  }

  /** Takes in what `encode` gave of another. */
  absorbEncoded(bytes: Uint8Array): void {
    const { batch, extra } = decodeFrame(bytes);
    const columns = [...batch.columns.values()];
    const sizes = extra["states"] as readonly number[]; // as `encode` wrote them
    let at = this.#sink.keys.length;
    const states = sizes.map((size) => columns.slice(at, (at += size)));
    this.#absorb(columns.slice(0, this.#sink.keys.length), states, batch.rows);
  }

  /** The memory that was given may be another's from now on. */
  release(): void {
    this.#grouper.release();
  }

  /** The groups sorted by key, nulls last. */
  finish(): Frame {
    const count = this.#grouper.count;
    const keys = this.#grouper.keys();
    const order = sortedOrder(keys, count);
    const results = this.#sink.aggregates.map((_, i) => this.#resultOf(i, count));
    const columns = [...keys, ...results].map((column) => gather(column, order));
    const schema = groupSchema(this.#sink, this.#schema);
    return { schema, batch: { rows: count, columns: new Map(schema.map(({ name }, i) => [name, columns[i]])) } };
  }

  /** An overflow says in which aggregate it happened. */
  #resultOf(i: number, count: number): Column {
    const { name, value } = this.#sink.aggregates[i];
    try {
      return this.#aggregators[this.#stateOf[i]].result(count, value);
    } catch (error) {
      throw error instanceof OverflowError ? overflowIn(`${name} = ${formatAggregate(value)}`, error) : error;
    }
  }

  #absorb(keys: readonly Column[], states: readonly Column[][], rows: number): void {
    const groups = this.#grouper.assign(keys, rows, this.#memory);
    this.#rows.reserve(this.#grouper.count, this.#memory);
    this.#rows.touch(groups, this.#memory);
    this.#aggregators.forEach((aggregator, i) => aggregator.absorb(states[i], groups, this.#grouper.count));
  }
}

/** Large partials go to other threads: they are made where all can read them. */
const LARGE_BYTES = 64 * 1024;

function bytesForAll(bytes: number): Uint8Array {
  return bytes > LARGE_BYTES ? new Uint8Array(new SharedArrayBuffer(bytes)) : new Uint8Array(bytes);
}

/** The columns of a group by's result: the keys, then the aggregates. */
export function groupSchema(sink: GroupSink, schema: Schema): Schema {
  return [
    ...sink.keys.map((key) => fieldOf(key, schema)),
    ...sink.aggregates.map(({ name, value }) => ({ name, type: aggregateType(value, schema) })),
  ];
}

/** Row numbers in ascending order of the columns, the first deciding first; nulls last. Stable. */
function sortedOrder(columns: readonly Column[], rows: number): Int32Array {
  const named = columns.map((column, i): [string, Column] => [String(i), column]);
  const keys = named.map(([column]) => ({ column, descending: false, nulls: "last" as const }));
  return sortedRows({ rows, columns: new Map(named) }, keys);
}
