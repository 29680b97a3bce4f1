import type { AggregateKind, AggregateNode } from "../../../collections/aggregate.ts";
import type { ScalarType } from "../../../collections/schema.ts";
import type { StateRows } from "../groups/state-rows.ts";
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
  make(type: ScalarType, node: AggregateNode, rows: StateRows): Aggregator;
}

const count: Entry = { state: "count", make: (_type, _node, rows) => new Count(rows) };
const moments: Entry = { state: "moments", make: (_type, _node, rows) => new Moments(rows) };
const comoments: Entry = { state: "comoments", make: (_type, _node, rows) => new Comoments(rows) };
const values: Entry = { state: "values", make: () => new Values() };
const distinct: Entry = { state: "distinct", make: (type) => new DistinctValues(type) };

function extreme(state: "min" | "max"): Entry {
  const sign = state === "min" ? -1 : 1;
  return {
    state,
    make: (type, _node, rows) => (type === "string" ? new TextExtreme(sign) : new NumberExtreme(sign, type, rows)),
  };
}

/** The state of each aggregate. */
const STATES: Readonly<Record<AggregateKind, Entry>> = {
  size: count,
  count,
  sum: { state: "sum", make: (type, _node, rows) => new Sum(type === "float64" ? "float64" : "int64", rows) },
  mean: { state: "mean", make: (_type, _node, rows) => new Sum("mean", rows) },
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
  nthLargest: { state: "largest", params: ["n"], make: (_, node, rows) => new Ranked(1, node, rows) },
  nthSmallest: { state: "smallest", params: ["n"], make: (_, node, rows) => new Ranked(-1, node, rows) },
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

/** The state of an aggregate over an input of the type (the first one's, where there are two). `rows`: where states of a fixed size lie, before there is any. */
export function makeAggregator(node: AggregateNode, type: ScalarType, rows: StateRows): Aggregator {
  return STATES[node.kind].make(type, node, rows);
}
