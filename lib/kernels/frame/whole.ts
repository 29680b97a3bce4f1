/** What a task does with all rows of its input at once, before its steps: a partition of an exchange is small enough to lie in memory whole. */
import type { Schema } from "../../collections/schema.ts";
import type { Ref } from "../../plan/plan.ts";
import type { TaskContext } from "../kernel.ts";
import { applyAfter } from "./after.ts";
import { concatenate } from "./collect.ts";
import type { Batch } from "./column.ts";
import { decodeFrame, type Frame } from "./encode.ts";
import { GroupState } from "./group.ts";
import { sortedGroups } from "./groups/sorted-groups.ts";
import { joinFrames } from "./join.ts";
import type { GroupSink, JoinSpec, Operation } from "./steps.ts";
import { windowPart, type WindowParts } from "./windows/parts.ts";

export interface Whole {
  readonly make:
    /** All rows in the order of the producers. */
    | { readonly do: "rows"; readonly schema: Schema }
    /** The groups of which the sections hold states; `schema`: the columns that were grouped. */
    | { readonly do: "groups"; readonly sink: GroupSink; readonly schema: Schema }
    /** The groups of the rows, which have these columns, in the order of the producers. */
    | { readonly do: "groupRows"; readonly sink: GroupSink; readonly schema: Schema }
    /** The rows of stage `probe` joined to those of the other. `schema`: what comes out. */
    | {
        readonly do: "join";
        readonly join: JoinSpec;
        readonly probe: string;
        readonly rows: Schema;
        readonly schema: Schema;
      }
    /** The rows of a part with columns by window functions. */
    | WindowParts;
  /** What is done to these rows then. */
  readonly then: readonly Operation[];
}

/** The rows of a partition, made whole; answers also how many rows were read. `mayRepeat`: where a string may have several codes in what comes out. */
export async function wholeFrame(
  { make, then }: Whole,
  refs: readonly Ref[],
  context: TaskContext,
  mayRepeat = false,
): Promise<{ frame: Frame; recordsIn: number }> {
  if (make.do === "groups") {
    const state = new GroupState(make.sink, make.schema);
    let recordsIn = 0;
    for (const ref of refs) recordsIn += state.absorbEncoded(await context.fetch(ref));
    return { frame: applyAfter(state.finish(), then), recordsIn };
  }
  if (make.do === "groupRows") {
    const rows = await rowsOf(make.schema, refs, context);
    return { frame: applyAfter(sortedGroups(make.sink, rows), then), recordsIn: rows.batch.rows };
  }
  if (make.do === "rows") {
    const keys = mayRepeat ? sortKeys(then) : undefined;
    const frame = await rowsOf(make.schema, refs, context, (name) => keys?.has(name) === false);
    return { frame: applyAfter(frame, then), recordsIn: frame.batch.rows };
  }
  if (make.do === "windows") {
    const frame = await windowPart(await rowsOf(make.schema, refs, context), make, context);
    return { frame: applyAfter(frame, then), recordsIn: frame.batch.rows };
  }
  const isFree = mayRepeat && then.length === 0;
  const probe = await rowsOf(
    make.rows,
    refs.filter((ref) => ref.stage === make.probe),
    context,
    (name) => isFree && !make.join.probeKeys.includes(name),
  );
  const table = await rowsOf(
    make.join.table,
    refs.filter((ref) => ref.stage !== make.probe),
    context,
    (name) => isFree && !make.join.tableKeys.includes(name),
  );
  const frame = joinFrames(make.join, make.schema, probe, table, isFree);
  return { frame: applyAfter(frame, then), recordsIn: probe.batch.rows + table.batch.rows };
}

/** The columns that sorting compares; undefined where more than that is done. */
function sortKeys(operations: readonly Operation[]): ReadonlySet<string> | undefined {
  const keys = new Set<string>();
  for (const operation of operations) {
    if (operation.do !== "sort") return undefined;
    for (const { column } of operation.keys) keys.add(column);
  }
  return keys;
}

async function rowsOf(
  schema: Schema,
  refs: readonly Ref[],
  context: TaskContext,
  mayRepeat?: (name: string) => boolean,
): Promise<Frame> {
  const pieces: Batch[] = [];
  for (const ref of refs) {
    const { batch } = decodeFrame(await context.fetch(ref));
    if (batch.rows > 0) pieces.push(batch);
  }
  return concatenate(schema, pieces, mayRepeat);
}
