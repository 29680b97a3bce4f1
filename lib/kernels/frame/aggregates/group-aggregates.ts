import { formatAggregate, inputsOfAggregate } from "../../../collections/aggregate.ts";
import { inputTypes } from "../../../collections/aggregate-typing.ts";
import type { Schema } from "../../../collections/schema.ts";
import { OverflowError } from "../../../errors.ts";
import type { Batch, Column } from "../column.ts";
import { compile, type Evaluator } from "../evaluate.ts";
import { StateRows } from "../groups/state-rows.ts";
import { overflowIn } from "../overflow.ts";
import type { GroupSink } from "../steps.ts";
import type { VectorMemory } from "../vector-memory.ts";
import type { Aggregator } from "./aggregator.ts";
import { makeAggregator, stateKey } from "./table.ts";

/** The aggregates of a group by, for groups that somebody else numbers, from 1 on. */
export class GroupAggregates {
  readonly #aggregates: GroupSink["aggregates"];
  /** States, each read by one or more aggregates, and the expressions that they take in. */
  readonly #aggregators: readonly Aggregator[];
  readonly #inputs: readonly (readonly Evaluator[])[];
  readonly #rows = new StateRows();
  /** Which state each of the aggregates reads. */
  readonly #stateOf: readonly number[];

  /** `schema`: the columns of the batches that come. */
  constructor(aggregates: GroupSink["aggregates"], schema: Schema) {
    this.#aggregates = aggregates;
    const keys = aggregates.map(({ value }) => stateKey(value));
    const places = new Map<string, number>();
    const nodes = aggregates.flatMap(({ value }, i) => {
      if (places.has(keys[i])) return [];
      places.set(keys[i], places.size);
      return [value];
    });
    this.#stateOf = keys.map((key) => places.get(key) ?? -1);
    this.#aggregators = nodes.map((node) => makeAggregator(node, inputTypes(node, schema)[0] ?? "int64", this.#rows));
    this.#inputs = nodes.map((node) => inputsOfAggregate(node).map((input) => compile(input, schema)));
  }

  /** Room for just so many groups, where that is known before any row comes. */
  expect(count: number): void {
    this.#rows.reserveAll(count);
  }

  /** Adds a batch, row i to group `groups[i]`; `count`: how many groups there are now. */
  update(groups: Int32Array, batch: Batch, count: number): void {
    this.#near(groups, count, batch.memory);
    this.#aggregators.forEach((aggregator, i) => {
      const [column, other] = this.#inputs[i].map((evaluate) => evaluate(batch));
      aggregator.update(groups, column, count, batch.memory, other);
    });
  }

  /** Takes in what `states` gave of others: state g + 1 of theirs is added to group `groups[g]`. */
  absorb(states: readonly Column[][], groups: Int32Array, count: number, memory: VectorMemory | undefined): void {
    this.#near(groups, count, memory);
    this.#aggregators.forEach((aggregator, i) => aggregator.absorb(states[i], groups, count));
  }

  /** The states of groups 1 … count. */
  states(count: number): Column[][] {
    return this.#aggregators.map((aggregator) => aggregator.state(count));
  }

  /** The aggregates of groups 1 … count. @throws OverflowError, which says in which it happened */
  results(count: number): Column[] {
    return this.#aggregates.map(({ name, value }, i) => {
      try {
        return this.#aggregators[this.#stateOf[i]].result(count, value);
      } catch (error) {
        throw error instanceof OverflowError ? overflowIn(`${name} = ${formatAggregate(value)}`, error) : error;
      }
    });
  }

  #near(groups: Int32Array, count: number, memory: VectorMemory | undefined): void {
    this.#rows.reserve(count, memory);
    this.#rows.touch(groups, memory);
  }
}
