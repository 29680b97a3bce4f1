import { AGGREGATES } from "../../../collections/aggregate-table.ts";
import type { GroupSink, SortKey } from "../../../kernels/frame/steps.ts";
import { groupSchema } from "../../../kernels/frame/group.ts";
import { estimateGroups, newAmong } from "./cardinality.ts";
import { bytesOf, enlarged, type Dataset } from "./dataset.ts";
import {
  exchange,
  exchangeByRange,
  inPartitions,
  overSections,
  partitionsFor,
  rereadable,
  sectionsOf,
  smallBytes,
} from "./exchange.ts";
import type { Lowering } from "./lower.ts";
import { taskCount } from "../../rules.ts";
import type { Schema } from "../../../collections/schema.ts";
import type { Whole } from "../../../kernels/frame/whole.ts";
import { sortRows } from "./order.ts";
import { columnsTaken } from "../../optimize/operations.ts";

/** From so many groups on their states are merged in partitions: one merge after the other would take too long. */
const MANY_GROUPS = 500_000;
/** What the state of an aggregate takes. */
const STATE_BYTES = 24;
/** Where a task has more new groups to a row than this, rows are sent in place of states: making those would cost more than it saves. */
const MOST_NEW = 0.5;

/** Few groups fold into one partial. Many go to ranges of their keys, so that each is finished on its own, and the whole is sorted by key as ever. */
export async function groupRows(dataset: Dataset, sink: GroupSink, lowering: Lowering): Promise<Dataset> {
  const { builder } = lowering;
  const schema = groupSchema(sink, dataset.schema);
  if (sink.keys.length > 0 && sink.aggregates.some(({ value }) => AGGREGATES[value.kind].holistic))
    return wholeGroups(dataset, sink, lowering);
  const estimate = sink.keys.length === 0 ? { groups: 1 } : await estimateGroups(dataset, sink.keys, lowering);
  const { groups } = estimate;
  const keyBytes = bytesOf(schema.slice(0, sink.keys.length), groups, dataset.textBytes);
  const bytes = keyBytes + groups * STATE_BYTES * sink.aggregates.length;
  const end = { sink, schema: dataset.schema, after: [] };
  // Without keys there is one group, which no exchange would part; of no rows it would make one a partition.
  const isFolded = sink.keys.length === 0 || (groups < MANY_GROUPS && bytes <= smallBytes(builder.taskBytes));
  if (isFolded) return { ...enlarged(builder, dataset, sink, groups), schema, rows: groups, end };
  const rowsATask = Math.ceil(dataset.rows / taskCount(dataset.read.tasks));
  if ((newAmong(rowsATask, estimate) ?? 0) > MOST_NEW) {
    const why = `about ${groups} groups of ${dataset.rows} rows, few rows of one in any task: rows meet, and are sorted by key`;
    return rowsMet(dataset, sink, lowering, { make: "groupRows", why, groups });
  }
  const partitions = partitionsFor(bytes, builder.taskBytes);
  builder.note(
    `group by ${sink.keys.join(", ")}: about ${groups} groups, whose states meet in partitions (${inPartitions({ ...dataset, schema, rows: groups }, partitions)})`,
  );
  const keys = sink.keys.map(ascending);
  if (dataset.read.whole !== undefined) {
    // What a run makes first would have to be kept to be sampled: its groups meet by hash, and are put in order then.
    const sent = exchange(builder, dataset, "exchange", sink, { do: "hash", keys: sink.keys }, partitions);
    const whole = { make: { do: "groups" as const, sink, schema: dataset.schema }, then: [] };
    const met = overSections(dataset, sectionsOf(sent, partitions), whole, schema, groups);
    return sortRows(met, keys, new Set(schema.map(({ name }) => name)), lowering);
  }
  const source = rereadable(builder, dataset, [...columnsTaken(sink)]);
  const sent = exchangeByRange(builder, source, keys, sink, { partitions, positions: false });
  const whole = { make: { do: "groups" as const, sink, schema: source.schema }, then: [] };
  return overSections(source, sectionsOf(sent, partitions), whole, schema, groups);
}

/** All rows of a group meet, in one place where they are few. */
function wholeGroups(dataset: Dataset, sink: GroupSink, lowering: Lowering): Dataset {
  const schema = groupSchema(sink, dataset.schema);
  const rowsSchema = rowsTaken(dataset, sink);
  const bytes = bytesOf(rowsSchema, dataset.rows, dataset.textBytes);
  if (bytes > smallBytes(lowering.builder.taskBytes))
    return rowsMet(dataset, sink, lowering, { make: "rows", why: "all rows of a group meet", groups: dataset.rows });
  const gather = { to: "collect" as const, columns: rowsSchema.map(({ name }) => name) };
  const end = { sink: gather, schema: dataset.schema, after: [{ do: "group" as const, sink }] };
  return { ...dataset, schema, end };
}

/** Rows go to ranges of their keys, and each partition is grouped on its own: by a table of groups, or by sorting where most rows are groups. */
function rowsMet(
  dataset: Dataset,
  sink: GroupSink,
  { builder }: Lowering,
  { make, why, groups }: { readonly make: "rows" | "groupRows"; readonly why: string; readonly groups: number },
): Dataset {
  const rowsSchema = rowsTaken(dataset, sink);
  const columns = rowsSchema.map(({ name }) => name);
  // Sorting holds words, an order and states beside the rows: about as much again.
  const copies = make === "groupRows" ? 2 : 1;
  const bytes = copies * bytesOf(rowsSchema, dataset.rows, dataset.textBytes);
  const partitions = partitionsFor(bytes, builder.taskBytes);
  const size = inPartitions({ ...dataset, schema: rowsSchema }, partitions);
  builder.note(`group by ${sink.keys.join(", ")}: ${why} (${size})`);
  const source = rereadable(builder, dataset, columns);
  const gather = { to: "collect" as const, columns };
  const sent = exchangeByRange(builder, source, sink.keys.map(ascending), gather, { partitions, positions: false });
  const whole: Whole =
    make === "rows"
      ? { make: { do: "rows", schema: rowsSchema }, then: [{ do: "group", sink }] }
      : { make: { do: "groupRows", sink, schema: rowsSchema }, then: [] };
  return overSections(source, sectionsOf(sent, partitions), whole, groupSchema(sink, dataset.schema), groups);
}

/** The columns that a group by takes. */
function rowsTaken(dataset: Dataset, sink: GroupSink): Schema {
  const taken = columnsTaken(sink);
  return dataset.schema.filter(({ name }) => taken.has(name));
}

function ascending(column: string): SortKey {
  return { column, descending: false, nulls: "last" };
}
