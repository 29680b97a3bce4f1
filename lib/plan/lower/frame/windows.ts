import { windowReach } from "../../../collections/window.ts";
import type { GatherSink } from "../../../kernels/frame/steps.ts";
import { windowSchema, type WindowColumns } from "../../../kernels/frame/windows/apply.ts";
import { runsAlong, totalsSink, type WindowParts } from "../../../kernels/frame/windows/parts.ts";
import { neededBefore } from "../../optimize/operations.ts";
import type { OutputsOf } from "../../plan.ts";
import { bytesOf, closed, framesRead, keep, overKept, type Dataset, type PlanBuilder } from "./dataset.ts";
import { inPartitions, openedRows, smallBytes } from "./exchange.ts";
import type { Lowering } from "./lower.ts";

/**
 * Few rows are gathered in one place. Many are kept in parts as they come; then each part tells what those before and behind it need to know of
 * it, and the windows of each part are computed on their own.
 */
export function windowRows(
  dataset: Dataset,
  columns: WindowColumns,
  needed: ReadonlySet<string>,
  { builder }: Lowering,
): Dataset {
  const used = columns.filter(({ name }) => needed.has(name));
  const operation = { do: "window", columns: used } as const;
  const before = neededBefore(operation, needed);
  const gathered = dataset.schema.filter(({ name }) => before.has(name));
  const names = gathered.map(({ name }) => name);
  const schema = windowSchema(gathered, used);
  if (bytesOf(gathered, dataset.rows, dataset.textBytes) > smallBytes(builder.taskBytes) && used.length > 0)
    return inParts(builder, dataset, used, names);
  return {
    ...dataset,
    schema,
    end: { sink: { to: "collect", columns: names }, schema: dataset.schema, after: [operation] },
  };
}

function inParts(builder: PlanBuilder, dataset: Dataset, columns: WindowColumns, names: readonly string[]): Dataset {
  const opened = openedRows(builder, dataset);
  const kept = keep(builder, opened, "rows", names);
  const tasks = { kind: "outputs", ...kept } as const;
  const rows = overKept(opened, tasks, names);
  const { schema, textBytes } = rows;
  builder.note(
    `windows: rows stay in their parts, which tell each other what they come to and which rows lie at their ends (${inPartitions(rows, kept.count)})`,
  );
  const tell = (name: string, sink: GatherSink): OutputsOf => {
    const { stage } = closed(rows, builder.idFor(name), sink, () => ({ kind: "keep" }));
    builder.stages.push(stage);
    return { stage: stage.id, count: kept.count };
  };
  const reaches = columns.filter((column) => !runsAlong(column)).map(({ value }) => windowReach(value));
  const reach = {
    before: Math.max(0, ...reaches.map(({ before }) => before)),
    behind: Math.max(0, ...reaches.map(({ behind }) => behind)),
  };
  const totals = columns.some(runsAlong) ? tell("totals", totalsSink(columns)) : undefined;
  const lastRows =
    reach.before > 0
      ? tell("last", { to: "collect", columns: names, limit: reach.before, pick: { by: "last" } })
      : undefined;
  const firstRows =
    reach.behind > 0 ? tell("first", { to: "collect", columns: names, limit: reach.behind }) : undefined;
  const make: WindowParts = {
    do: "windows",
    schema,
    columns,
    ...(totals === undefined ? {} : { totals: totals.stage }),
    ...(lastRows === undefined ? {} : { lastRows: lastRows.stage }),
    ...(firstRows === undefined ? {} : { firstRows: firstRows.stage }),
  };
  const made = windowSchema(schema, columns);
  return {
    read: {
      ...framesRead(made, tasks, rows.rows, textBytes, 4),
      whole: { make, then: [] },
      beside: [totals, lastRows, firstRows].filter((stage) => stage !== undefined),
    },
    steps: [],
    schema: made,
    rows: rows.rows,
    textBytes,
  };
}
