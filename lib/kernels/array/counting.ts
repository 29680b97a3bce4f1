import type { Region } from "../../collections/array/chunks.ts";
import type { TypedArray } from "../../collections/array/dtype.ts";
import { sizeOf } from "../../collections/array/shape.ts";
import { OptionError } from "../../errors.ts";
import type { Evaluator } from "./evaluate.ts";
import type { State } from "./partials.ts";
import type { ProgramReduction } from "./program.ts";

/** Reductions that count: histograms, how often whole numbers occur, which values occur. Their states hold one result, of all axes. */
export type Counting = Extract<ProgramReduction, { kind: "histogram" | "bincount" | "unique" }>;

export async function countingState(evaluator: Evaluator, counting: Counting, region: Region): Promise<State> {
  const x = await elementsOf(evaluator, counting.root, region);
  if (counting.kind === "unique") return { place: 0, fields: runs(x.sort()) };
  const weights = counting.weights === undefined ? undefined : await elementsOf(evaluator, counting.weights, region);
  const bins = counting.chunks[0][0];
  const counts = new Float64Array(bins);
  if (counting.kind === "bincount") countWhole(x, weights, counts);
  else {
    const edges = await elementsOf(evaluator, counting.edges, { start: [0], size: [bins + 1] });
    countBins(x, weights, edges as Float64Array, counts); // edges are float64
  }
  return { place: 0, fields: [counts] };
}

/** A copy: blocks go back at once. */
async function elementsOf(evaluator: Evaluator, place: number, region: Region): Promise<TypedArray> {
  const { arena, program } = evaluator;
  const made = await evaluator.block(place, region);
  const elements = (arena.view(program[place].dtype, made.address, sizeOf(region.size)) as TypedArray).slice(); // of any dtype
  arena.release(made);
  return elements;
}

/** NaN and what lies outside goes; the last bin holds its right edge too. */
function countBins(x: TypedArray, weights: TypedArray | undefined, edges: Float64Array, counts: Float64Array): void {
  const bins = counts.length;
  const [first, last] = [edges[0], edges[bins]];
  const perUnit = bins / (last - first);
  for (let i = 0; i < x.length; i++) {
    const value = Number(x[i]);
    if (!(value >= first && value <= last)) continue;
    // Right for equal bins but for rounding; a start for others.
    let bin = Math.min(bins - 1, Math.floor((value - first) * perUnit) || 0);
    if (value < edges[bin] || value >= edges[bin + 1]) bin = binOf(value, edges, bin);
    counts[bin] += weights === undefined ? 1 : Number(weights[i]);
  }
}

/** The last bin whose left edge is not behind the value. */
function binOf(value: number, edges: Float64Array, guess: number): number {
  const bins = edges.length - 1;
  for (const near of [guess - 1, guess + 1])
    if (near >= 0 && near < bins && value >= edges[near] && value < edges[near + 1]) return near;
  let [low, high] = [0, bins];
  while (high - low > 1) {
    const middle = (low + high) >>> 1;
    if (edges[middle] <= value) low = middle;
    else high = middle;
  }
  return low;
}

function countWhole(x: TypedArray, weights: TypedArray | undefined, counts: Float64Array): void {
  for (let i = 0; i < x.length; i++) {
    const value = Number(x[i]);
    if (value < 0 || value >= counts.length)
      throw new OptionError(`bincount(…) expects whole numbers from 0 to ${counts.length - 1}; found ${value}.`, {
        fields: { found: value, length: counts.length },
        fix: "give a length that is greater than all of them: bincount(x, { length }); what is negative must go before.",
      });
    counts[value] += weights === undefined ? 1 : Number(weights[i]);
  }
}

/** The values of a sorted line, each once, and how often each is there. NaN equals NaN. */
function runs(sorted: TypedArray): readonly [TypedArray, Float64Array] {
  let count = 0;
  const counts = new Float64Array(sorted.length);
  for (let i = 0; i < sorted.length; i++) {
    const value = sorted[i];
    const before = sorted[count - 1];
    if (count > 0 && (value === before || (value !== value && before !== before))) counts[count - 1]++;
    else {
      sorted[count] = value;
      counts[count++] = 1;
    }
  }
  return [sorted.slice(0, count), counts.slice(0, count)];
}

export function countingMerge({ kind }: Counting): (a: State, b: State) => State {
  if (kind === "unique") return (a, b) => ({ place: 0, fields: mergeRuns(a.fields as Runs, b.fields as Runs) }); // what `runs` made
  return (a, b) => {
    const [counts, others] = [a.fields[0], b.fields[0]] as readonly [Float64Array, Float64Array]; // as countingState made them
    for (let i = 0; i < counts.length; i++) counts[i] += others[i];
    return a;
  };
}

type Runs = readonly [TypedArray, Float64Array];

function mergeRuns([left, leftCounts]: Runs, [right, rightCounts]: Runs): Runs {
  const most = left.length + right.length;
  const Values = left.constructor as new (length: number) => TypedArray; // its own class
  const values = new Values(most);
  const counts = new Float64Array(most);
  let [i, j, count] = [0, 0, 0];
  while (i < left.length || j < right.length) {
    const order = i === left.length ? 1 : j === right.length ? -1 : compare(left[i], right[j]);
    values[count] = order <= 0 ? left[i] : right[j];
    if (order <= 0) counts[count] += leftCounts[i++];
    if (order >= 0) counts[count] += rightCounts[j++];
    count++;
  }
  return [values.slice(0, count), counts.slice(0, count)];
}

/** NaN last. */
function compare(a: number | bigint, b: number | bigint): number {
  if (a < b) return -1;
  if (a > b) return 1;
  return a === b ? 0 : Number(a !== a) - Number(b !== b);
}

/** Counts are int64; sums of weights float64. Of unique values: the values. */
export function countingFinish(counting: Counting, fields: readonly TypedArray[]): TypedArray {
  if (counting.kind === "unique" || counting.weights !== undefined) return fields[0];
  return BigInt64Array.from(fields[0] as Float64Array, BigInt);
}
