/**
 * One state over all groups: arrays indexed by group number (see ../grouper.ts; slot 0 takes what belongs to no group and is never read).
 * States of two partials merge by `absorb`, left before right, so that any tree of merges gives the same groups. Several aggregates of a
 * group by may read one state: the mean and the variance of a column, or all its quantiles.
 */
import type { AggregateNode } from "../../../collections/aggregate.ts";
import type { Column } from "../column.ts";
import type { VectorMemory } from "../vector-memory.ts";

export interface Aggregator {
  /**
   * Takes a batch in: row i belongs to groups[i]; there are `count` groups. `column` is absent for `size`; `memory` is the batch's; `other` is
   * the second column of aggregates of two.
   */
  update(groups: Int32Array, column: Column | undefined, count: number, memory?: VectorMemory, other?: Column): void;
  /** Takes another partial's state in: its group g + 1 is this one's groups[g]. */
  absorb(other: Column[], groups: Int32Array, count: number): void;
  /** The state of groups 1 … count, as columns. */
  state(count: number): Column[];
  /** What the aggregate is of groups 1 … count. */
  result(count: number, node: AggregateNode): Column;
}
