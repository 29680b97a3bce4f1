import { Aggregate } from "../../collections/expression.ts";
import type { ScalarType, Schema } from "../../collections/schema.ts";
import { aggregateType, fieldOf, typeOf } from "../../collections/typing.ts";
import { OverflowError } from "../../errors.ts";
import { makeAggregator, type Aggregator } from "./aggregators.ts";
import { columnOf, compareTexts, lengthOf, valueAt, type Batch, type Column } from "./column.ts";
import { decodeFrame, encodeFrame, type Frame } from "./encode.ts";
import { compile, type Evaluator } from "./evaluate.ts";
import { Grouper } from "./grouper.ts";
import { overflowIn } from "./overflow.ts";
import { gather } from "./pipeline.ts";
import type { GroupSink } from "./steps.ts";

/** A group by in the making: which groups there are, and the state of each aggregate. The partial of the "frame.group" fold. */
export class GroupState {
  readonly #sink: GroupSink;
  readonly #schema: Schema;
  readonly #grouper: Grouper;
  readonly #aggregators: readonly Aggregator[];
  readonly #inputs: readonly (Evaluator | undefined)[];

  /** `schema`: the columns of the batches that come. */
  constructor(sink: GroupSink, schema: Schema) {
    this.#sink = sink;
    this.#schema = schema;
    this.#grouper = new Grouper(
      sink.keys.map((key) => fieldOf(key, schema).type),
      sink.keepNulls,
    );
    this.#aggregators = sink.aggregates.map(({ value }) => makeAggregator(value, inputType(value.input, schema)));
    this.#inputs = sink.aggregates.map(({ value }) =>
      value.input === undefined ? undefined : compile(value.input, schema),
    );
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
    this.#aggregators.forEach((aggregator, i) =>
      aggregator.update(groups, this.#inputs[i]?.(batch), this.#grouper.count, batch.memory),
    );
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
    );
  }

  static decode(bytes: Uint8Array, sink: GroupSink, schema: Schema): GroupState {
    const state = new GroupState(sink, schema);
    const { batch, extra } = decodeFrame(bytes);
    const columns = [...batch.columns.values()];
    const sizes = extra["states"] as readonly number[]; // as `encode` wrote them
    let at = sink.keys.length;
    const states = sizes.map((size) => columns.slice(at, (at += size)));
    state.#absorb(columns.slice(0, sink.keys.length), states, batch.rows);
    return state;
  }

  /** The groups sorted by key, nulls last. */
  finish(): Frame {
    const count = this.#grouper.count;
    const keys = this.#grouper.keys();
    const order = sortedOrder(keys, count);
    const results = this.#aggregators.map((aggregator, i) => this.#resultOf(aggregator, i, count));
    const columns = [...keys, ...results].map((column) => gather(column, order));
    const schema = groupSchema(this.#sink, this.#schema);
    return { schema, batch: { rows: count, columns: new Map(schema.map(({ name }, i) => [name, columns[i]])) } };
  }

  /** An overflow says in which aggregate it happened. */
  #resultOf(aggregator: Aggregator, i: number, count: number): Column {
    try {
      return aggregator.result(count);
    } catch (error) {
      const { name, value } = this.#sink.aggregates[i];
      throw error instanceof OverflowError ? overflowIn(`${name} = ${String(new Aggregate(value))}`, error) : error;
    }
  }

  #absorb(keys: readonly Column[], states: readonly Column[][], rows: number): void {
    const groups = this.#grouper.assign(keys, rows);
    this.#aggregators.forEach((aggregator, i) => aggregator.absorb(states[i], groups, this.#grouper.count));
  }
}

function inputType(input: Parameters<typeof typeOf>[0] | undefined, schema: Schema): ScalarType {
  const type = input === undefined ? "int64" : typeOf(input, schema);
  return type === "null" ? "float64" : type;
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
  const order = Int32Array.from({ length: rows }, (_, i) => i);
  if (columns.length === 0) return order;
  const compares = columns.map(rowComparer);
  return order.sort((a, b) => {
    for (const compare of compares) {
      const c = compare(a, b);
      if (c !== 0) return c;
    }
    return a - b;
  });
}

function rowComparer(column: Column): (a: number, b: number) => number {
  const values = Array.from({ length: lengthOf(column) }, (_, i) => valueAt(column, i));
  return (i, j) => {
    const [a, b] = [values[i], values[j]];
    if (a === null || b === null) return a === b ? 0 : a === null ? 1 : -1;
    if (typeof a === "string" && typeof b === "string") return compareTexts(a, b);
    return a < b ? -1 : a > b ? 1 : 0;
  };
}
