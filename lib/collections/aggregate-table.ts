import { ANY, NUMBER, optional, wordParam, type ParamSpec } from "./functions/spec.ts";
import type { ScalarType } from "./schema.ts";

/**
 * What an aggregate takes and gives. An entry here is all that types, JSON, printing and the command line know of it; its state stands in
 * kernels/frame/aggregates.
 */
export interface AggregateSpec {
  /** How many expressions it takes. */
  readonly inputs: 0 | 1 | 2;
  readonly takes: readonly ScalarType[];
  /** Constants beside the expressions, in the order in which they are written. */
  readonly params?: readonly ParamSpec[];
  /** Of the (first) input's type; float64 for the null literal. */
  result(type: ScalarType): ScalarType;
  /** Whether states hold all values of a group, so that they merge in no less room than the rows take: all rows of a group are made to meet. */
  readonly holistic?: true;
  /** What a state takes for each value it has taken in, in bytes, where it keeps values. Sorting and encoding are counted. */
  readonly valueBytes?: number;
}

const integer = (): ScalarType => "int64";
const float = (): ScalarType => "float64";
const bool = (): ScalarType => "bool";
const same = (type: ScalarType): ScalarType => type;

/** How the value between two ranks is found. */
export const INTERPOLATIONS = ["linear", "lower", "higher", "midpoint", "nearest"] as const;
export type Interpolation = (typeof INTERPOLATIONS)[number];

function numberParam(name: string, expected: string, fits: (value: number) => boolean): ParamSpec {
  return { name, check: (value) => (typeof value === "number" && fits(value) ? undefined : expected) };
}

const fraction = numberParam("q", "a number from 0 to 1", (q) => q >= 0 && q <= 1);
const rank = numberParam("n", "a whole number from 1 to 100", (n) => Number.isInteger(n) && n >= 1 && n <= 100);
const freedom = optional(numberParam("ddof", "a number of at least 0", (n) => Number.isFinite(n) && n >= 0));
const relativeError = optional(numberParam("error", "a number from 0.0001 to 0.5", (e) => e >= 1e-4 && e <= 0.5));

const TABLE = {
  sum: { inputs: 1, takes: NUMBER, result: (type: ScalarType) => (type === "float64" ? "float64" : "int64") },
  mean: { inputs: 1, takes: NUMBER, result: float },
  min: { inputs: 1, takes: ANY, result: same },
  max: { inputs: 1, takes: ANY, result: same },
  count: { inputs: 1, takes: ANY, result: integer },
  size: { inputs: 0, takes: [], result: integer },
  var: { inputs: 1, takes: NUMBER, params: [freedom], result: float },
  std: { inputs: 1, takes: NUMBER, params: [freedom], result: float },
  sem: { inputs: 1, takes: NUMBER, params: [freedom], result: float },
  cov: { inputs: 2, takes: NUMBER, params: [freedom], result: float },
  corr: { inputs: 2, takes: NUMBER, result: float },
  nthLargest: { inputs: 1, takes: NUMBER, params: [rank], result: float },
  nthSmallest: { inputs: 1, takes: NUMBER, params: [rank], result: float },
  first: { inputs: 1, takes: ANY, result: same },
  last: { inputs: 1, takes: ANY, result: same },
  any: { inputs: 1, takes: NUMBER, result: bool },
  all: { inputs: 1, takes: NUMBER, result: bool },
  median: { inputs: 1, takes: NUMBER, result: float, holistic: true, valueBytes: 40 },
  quantile: {
    inputs: 1,
    takes: NUMBER,
    params: [fraction, optional(wordParam("interpolation", INTERPOLATIONS))],
    result: float,
    holistic: true,
    valueBytes: 40,
  },
  nunique: { inputs: 1, takes: ANY, result: integer, valueBytes: 64 },
  mode: { inputs: 1, takes: ANY, result: same, valueBytes: 64 },
  nuniqueApprox: { inputs: 1, takes: ANY, result: integer },
  quantileApprox: { inputs: 1, takes: NUMBER, params: [fraction, relativeError], result: float },
} as const satisfies Readonly<Record<string, AggregateSpec>>;

export type AggregateKind = keyof typeof TABLE;

/** All aggregates by name. */
export const AGGREGATES: Readonly<Record<AggregateKind, AggregateSpec>> = TABLE;
export const AGGREGATE_NAMES = Object.keys(TABLE) as readonly AggregateKind[]; // the keys of the table are its names

export function isAggregate(name: string): name is AggregateKind {
  return Object.hasOwn(TABLE, name);
}
