import type { AggregateKind, AggregateNode } from "../../../collections/aggregate.ts";
import type { ScalarType } from "../../../collections/schema.ts";
import type { Aggregator } from "./aggregator.ts";
import { Comoments } from "./comoments.ts";
import { Count } from "./count.ts";
import { DistinctValues } from "./distinct-values.ts";
import { Edge } from "./edge.ts";
import { NumberExtreme } from "./extreme.ts";
import { Moments } from "./moments.ts";
import { NuniqueApprox } from "./nunique-approx.ts";
import { QuantileApprox } from "./quantile-approx.ts";
import { Ranked } from "./ranked.ts";
import { Sum } from "./sum.ts";
import { TextExtreme } from "./text-extreme.ts";
import { Truth } from "./truth.ts";
import { Values } from "./values.ts";

interface Entry {
  /** Aggregates of the same inputs and constants whose states have one name share a state. */
  readonly state: string;
  /** Constants that the state depends on; others only choose what is read from it. */
  readonly params?: readonly string[];
  make(type: ScalarType, node: AggregateNode): Aggregator;
}

const count: Entry = { state: "count", make: () => new Count() };
const moments: Entry = { state: "moments", make: () => new Moments() };
const comoments: Entry = { state: "comoments", make: () => new Comoments() };
const values: Entry = { state: "values", make: () => new Values() };
const distinct: Entry = { state: "distinct", make: (type) => new DistinctValues(type) };

function extreme(state: "min" | "max"): Entry {
  const sign = state === "min" ? -1 : 1;
  return { state, make: (type) => (type === "string" ? new TextExtreme(sign) : new NumberExtreme(sign, type)) };
}

/** The state of each aggregate. */
const STATES: Readonly<Record<AggregateKind, Entry>> = {
  size: count,
  count,
  sum: { state: "sum", make: (type) => new Sum(type === "float64" ? "float64" : "int64") },
  mean: { state: "mean", make: () => new Sum("mean") },
  min: extreme("min"),
  max: extreme("max"),
  var: moments,
  std: moments,
  sem: moments,
  cov: comoments,
  corr: comoments,
  first: { state: "first", make: (type) => new Edge("first", type) },
  last: { state: "last", make: (type) => new Edge("last", type) },
  any: { state: "any", make: () => new Truth("any") },
  all: { state: "all", make: () => new Truth("all") },
  median: values,
  quantile: values,
  nunique: distinct,
  mode: distinct,
  nthLargest: { state: "largest", params: ["n"], make: (_, node) => new Ranked(1, node) },
  nthSmallest: { state: "smallest", params: ["n"], make: (_, node) => new Ranked(-1, node) },
  nuniqueApprox: { state: "hyperloglog", make: () => new NuniqueApprox() },
  quantileApprox: { state: "ddsketch", params: ["error"], make: (_, node) => new QuantileApprox(node) },
};

/** What aggregates that read the same state have in common. */
export function stateKey({ kind, input, other, params = {} }: AggregateNode): string {
  const entry = STATES[kind];
  return JSON.stringify([
    entry.state,
    input ?? null,
    other ?? null,
    entry.params?.map((name) => params[name] ?? null) ?? [],
  ]);
}

/** The state of an aggregate over an input of the type (the first one's, where there are two). */
export function makeAggregator(node: AggregateNode, type: ScalarType): Aggregator {
  return STATES[node.kind].make(type, node);
}
