/**
 * Window functions over rows that lie in parts, one a task. What a part needs of the others was made by stages beside: of functions that run
 * along, what each part comes to (a state of aggregates without keys); of the others, each part's last and first rows.
 */
import type { AggregateNode } from "../../../collections/aggregate.ts";
import type { WindowNode } from "../../../collections/window.ts";
import { windowReach } from "../../../collections/window.ts";
import type { Schema } from "../../../collections/schema.ts";
import { OverflowError } from "../../../errors.ts";
import { besideRefs, type TaskContext } from "../../kernel.ts";
import { concatenate } from "../collect.ts";
import { columnOf, valueAt, type Batch, type Column } from "../column.ts";
import { decodeFrame, type Frame } from "../encode.ts";
import { GroupState } from "../group.ts";
import { sliceColumn } from "../slice.ts";
import type { GroupSink } from "../steps.ts";
import { applyWindows, windowSchema, type WindowColumns } from "./apply.ts";
import type { Start } from "./cumulative.ts";

export interface WindowParts {
  readonly do: "windows";
  /** The columns of the rows. */
  readonly schema: Schema;
  readonly columns: WindowColumns;
  /** The stages beside; absent where no function needs them. */
  readonly totals?: string;
  readonly lastRows?: string;
  readonly firstRows?: string;
}

/** What a part has to come to for those behind it: an aggregate for each function that runs along. */
export function totalsSink(columns: WindowColumns): GroupSink {
  const aggregates = columns.filter(runsAlong).map(({ name, value }) => ({ name, value: totalOf(value) }));
  return { to: "group", keys: [], aggregates, keepNulls: false };
}

export function runsAlong({ value }: { readonly value: WindowNode }): boolean {
  return windowReach(value).before === Infinity;
}

function totalOf({ kind, input }: WindowNode): AggregateNode {
  const kinds = { cumsum: "sum", cummin: "min", cummax: "max" } as const;
  return { kind: kind === "cumsum" || kind === "cummin" || kind === "cummax" ? kinds[kind] : "count", input };
}

/** The rows of part `context.task` with the columns added. */
export async function windowPart(rows: Frame, spec: WindowParts, context: TaskContext): Promise<Frame> {
  const { columns, schema } = spec;
  const along = applyWindows(rows, columns.filter(runsAlong), await startsOf(spec, context));
  const others = columns.filter((column) => !runsAlong(column));
  const reaches = others.map(({ value }) => windowReach(value));
  const before = await rowsBeside(spec.lastRows, -1, Math.max(0, ...reaches.map((reach) => reach.before)), context);
  const behind = await rowsBeside(spec.firstRows, 1, Math.max(0, ...reaches.map((reach) => reach.behind)), context);
  const skipped = before.reduce((sum, batch) => sum + batch.rows, 0);
  const wider = applyWindows(concatenate(schema, [...before, rows.batch, ...behind]), others);
  const end = skipped + rows.batch.rows;
  const added = columns.map((column): [string, Column] => {
    const made = columnOf(runsAlong(column) ? along.batch : wider.batch, column.name);
    return [column.name, runsAlong(column) ? made : sliceColumn(made, skipped, end)];
  });
  return {
    schema: windowSchema(schema, columns),
    batch: { rows: rows.batch.rows, columns: new Map([...rows.batch.columns, ...added]) },
  };
}

type Starts = ReadonlyMap<string, Start>;

/** What the parts before each part came to, made once a thread. By the stage's parameters, so that it goes when the stage does. */
const prefixes = new WeakMap<WindowParts, Promise<readonly Starts[]>>();

async function startsOf(spec: WindowParts, context: TaskContext): Promise<Starts> {
  if (spec.totals === undefined) return new Map();
  let starts = prefixes.get(spec);
  if (starts === undefined) {
    starts = allStarts(spec, spec.totals, context);
    prefixes.set(spec, starts);
    // The next task may have more luck.
    starts.catch(() => prefixes.delete(spec));
  }
  return (await starts)[context.task ?? 0];
}

async function allStarts({ columns, schema }: WindowParts, totals: string, context: TaskContext): Promise<Starts[]> {
  const sink = totalsSink(columns);
  const state = new GroupState(sink, schema);
  const starts: Starts[] = [new Map()];
  for (const ref of besideRefs(context, totals)) {
    // A copy, since what was fetched is shared.
    state.absorb(GroupState.decode((await context.fetch(ref)).slice(), sink, schema));
    try {
      const { batch } = state.finish();
      starts.push(new Map(sink.aggregates.map(({ name }) => [name, valueAt(columnOf(batch, name), 0)])));
    } catch (error) {
      // A sum that overflows in one part: that part fails by itself, and names the row's function.
      if (!(error instanceof OverflowError)) throw error;
      starts.push(starts[starts.length - 1]);
    }
  }
  return starts;
}

/** The rows next to this part, up to so many, of the parts before (−1) or behind it (1). In order. */
async function rowsBeside(
  stage: string | undefined,
  direction: -1 | 1,
  wanted: number,
  context: TaskContext,
): Promise<Batch[]> {
  const { task = 0 } = context;
  const found: Batch[] = [];
  if (stage === undefined) return found;
  const refs = besideRefs(context, stage);
  let missing = wanted;
  for (let at = task + direction; missing > 0 && at >= 0 && at < refs.length; at += direction) {
    const { batch } = decodeFrame(await context.fetch(refs[at]));
    const rows = Math.min(missing, batch.rows);
    const from = direction < 0 ? batch.rows - rows : 0;
    const columns = [...batch.columns].map(([name, column]): [string, Column] => [
      name,
      sliceColumn(column, from, from + rows),
    ]);
    found[direction < 0 ? "unshift" : "push"]({ rows, columns: new Map(columns) });
    missing -= rows;
  }
  return found;
}
