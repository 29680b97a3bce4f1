/**
 * Columns over partitions of rows: SQL's window functions. Rows are put in the order of partition and order once; each function goes along them,
 * and writes to the places where rows stand in the frame.
 */
import {
  overSchema,
  type OverBound,
  type OverFunction,
  type OverSpec,
} from "../../../collections/dataframe/over-nodes.ts";
import { InternalError } from "../../../errors.ts";
import { columnOf, lengthOf, type Batch, type Column } from "../column.ts";
import type { Frame } from "../encode.ts";
import { sortedRows } from "../sort.ts";
import { accumulatorOf } from "./accumulators.ts";
import { gatheredOrNull } from "./shift.ts";

/** Rows in order, and for each place in that order the range [start, end) of its partition, and of those that the order does not part from it. */
interface Ordered {
  readonly rows: Int32Array;
  readonly part: Ranges;
  readonly peers: Ranges;
}

interface Ranges {
  readonly start: Int32Array;
  readonly end: Int32Array;
}

/** The frame, which is all rows of its partitions, with the columns added. */
export function applyOver({ schema, batch }: Frame, spec: OverSpec): Frame {
  const ordered = orderedBy(batch, spec);
  const added = spec.columns.map(({ name, value }): [string, Column] => [name, valuesOf(value, batch, ordered)]);
  return {
    schema: overSchema(spec, schema),
    batch: { rows: batch.rows, columns: new Map([...batch.columns, ...added]) },
  };
}

function orderedBy(batch: Batch, { partitionBy, orderBy }: OverSpec): Ordered {
  const keys = partitionBy.map((column) => ({ column, descending: false, nulls: "last" }) as const);
  const rows = sortedRows(batch, [...keys, ...orderBy]);
  const part = rangesOf(batch, rows, partitionBy);
  const peers =
    orderBy.length === 0 ? part : rangesOf(batch, rows, [...partitionBy, ...orderBy.map(({ column }) => column)]);
  return { rows, part, peers };
}

/** Runs of rows that are equal in some columns. */
function rangesOf(batch: Batch, rows: Int32Array, names: readonly string[]): Ranges {
  const n = rows.length;
  const start = new Int32Array(n);
  const end = new Int32Array(n);
  const tests = names.map((name) => equalityOf(columnOf(batch, name)));
  for (let from = 0; from < n;) {
    let to = from + 1;
    while (to < n && tests.every((equal) => equal(rows[to - 1], rows[to]))) to++;
    start.fill(from, from, to);
    end.fill(to, from, to);
    from = to;
  }
  return { start, end };
}

/** Whether two rows have one value; nulls and NaN are equal to each other. */
function equalityOf(column: Column): (a: number, b: number) => boolean {
  if (column.type === "string") return (a, b) => column.codes[a] === column.codes[b];
  const { values, valid } = column;
  const isMissing = (i: number) => valid?.[i] === 0 || values[i] !== values[i];
  return (a, b) => (isMissing(a) || isMissing(b) ? isMissing(a) && isMissing(b) : values[a] === values[b]);
}

function valuesOf(value: OverFunction, batch: Batch, ordered: Ordered): Column {
  switch (value.do) {
    case "lag":
      return lagged(columnOf(batch, value.column), value.rows, ordered);
    case "rowNumber":
    case "rank":
    case "denseRank":
    case "percentRank":
    case "cumeDist":
      return ranked(value.do, ordered);
    case "first":
    case "last":
      return atEdge(columnOf(batch, value.column), value, ordered);
    default:
      return accumulated(columnOf(batch, value.column), value, ordered);
  }
}

function ranked(
  kind: "rowNumber" | "rank" | "denseRank" | "percentRank" | "cumeDist",
  { rows, part, peers }: Ordered,
): Column {
  const out = new Float64Array(rows.length);
  let dense = 0;
  for (let i = 0; i < rows.length; i++) {
    const from = part.start[i];
    const size = part.end[i] - from;
    if (i === from) dense = 0;
    if (i === peers.start[i]) dense++;
    const before = peers.start[i] - from;
    if (kind === "rowNumber") out[rows[i]] = i - from + 1;
    else if (kind === "rank") out[rows[i]] = before + 1;
    else if (kind === "denseRank") out[rows[i]] = dense;
    else if (kind === "percentRank") out[rows[i]] = size === 1 ? 0 : before / (size - 1);
    else out[rows[i]] = (peers.end[i] - from) / size;
  }
  return { type: kind === "percentRank" || kind === "cumeDist" ? "float64" : "int64", values: out };
}

function lagged(column: Column, distance: number, { rows, part }: Ordered): Column {
  const from = new Int32Array(rows.length).fill(-1);
  for (let i = 0; i < rows.length; i++) {
    const at = i - distance;
    if (at >= part.start[i] && at < part.end[i]) from[rows[i]] = rows[at];
  }
  return gatheredOrNull(column, from);
}

type Framed = Extract<OverFunction, { readonly from: OverBound }>;

/** The range of places that a function looks at from each; empty where end ≤ start. */
function frameOf({ from, to }: Framed, { part, peers }: Ordered) {
  return {
    start(i: number): number {
      if (typeof from === "number") return Math.min(part.end[i], Math.max(part.start[i], i + from));
      return (from === "peers" ? peers : part).start[i];
    },
    end(i: number): number {
      if (typeof to === "number") return Math.max(part.start[i], Math.min(part.end[i], i + to + 1));
      return (to === "peers" ? peers : part).end[i];
    },
  };
}

function atEdge(column: Column, framed: Framed, ordered: Ordered): Column {
  const { rows } = ordered;
  const { start, end } = frameOf(framed, ordered);
  const from = new Int32Array(rows.length).fill(-1);
  for (let i = 0; i < rows.length; i++)
    if (end(i) > start(i)) from[rows[i]] = rows[framed.do === "first" ? start(i) : end(i) - 1];
  return gatheredOrNull(column, from);
}

/** Each row is taken in once where the frame has all rows on one side; otherwise each frame anew. */
function accumulated(column: Column, framed: Framed, ordered: Ordered): Column {
  if (framed.do === "first" || framed.do === "last") throw new InternalError(`${framed.do} is no sum.`);
  const { rows, part } = ordered;
  const { start, end } = frameOf(framed, ordered);
  const state = accumulatorOf(framed.do, column, lengthOf(column));
  const n = rows.length;
  if (framed.from === "unbounded") {
    for (let i = 0, at = 0; i < n; i++) {
      if (i === part.start[i]) {
        state.clear();
        at = i;
      }
      for (const to = end(i); at < to; at++) state.add(rows[at]);
      state.tell(rows[i]);
    }
  } else if (framed.to === "unbounded") {
    for (let i = n - 1, at = n; i >= 0; i--) {
      if (i === part.end[i] - 1) {
        state.clear();
        at = i + 1;
      }
      for (const from = start(i); at > from; at--) state.add(rows[at - 1]);
      state.tell(rows[i]);
    }
  } else {
    for (let i = 0; i < n; i++) {
      state.clear();
      for (let at = start(i); at < end(i); at++) state.add(rows[at]);
      state.tell(rows[i]);
    }
  }
  return state.column();
}
