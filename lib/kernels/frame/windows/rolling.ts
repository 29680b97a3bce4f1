import { floatsOf, numbersOf } from "../aggregates/slots.ts";
import { addTwice, type Twice } from "../aggregates/twice.ts";
import type { Column } from "../column.ts";

/** What values of a window come to: merges in any grouping, earlier before later. Numbers in twice the precision; extremes use the high part. */
interface Merge {
  readonly none: Twice;
  merge(a: Twice, b: Twice): Twice;
}

const SUM: Merge = { none: [0, 0], merge: addTwice };
const MIN: Merge = { none: [Infinity, 0], merge: (a, b) => (b[0] < a[0] ? b : a) };
const MAX: Merge = { none: [-Infinity, 0], merge: (a, b) => (b[0] > a[0] ? b : a) };

/**
 * Windows of `rows` rows, without taking anything off again (which would leave rounding errors, and NaN behind infinities): rows are cut into
 * blocks as long as a window, so that each window is the end of one block and the beginning of the next; what those come to is carried along
 * each block in both directions (van Herk, 1992; Gil & Werman, 1993).
 */
export function rolled(
  column: Column,
  kind: "rollingSum" | "rollingMean" | "rollingMin" | "rollingMax",
  rows: number,
  minPeriods: number,
): Column {
  const { none, merge } = kind === "rollingMin" ? MIN : kind === "rollingMax" ? MAX : SUM;
  const { valid } = numbersOf(column);
  const values = floatsOf(column);
  const length = values.length;
  const isPresent = (i: number) => values[i] === values[i] && (valid === undefined || valid[i] === 1);
  // What a block comes to from each of its rows to its end, and how many values those are.
  const ends = new Array<Twice>(Math.min(rows, length) + 1).fill(none);
  const endCounts = new Int32Array(ends.length);
  const results = new Float64Array(length).fill(NaN);
  const present = new Uint8Array(length);
  for (let block = 0; block < length; block += rows) {
    let [soFar, count]: [Twice, number] = [none, 0];
    for (let i = block; i < Math.min(length, block + rows); i++) {
      if (isPresent(i)) {
        soFar = merge(soFar, [values[i], 0]);
        count++;
      }
      // The window begins in the block before, at its row `from`.
      const from = i - block + 1;
      const isSplit = block > 0 && from < rows;
      const total = count + (isSplit ? endCounts[from] : 0);
      if (total < minPeriods) continue;
      const whole = isSplit ? merge(ends[from], soFar) : soFar;
      const value = Number.isFinite(whole[0]) ? whole[0] + whole[1] : whole[0];
      present[i] = 1;
      results[i] = kind === "rollingMean" ? value / total : value;
    }
    if (block + rows >= length) break;
    ends[rows] = none;
    endCounts[rows] = 0;
    for (let k = rows - 1; k >= 0; k--) {
      const isValue = isPresent(block + k);
      ends[k] = isValue ? merge([values[block + k], 0], ends[k + 1]) : ends[k + 1];
      endCounts[k] = endCounts[k + 1] + (isValue ? 1 : 0);
    }
  }
  return { type: "float64", values: results, valid: present.includes(0) ? present : undefined };
}
