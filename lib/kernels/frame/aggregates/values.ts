import type { AggregateNode } from "../../../collections/aggregate.ts";
import type { Interpolation } from "../../../collections/aggregate-table.ts";
import { OptionError } from "../../../errors.ts";
import type { Column } from "../column.ts";
import type { Aggregator } from "./aggregator.ts";
import { blobAt, blobColumn, bytesOf, floatsIn } from "./blobs.ts";
import { leastOf, selectValue } from "./select-value.ts";
import { floatsOf, numbersOf } from "./slots.ts";

/** What one state may hold: 512 MiB of values, and as much again while they are sorted. */
const MOST_VALUES = 2 ** 26;

/** All values of all groups, in the order in which they came: for exact quantiles. */
export class Values implements Aggregator {
  #groups = new Int32Array(0);
  #values = new Float64Array(0);
  #length = 0;
  /** Only moved within their group after this is made. */
  #parted: { readonly values: Float64Array; readonly ends: Int32Array } | undefined;

  update(groups: Int32Array, column: Column | undefined): void {
    const { valid } = numbersOf(column);
    const values = floatsOf(column);
    this.#reserve(groups.length);
    for (let i = 0; i < groups.length; i++) {
      const value = values[i];
      if (value !== value || groups[i] === 0 || (valid !== undefined && valid[i] === 0)) continue;
      this.#groups[this.#length] = groups[i];
      this.#values[this.#length++] = value;
    }
  }

  absorb([other]: Column[], groups: Int32Array): void {
    for (let i = 0; i < groups.length; i++) {
      const values = floatsIn(blobAt(other, i));
      this.#reserve(values.length);
      this.#values.set(values, this.#length);
      this.#groups.fill(groups[i], this.#length, this.#length + values.length);
      this.#length += values.length;
    }
  }

  state(count: number): Column[] {
    const { values, ends } = this.#byGroup(count);
    return [
      blobColumn(
        bytesOf(values),
        ends.map((end) => 8 * end),
      ),
    ];
  }

  result(count: number, { params }: AggregateNode): Column {
    this.#parted ??= this.#byGroup(count);
    const { values, ends } = this.#parted;
    const q = typeof params?.["q"] === "number" ? params["q"] : 0.5;
    const interpolation = (params?.["interpolation"] ?? "linear") as Interpolation; // the table of aggregates checks it
    const results = new Float64Array(count);
    const valid = new Uint8Array(count);
    for (let g = 0; g < count; g++) {
      const start = g === 0 ? 0 : ends[g - 1];
      valid[g] = ends[g] > start ? 1 : 0;
      results[g] = quantileOf(values, start, ends[g], q, interpolation);
    }
    return { type: "float64", values: results, valid: valid.includes(0) ? valid : undefined };
  }

  #reserve(more: number): void {
    this.#parted = undefined;
    const wanted = this.#length + more;
    if (wanted <= this.#values.length) return;
    if (wanted > MOST_VALUES)
      throw new OptionError(`An exact median or quantile would hold more than ${MOST_VALUES} values in one place.`, {
        fields: { values: wanted, limit: MOST_VALUES },
        fix: "use quantileApprox(q), which needs a few kB; or group by keys: then rows meet in parts that fit.",
      });
    const room = Math.min(MOST_VALUES, Math.max(1024, 2 * wanted));
    const [groups, values] = [new Int32Array(room), new Float64Array(room)];
    groups.set(this.#groups.subarray(0, this.#length));
    values.set(this.#values.subarray(0, this.#length));
    [this.#groups, this.#values] = [groups, values];
  }

  /** The values group by group, each group's in the order in which they came; where each group ends. */
  #byGroup(count: number): { values: Float64Array; ends: Int32Array } {
    const ends = new Int32Array(count);
    for (let i = 0; i < this.#length; i++) ends[this.#groups[i] - 1]++;
    for (let g = 1; g < count; g++) ends[g] += ends[g - 1];
    const values = new Float64Array(this.#length);
    // From behind, so that each end becomes its group's beginning, and the order stays.
    for (let i = this.#length - 1; i >= 0; i--) values[--ends[this.#groups[i] - 1]] = this.#values[i];
    for (let g = 0; g < count; g++) ends[g] = g + 1 < count ? ends[g + 1] : this.#length;
    return { values, ends };
  }
}

/** NumPy's quantiles of the values [start, end), which it moves about; NaN where there are none. */
function quantileOf(values: Float64Array, start: number, end: number, q: number, interpolation: Interpolation): number {
  if (start === end) return NaN;
  const rank = q * (end - start - 1);
  const below = Math.floor(rank);
  const t = rank - below;
  const at = start + below;
  selectValue(values, start, end, at);
  const a = values[at];
  const b = t === 0 ? a : leastOf(values, at + 1, end);
  switch (interpolation) {
    case "lower":
      return a;
    case "higher":
      return b;
    case "nearest":
      return t < 0.5 || (t === 0.5 && below % 2 === 0) ? a : b;
    case "midpoint":
      return a === b ? a : a / 2 + b / 2;
    case "linear":
      // The difference of equal infinities would be NaN.
      if (a === b || t === 0) return a;
      return t < 0.5 ? a + (b - a) * t : b - (b - a) * (1 - t);
  }
}
